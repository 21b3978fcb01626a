"""Logs to try the context window on."""

from itertools import count

from factotum.core.clock import now
from factotum.core.ids import derived_id, new_id
from factotum.protocol.messages import Message, Part, Role, TextPart, ToolCallPart, ToolResultPart


class Log:
    """Makes messages of one run with dense positions. Their ids follow from their places."""

    def __init__(self) -> None:
        self.run = new_id()
        self._positions = count(1)

    def __call__(self, role: Role, *parts: Part | str, run: str | None = None) -> Message:
        position = next(self._positions)
        return Message(
            id=derived_id("log", position),
            thread_id="thread",
            run_id=run or self.run,
            position=position,
            role=role,
            parts=tuple(TextPart(text=part) if isinstance(part, str) else part for part in parts),
            created_at=now(),
        )


def result(call_id: str, output: str) -> ToolResultPart:
    """A result of `look`."""
    return ToolResultPart(call_id=call_id, name="look", output=output)


def step(log: Log, call_id: str, output: str) -> list[Message]:
    """One step of the model's: a call and its result."""
    call = ToolCallPart(call_id=call_id, name="look", arguments={"text": "a"})
    return [log("assistant", "Looking.", call), log("tool", result(call_id, output))]
