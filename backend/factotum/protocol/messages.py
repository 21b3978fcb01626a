"""Messages and their parts: the log of these, in Postgres, is the state of every thread."""

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from factotum.core.frozen import Frozen, is_unset
from factotum.protocol.dialect import Dialect

Outcome = Literal["ok", "error", "unknown", "stopped"]
"""How a tool call ended. `unknown`: an unsafe action was interrupted and may or may not have happened."""


def split(text: str, seams: Iterable[int]) -> tuple[str, ...]:
    """Split a text at its seams."""
    return tuple(text[start:end] for start, end in pairwise((0, *seams, len(text))))


class TextPart(Frozen):
    """Prose, in the order the model wrote it. `cut`: why the provider ended the message early, if it did.

    `seams`: the offsets, in characters, at which the limit of length had cut the text, which then went on.
    """

    type: Literal["text"] = "text"
    text: str
    cut: Literal["length", "content_filter"] | None = Field(default=None, exclude_if=is_unset)
    seams: tuple[int, ...] = Field(default=(), exclude_if=is_unset)

    @property
    def pieces(self) -> tuple[str, ...]:
        """The text as the model gave it, split at its seams."""
        return split(self.text, self.seams)


class ReasoningPart(Frozen):
    """The model's reasoning, apart from the answer; `signed` is the provider's own block, handed back."""

    type: Literal["reasoning"] = "reasoning"
    text: str
    signed: dict[str, JsonValue] | None = None


class ToolCallPart(Frozen):
    """One complete or broken call. `raw` is the text as the model wrote it, for the XML dialects.

    `fault` says why a call cannot run (unreadable arguments, cut off); then `arguments` may be empty. `seams`
    are those of `raw`, as of a text.
    """

    type: Literal["tool_call"] = "tool_call"
    call_id: str
    name: str
    arguments: dict[str, JsonValue] = Field(default_factory=dict)
    dialect: Dialect = "native"
    raw: str = ""
    fault: str | None = None
    seams: tuple[int, ...] = Field(default=(), exclude_if=is_unset)


class ImageRef(Frozen):
    """An image that the model is shown: the stored one with this id (SHA-256 of its bytes), made of `path`.

    `width` and `height` are pixels, those of the stored image.
    """

    id: str = Field(pattern="^[0-9a-f]{64}$")
    path: str
    media_type: Literal["image/png", "image/jpeg"]
    width: int
    height: int


class ToolResultPart(Frozen):
    """What a call gave back, as the model reads it; `images` are shown to it after the results.

    `display` is what people are shown in place of `output`: the same with the colours of a terminal.
    """

    type: Literal["tool_result"] = "tool_result"
    call_id: str
    name: str
    output: str
    display: str | None = Field(default=None, exclude_if=is_unset)
    outcome: Outcome = "ok"
    images: tuple[ImageRef, ...] = Field(default=(), exclude_if=is_unset)


class ReferencesPart(Frozen):
    """A decision to save room: from here on the model reads only the begin of these, and how to read more.

    `ids` are those of calls, whose outputs are meant, or of a person's messages.
    """

    type: Literal["references"] = "references"
    ids: tuple[str, ...]


class CompactionPart(Frozen):
    """A decision to save room: the model reads `summary` in place of all up to the message with id `until`.

    It stands for `messages` messages, `turns` of them the model's, those of earlier summaries included;
    `keeps` are ids of a person's messages that stay word for word all the same, the task above all.
    `summarised`: False when no summary could be made, and `summary` only says so.
    """

    type: Literal["compaction"] = "compaction"
    summary: str
    until: str
    keeps: tuple[str, ...] = ()
    messages: int
    turns: int
    summarised: bool = True


Part = Annotated[
    TextPart | ReasoningPart | ToolCallPart | ToolResultPart | ReferencesPart | CompactionPart,
    Field(discriminator="type"),
]
Role = Literal["user", "assistant", "tool"]


class Message(Frozen):
    """One entry of a thread's log. `position` is dense from 1 within the thread.

    `model` is the one that wrote an assistant's message: a fallback's name where the run's own was away.
    `parent_id` is the message that it follows: a thread is a tree, and a path of it is what a run reads.
    """

    id: str
    thread_id: str
    parent_id: str | None = None
    run_id: str | None = None
    position: int
    role: Role
    parts: tuple[Part, ...]
    model: str | None = Field(default=None, exclude_if=is_unset)
    created_at: datetime

    @property
    def text(self) -> str:
        """The prose of the message, without calls, results and reasoning."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))

    @property
    def calls(self) -> tuple[ToolCallPart, ...]:
        """The calls of the message, in the order they were written."""
        return tuple(part for part in self.parts if isinstance(part, ToolCallPart))

    @property
    def is_about_context(self) -> bool:
        """Whether it only says how the log is read: nobody spoke."""
        return any(isinstance(part, ReferencesPart | CompactionPart) for part in self.parts)
