"""What a script may say: scenarios of turns of items, with their timing and their faults.

A script is JSON. The short forms are expanded before it is checked: a text alone is a `text` item, a list of
items or a text is a turn, a list of turns (or an object with `turns`) is a script of one scenario. Wherever a
text stands, `{"$lines": ["one", "two"]}` may stand for it; the lines are joined by newlines.
"""

import re
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, JsonValue, Tag, field_validator, model_validator

from factotum.core.frozen import Frozen
from factotum.protocol.dialect import Dialect

ErrorKind = Literal[
    "rate_limited",
    "quota",
    "overloaded",
    "server",
    "context_overflow",
    "unauthorized",
    "forbidden",
    "model_not_found",
    "bad_request",
    "content_filter",
]
Finish = Literal["stop", "length", "tool_calls", "content_filter"]
Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]
Size = Annotated[int, Field(ge=1)]
Sizes = Size | Annotated[list[Size], Field(min_length=1)]
"""A size, or sizes taken in turn, over and over."""
Repeat = Annotated[int, Field(ge=1)] | Literal["forever"]


def joined_lines(value: JsonValue) -> JsonValue:
    """Replace every `{"$lines": [...]}` in `value`, at any depth, by its text."""
    match value:
        case {"$lines": list(lines)} if len(value) == 1:
            return "\n".join(str(line) for line in lines)
        case dict():
            return {key: joined_lines(entry) for key, entry in value.items()}
        case list():
            return [joined_lines(entry) for entry in value]
        case _:
            return value


class Item(Frozen):
    """One thing in a turn. `delay`: seconds before each of its chunks; `cut`: characters a chunk."""

    delay: Seconds | None = None
    cut: Sizes | None = None


class TextItem(Item):
    """Prose; `repeat` plays it again and again, for load."""

    text: str = Field(min_length=1)
    repeat: Repeat = 1


class ReasoningItem(Item):
    """Reasoning. Over Anthropic it is a thinking block; without `signature` one is made from the text.

    `redacted`: over Anthropic the block is encrypted, and over OpenAI it is left out.
    """

    reasoning: str = Field(min_length=1)
    signature: str | None = None
    redacted: bool = False
    repeat: Repeat = 1


class CallItem(Item):
    """A tool call.

    `arguments`: an object; a text is sent as it is, for rubbish; left out, a native call has none at all.
    `tag`: the call as text in the tag dialect, where the tool is not a built-in one.
    `truncate`: only so many characters of the arguments (or of the XML) are sent, for calls cut off.
    `late`: over OpenAI, id and name come after the first arguments.
    """

    call: str = Field(min_length=1)
    arguments: dict[str, JsonValue] | str | None = None
    id: str | None = None
    dialect: Dialect | Literal["auto"] | None = None
    tag: str | None = None
    truncate: int | None = Field(default=None, ge=0)
    late: bool = False


class ParallelItem(Frozen):
    """Calls side by side: over OpenAI the fragments of native ones are interleaved; else one by one."""

    parallel: tuple[CallItem, ...] = Field(min_length=1)


class PingItem(Item):
    """A sign of life that says nothing: Anthropic's `ping`, over OpenAI an SSE comment."""

    ping: Literal[True]
    repeat: Repeat = 1


class StallItem(Frozen):
    """Silence for so many seconds, or for ever (until the client goes)."""

    stall: Seconds | Literal["forever"]


class BreakItem(Frozen):
    """The end before the end. `close`: the connection is closed within the body; `reset`: it is reset (TCP
    RST); `end`: the HTTP body ends in good order and the message does not. `true` is `close`."""

    break_: Literal["close", "reset", "end"] = Field(alias="break")

    @field_validator("break_", mode="before")
    @classmethod
    def _true_is_close(cls, value: object) -> object:
        return "close" if value is True else value


class GarbageItem(Frozen):
    """Bytes put into the stream as they are, for example `data: {"id":` and two newlines."""

    garbage: str = Field(min_length=1)


class ErrorSpec(Frozen):
    """A refusal in the provider's own words. `kind` gives status, type, code and message; each can be set.

    `retry_after`: seconds, as the header says them. `times`: only the first so many attempts fail.
    """

    kind: ErrorKind | None = None
    status: int | None = Field(default=None, ge=400, le=599)
    type: str | None = None
    code: str | None = None
    message: str | None = None
    retry_after: float | None = Field(default=None, ge=0)
    times: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if self.kind is None and self.status is None:
            raise ValueError("an error needs a `kind` or a `status`")
        return self


def _expand_error(value: JsonValue) -> JsonValue:
    match value:
        case str():
            return {"kind": value}
        case int():
            return {"status": value}
        case _:
            return value


Refusing = Annotated[ErrorSpec, BeforeValidator(_expand_error)]
"""An error; a kind or a status alone is enough."""


class ErrorItem(Frozen):
    """The provider fails in mid-stream and says so in the stream."""

    error: Refusing

    @model_validator(mode="after")
    def _every_time(self) -> Self:
        if self.error.times is not None:
            raise ValueError("`times` belongs to a turn's error; for an item use the turn's `before`")
        return self


_KINDS = ("text", "reasoning", "call", "parallel", "ping", "stall", "break", "garbage", "error")


def _kind(value: object) -> str:
    if isinstance(value, dict):
        return next((kind for kind in _KINDS if kind in value), "")
    return next((kind for kind in _KINDS if hasattr(value, kind)), "break")


def _expand_item(value: JsonValue) -> JsonValue:
    return {"text": value} if isinstance(value, str) else value


AnyItem = Annotated[
    Annotated[TextItem, Tag("text")]
    | Annotated[ReasoningItem, Tag("reasoning")]
    | Annotated[CallItem, Tag("call")]
    | Annotated[ParallelItem, Tag("parallel")]
    | Annotated[PingItem, Tag("ping")]
    | Annotated[StallItem, Tag("stall")]
    | Annotated[BreakItem, Tag("break")]
    | Annotated[GarbageItem, Tag("garbage")]
    | Annotated[ErrorItem, Tag("error")],
    Discriminator(
        _kind,
        custom_error_type="item_kind",
        custom_error_message=f"an item is a text or an object with one of: {', '.join(_KINDS)}",
    ),
    BeforeValidator(_expand_item),
]


class UsageSpec(Frozen):
    """Tokens to report. `input` counts all of the prompt; `cached` of them were read from a cache,
    `cache_written` written to it; `output` counts all of the answer, `reasoning` of them were reasoning.
    None: counted roughly."""

    input: int | None = Field(default=None, ge=0)
    cached: int = Field(default=0, ge=0)
    cache_written: int = Field(default=0, ge=0)
    output: int | None = Field(default=None, ge=0)
    reasoning: int = Field(default=0, ge=0)


class Transport(Frozen):
    """How chunks travel. `cut`: characters of text or arguments a chunk; `delay`: seconds between chunks;
    `first_delay`: seconds before the answer starts; `bytes_cut`: bytes a piece of the HTTP body, whatever
    they split."""

    cut: Sizes | None = None
    delay: Seconds | None = None
    first_delay: Seconds | None = None
    bytes_cut: Sizes | None = None

    def over(self, base: "Transport") -> "Transport":
        """Return `base` with what is set here set over it."""
        return Transport(
            cut=base.cut if self.cut is None else self.cut,
            delay=base.delay if self.delay is None else self.delay,
            first_delay=base.first_delay if self.first_delay is None else self.first_delay,
            bytes_cut=base.bytes_cut if self.bytes_cut is None else self.bytes_cut,
        )


def _expand_turn(value: JsonValue) -> JsonValue:
    match value:
        case str():
            return {"items": [value]}
        case list():
            return {"items": value}
        case _:
            return value


class Playable(Transport):
    """What one attempt gets: items, or an `error`, or an `empty` body, or a body of `garbage`.

    `expect`: a regular expression that what came since the last answer must contain; else the request is
    refused, so that a script never plays on over a tool that failed.
    """

    items: tuple[AnyItem, ...] = ()
    usage: UsageSpec = UsageSpec()
    finish: Finish | None = None
    expect: str | None = None
    error: Refusing | None = None
    empty: bool = False
    garbage: str | None = None

    @field_validator("expect")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        return _checked(pattern)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.empty or self.garbage is not None) and (self.items or self.error):
            raise ValueError("`empty` and `garbage` are whole answers: neither goes with items or an error")
        if self.error is not None and self.error.times is None and self.items:
            raise ValueError("an error without `times` comes every time: its items would never be played")
        return self


class Turn(Playable):
    """One answer of the model. `before`: what the first attempts at it get in its place, one by one."""

    before: tuple[Annotated[Playable, BeforeValidator(_expand_turn)], ...] = ()


class Scenario(Frozen):
    """A conversation. `match`: a regular expression, case ignored, sought in what the person wrote; none
    matches all.

    `calls`: how calls are written where they do not say; `auto` is native when the request carries tools and
    `xml` when it does not. `longest`: a conversation of more characters is refused as too long for the model.
    """

    name: str = Field(default="", max_length=100)
    match: str | None = None
    calls: Dialect | Literal["auto"] | None = None
    xml: Literal["invoke", "tag"] | None = None
    transport: Transport = Transport()
    longest: int | None = Field(default=None, ge=1)
    turns: tuple[Annotated[Turn, BeforeValidator(_expand_turn)], ...] = Field(min_length=1)

    @field_validator("match")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        return _checked(pattern)


class Script(Frozen):
    """A whole script. `models`: the names it answers to (the first is listed); none: to every name."""

    models: tuple[str, ...] = ()
    calls: Dialect | Literal["auto"] = "auto"
    xml: Literal["invoke", "tag"] = "invoke"
    transport: Transport = Transport()
    scenarios: tuple[Scenario, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [scenario.name for scenario in self.scenarios]
        if len(set(names)) != len(names):
            raise ValueError("two scenarios have the same name")
        return self


def _checked(pattern: str | None) -> str | None:
    if pattern is not None:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
    return pattern
