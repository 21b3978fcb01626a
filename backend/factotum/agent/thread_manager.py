"""ThreadManager: the thread as one run sees it, kept in step with the log, and the request made of it."""

from collections.abc import Mapping, Sequence
from itertools import takewhile

from pydantic import JsonValue

from factotum.agent.config import ProcessorConfig
from factotum.agent.ports import RunJournal
from factotum.agent.rendering import ModelMessage, Rendered, order_for_run, render, why_cut
from factotum.llm.port import ModelRequest
from factotum.llm.ready import ReadyMessage
from factotum.protocol.messages import Message, ToolCallPart, ToolResultPart


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
        self._system: ModelMessage = ReadyMessage({"role": "system", "content": system})
        self._tools = tools
        self._config = config
        self._messages: list[Message] = []
        self._rendered = Rendered(config.dialect)

    async def refresh(self) -> None:
        """Take in what was stored since the last look, by this run or by anybody else."""
        after = self._messages[-1].position if self._messages else 0
        self._messages.extend(await self._journal.messages(after))

    def request(self) -> ModelRequest:
        """Build the next request."""
        ordered = order_for_run(self._messages, self._run_id)
        return ModelRequest(
            model=self._model,
            messages=[self._system, *render(ordered, self._config.dialect, self._rendered)],
            tools=self._tools if self._config.dialect == "native" else (),
            max_output_tokens=self._config.max_output_tokens,
            first_token_deadline=self._config.first_token_deadline,
            between_tokens_deadline=self._config.between_tokens_deadline,
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

    def cut_in_a_row(self) -> int:
        """Return how many of this run's last messages the length limit cut."""
        return len(list(takewhile(lambda message: why_cut(message) == "length", reversed(self._own()))))

    def last_step(self) -> list[Message]:
        """Return what this run stored after its last assistant message; nothing: that message."""
        own = self._own()
        last = max((n for n, message in enumerate(own) if message.role == "assistant"), default=len(own))
        return own[last + 1 :] or own[last:]

    def _own(self) -> list[Message]:
        return [message for message in self._messages if message.run_id == self._run_id]
