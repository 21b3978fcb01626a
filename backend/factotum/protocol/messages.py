"""Messages and their parts: the log of these, in Postgres, is the state of every thread."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from factotum.core.frozen import Frozen
from factotum.protocol.dialect import Dialect

Outcome = Literal["ok", "error", "unknown", "stopped"]
"""How a tool call ended. `unknown`: an unsafe action was interrupted and may or may not have happened."""


def _is_none(value: object) -> bool:
    return value is None


class TextPart(Frozen):
    """Prose, in the order the model wrote it. `cut`: why the provider ended the message early, if it did."""

    type: Literal["text"] = "text"
    text: str
    cut: Literal["length", "content_filter"] | None = Field(default=None, exclude_if=_is_none)


class ReasoningPart(Frozen):
    """The model's reasoning, apart from the answer; `signed` is the provider's own block, handed back."""

    type: Literal["reasoning"] = "reasoning"
    text: str
    signed: dict[str, JsonValue] | None = None


class ToolCallPart(Frozen):
    """One complete or broken call. `raw` is the text as the model wrote it, for the XML dialects.

    `fault` says why a call cannot run (unreadable arguments, cut off); then `arguments` may be empty.
    """

    type: Literal["tool_call"] = "tool_call"
    call_id: str
    name: str
    arguments: dict[str, JsonValue] = Field(default_factory=dict)
    dialect: Dialect = "native"
    raw: str = ""
    fault: str | None = None


class ToolResultPart(Frozen):
    """What a call gave back, as the model reads it."""

    type: Literal["tool_result"] = "tool_result"
    call_id: str
    name: str
    output: str
    outcome: Outcome = "ok"


Part = Annotated[TextPart | ReasoningPart | ToolCallPart | ToolResultPart, Field(discriminator="type")]
Role = Literal["user", "assistant", "tool"]


class Message(Frozen):
    """One entry of a thread's log. `position` is dense from 1 within the thread.

    `parent_id` is the message that it follows: a thread is a tree, and a path of it is what a run reads.
    """

    id: str
    thread_id: str
    parent_id: str | None = None
    run_id: str | None = None
    position: int
    role: Role
    parts: tuple[Part, ...]
    created_at: datetime

    @property
    def text(self) -> str:
        """The prose of the message, without calls, results and reasoning."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))

    @property
    def calls(self) -> tuple[ToolCallPart, ...]:
        """The calls of the message, in the order they were written."""
        return tuple(part for part in self.parts if isinstance(part, ToolCallPart))
