"""ThreadManager: the thread as one run sees it, kept in step with the log, and the request made of it."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from factotum.agent.config import ProcessorConfig
from factotum.agent.ports import RunJournal
from factotum.agent.rendering import ModelMessage, order_for_run, render
from factotum.llm.port import ModelRequest
from factotum.protocol.messages import Message, ToolCallPart, ToolResultPart

_CONTINUE = "Your last message was cut off by its length limit. Go on exactly where it stopped."


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
        self._messages: list[Message] = []

    async def refresh(self) -> None:
        """Take in what was stored since the last look, by this run or by anybody else."""
        after = self._messages[-1].position if self._messages else 0
        self._messages.extend(await self._journal.messages(after))

    def request(self, *, was_cut: bool = False) -> ModelRequest:
        """Build the next request. `was_cut`: the last message hit its length limit and must be continued."""
        ordered = order_for_run(self._messages, self._run_id)
        messages = [self._system, *render(ordered, self._config.dialect)]
        if was_cut:
            messages.append({"role": "user", "content": _CONTINUE})
        return ModelRequest(
            model=self._model,
            messages=messages,
            tools=self._tools if self._config.dialect == "native" else (),
            max_output_tokens=self._config.max_output_tokens,
            first_token_deadline=self._config.first_token_deadline,
            between_tokens_deadline=self._config.between_tokens_deadline,
        )

    def unanswered(self) -> tuple[str, tuple[ToolCallPart, ...]]:
        """Return the id of this run's last assistant message, and those of its calls that have no result yet."""
        own = [message for message in self._messages if message.run_id == self._run_id]
        answered = {
            part.call_id for message in own for part in message.parts if isinstance(part, ToolResultPart)
        }
        for message in reversed(own):
            if message.role == "assistant":
                return message.id, tuple(call for call in message.calls if call.call_id not in answered)
        return "", ()
