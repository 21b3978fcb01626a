"""ThreadManager: the thread as one run sees it, kept in step with the log, and the request made of it."""

from collections.abc import Mapping, Sequence
from itertools import takewhile

from pydantic import JsonValue

from factotum.agent.config import ProcessorConfig
from factotum.agent.ports import RunJournal
from factotum.agent.rendering import ModelMessage, order_for_run, render, why_cut
from factotum.llm.port import ModelRequest
from factotum.protocol.messages import Message, TextPart, ToolCallPart, ToolResultPart
from factotum.protocol.pieces import Joined, last_response


class ThreadManager:
    """Reads the log and builds model requests whose prefix only ever grows: system, tools, messages."""

    def __init__(
        self,
        journal: RunJournal,
        *,
        run_id: str,
        model: str,
        system: str,
        tools: Sequence[Mapping[str, JsonValue]],
        config: ProcessorConfig,
    ) -> None:
        self._journal = journal
        self._run_id = run_id
        self._model = model
        self._system: ModelMessage = {"role": "system", "content": system}
        self._tools = tools
        self._config = config
        self._log: list[Message] = []
        self._joined = Joined()

    async def refresh(self) -> None:
        """Take in what was stored since the last look, by this run or by anybody else."""
        fresh = await self._journal.messages(self._log[-1].position if self._log else 0)
        self._log.extend(fresh)
        self._joined.extend(fresh)

    def request(self) -> ModelRequest:
        """Build the next request."""
        ordered = order_for_run(self._joined.messages, self._run_id)
        return ModelRequest(
            model=self._model,
            messages=[self._system, *render(ordered, self._config)],
            tools=self._tools if self._config.native else (),
            max_output_tokens=self._config.max_output_tokens,
            first_token_deadline=self._config.first_token_deadline,
            between_tokens_deadline=self._config.between_tokens_deadline,
            fallbacks=self._config.fallback_models,
            effort=self._config.effort,
            cache_key=self._config.cache_key,
        )

    def unanswered(self) -> tuple[str, tuple[ToolCallPart, ...]]:
        """Return the id of this run's last assistant message, and its calls that have no result yet."""
        own = self._own()
        answered = {
            part.call_id for message in own for part in message.parts if isinstance(part, ToolResultPart)
        }
        for message in reversed(own):
            if message.role == "assistant":
                return message.id, tuple(call for call in message.calls if call.call_id not in answered)
        return "", ()

    def answer(self) -> Message | None:
        """Return this run's last message, if it is the model's and calls no tool."""
        last = self._own()[-1:]
        return last[0] if last and last[0].role == "assistant" and not last[0].calls else None

    def cuts_in_a_row(self) -> int:
        """Return how often the length limit has cut this run's last answer, over all its messages."""
        own = takewhile(lambda message: why_cut(message) == "length", reversed(self._own()))
        texts = (part for message in own for part in message.parts if isinstance(part, TextPart))
        return sum(len(part.seams) + bool(part.cut) for part in texts)

    def continues_left(self) -> int:
        """Return how often an answer may still be gone on with that the length limit cuts."""
        return max(self._config.native_max_auto_continues - self.cuts_in_a_row(), 0)

    def last_step(self) -> list[Message]:
        """Return what this run stored from its last response on, piece by piece."""
        own = [message for message in self._log if message.run_id == self._run_id]
        first = last_response(own)
        return [] if first is None else own[first:]

    def last_said(self) -> str | None:
        """Return the id of this run's last message of the model, if there is one."""
        return next(
            (message.id for message in reversed(self.last_step()) if message.role == "assistant"), None
        )

    def _own(self) -> list[Message]:
        return [message for message in self._joined.messages if message.run_id == self._run_id]
