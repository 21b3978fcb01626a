"""ThreadManager: the thread as one run sees it, kept in step with the log, and the request made of it."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile

from pydantic import JsonValue

from factotum.agent.config import ProcessorConfig
from factotum.agent.pictures import Gallery
from factotum.agent.ports import RunJournal
from factotum.agent.rendering import ModelMessage, order_for_run, why_cut
from factotum.agent.transcript import Count, Transcript, bytes_of, tokens_of
from factotum.llm.port import ModelRequest
from factotum.llm.ready import ReadyMessage
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
        self._system: ModelMessage = ReadyMessage({"role": "system", "content": system})
        self._tools = tools if config.native else ()
        self._config = config
        self._log: list[Message] = []
        self._joined = Joined()
        self._ordered: list[Message] = []
        self._own = Joined()
        """This run's messages that somebody spoke."""
        self._fixed_bytes: int | None = None
        self._fixed_tokens: int | None = None
        self.transcript = Transcript(config)
        self._gallery = Gallery(journal, shows=config.vision)

    @property
    def position(self) -> int:
        """Where the log stands."""
        return self._log[-1].position if self._log else 0

    async def refresh(self) -> None:
        """Take in what was stored since the last look, by this run or by anybody else."""
        fresh = await self._journal.messages(self.position)
        own = [message for message in fresh if message.run_id == self._run_id]
        whole = len(self._joined.messages) + len(fresh)
        self._log.extend(fresh)
        self._joined.extend(fresh)
        self._own.extend(message for message in own if not message.is_about_context)
        if len(own) == len(fresh) and len(self._joined.messages) == whole:
            self._ordered.extend(fresh)  # What a run says comes after all that it reads.
        else:
            self._ordered = order_for_run(self._joined.messages, self._run_id)
        self.transcript.update(self._ordered)
        await self._gallery.load(fresh, self.transcript.messages)

    def fixed_bytes(self) -> int:
        """Return the bytes of what comes before the messages: the system prompt and the tools."""
        if self._fixed_bytes is None:
            self._fixed_bytes = bytes_of([self._system, *self._tools])
        return self._fixed_bytes

    def fixed_tokens(self, count: Count) -> int:
        """Return the tokens of the same, counted once."""
        if self._fixed_tokens is None:
            self._fixed_tokens = tokens_of([self._system, *self._tools], count)
        return self._fixed_tokens

    def request(self) -> ModelRequest:
        """Build the next request."""
        return ModelRequest(
            model=self._model,
            messages=[self._system, *self._gallery.hung(self.transcript.messages())],
            tools=self._tools,
            max_output_tokens=self._config.max_output_tokens,
            first_token_deadline=self._config.first_token_deadline,
            between_tokens_deadline=self._config.between_tokens_deadline,
            fallbacks=self._config.fallback_models,
            effort=self._config.effort,
            cache_key=self._config.cache_key,
        )

    def unanswered(self) -> tuple[str, tuple[ToolCallPart, ...]]:
        """Return the id of this run's last assistant message, and its calls that have no result yet."""
        answered: set[str] = set()
        for message in self.newest_first():
            if message.role == "assistant":
                return message.id, tuple(call for call in message.calls if call.call_id not in answered)
            answered.update(part.call_id for part in message.parts if isinstance(part, ToolResultPart))
        return "", ()

    def answer(self) -> Message | None:
        """Return this run's last message, if it is the model's and calls no tool."""
        last = next(self.newest_first(), None)
        return last if last and last.role == "assistant" and not last.calls else None

    def cuts_in_a_row(self) -> int:
        """Return how often the length limit has cut this run's last answer, over all its messages."""
        own = takewhile(lambda message: why_cut(message) == "length", self.newest_first())
        texts = (part for message in own for part in message.parts if isinstance(part, TextPart))
        return sum(len(part.seams) + bool(part.cut) for part in texts)

    def continues_left(self) -> int:
        """Return how often an answer may still be gone on with that the length limit cuts."""
        return max(self._config.native_max_auto_continues - self.cuts_in_a_row(), 0)

    def newest_first(self) -> Iterator[Message]:
        """Yield this run's messages from the last one back."""
        return reversed(self._own.messages)

    def last_step(self) -> list[Message]:
        """Return what this run stored from its last response on; without one, all that it has."""
        own = [message for message in self._log if message.run_id == self._run_id]
        first = last_response(own)
        return own if first is None else own[first:]

    def last_said(self) -> str | None:
        """Return the id of this run's last message of the model, if there is one."""
        return next(
            (message.id for message in reversed(self.last_step()) if message.role == "assistant"), None
        )
