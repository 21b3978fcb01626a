"""Lays a turn out as pieces, whatever the vendor: what is said, and where it stops, breaks or fails."""

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, assert_never

import orjson
from pydantic import JsonValue

from factotum.protocol.dialect import Dialect
from factotum.testing.provider.conversation import Chosen, Conversation
from factotum.testing.provider.refusal import Refusal
from factotum.testing.provider.script import (
    AnyItem,
    BreakItem,
    CallItem,
    ErrorItem,
    Finish,
    GarbageItem,
    Item,
    ParallelItem,
    PingItem,
    Playable,
    ReasoningItem,
    Repeat,
    Script,
    Sizes,
    StallItem,
    TextItem,
    Transport,
    UsageSpec,
)
from factotum.testing.provider.xml_calls import written

DEFAULT_CUT = 24
"""Characters of text or arguments a chunk, where the script says nothing."""
CHARACTERS_A_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Said:
    """More of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Thought:
    """More reasoning; `first` opens a block of its own."""

    text: str
    first: bool


@dataclass(frozen=True, slots=True)
class Signed:
    """The end of a block of reasoning, with its signature."""

    signature: str


@dataclass(frozen=True, slots=True)
class Redacted:
    """A whole block of reasoning that only the vendor can read."""

    data: str


@dataclass(frozen=True, slots=True)
class CallOpened:
    """A native call begins, the `number`th of the message from 0. None: not said yet, a later one says it."""

    number: int
    id: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Arguments:
    """More of a native call's arguments."""

    number: int
    fragment: str


@dataclass(frozen=True, slots=True)
class Ping:
    """A sign of life."""


@dataclass(frozen=True, slots=True)
class Garbage:
    """Text to be put into the body as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Stall:
    """Silence: seconds, or None for ever."""

    seconds: float | None


@dataclass(frozen=True, slots=True)
class Break:
    """The end before the end."""

    how: Literal["close", "reset", "end"]


@dataclass(frozen=True, slots=True)
class Fail:
    """The provider fails in mid-stream."""

    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Stopped:
    """A stop sequence of the request came up: the answer ends before it."""

    sequence: str


Spoken = Said | Thought | Signed | Redacted | CallOpened | Arguments
Piece = Spoken | Stopped | Ping | Garbage | Stall | Break | Fail


@dataclass(frozen=True, slots=True)
class Request:
    """What a wire read off a request. `interleaves`: the vendor may mix the fragments of several calls.

    `counts`: the client asked for usage within the stream (always so over Anthropic).
    """

    model: str
    conversation: Conversation
    stream: bool
    has_tools: bool
    stops: tuple[str, ...]
    counts: bool
    interleaves: bool
    prompt_characters: int


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to play: its name (the same for the same request), its words, its end and how it travels."""

    id: str
    request: Request
    played: Playable
    transport: Transport
    finish: Finish
    call_dialect: Dialect

    def beats(self) -> Iterator[tuple[Piece, float]]:
        """Yield each piece with the seconds to wait before it. Endless where an item is repeated for ever."""
        numbers = itertools.count()
        for item in self.played.items:
            yield from self._item(item, numbers)

    @property
    def endless(self) -> bool:
        """Whether an item is repeated for ever."""
        return any(getattr(item, "repeat", 1) == "forever" for item in self.played.items)

    def usage(self, said_characters: int) -> UsageSpec:
        """Return the tokens to report: the script's own, else a rough count of characters."""
        usage = self.played.usage
        rough_input = (
            usage.cached + usage.cache_written + self.request.prompt_characters // CHARACTERS_A_TOKEN + 1
        )
        return UsageSpec(
            input=rough_input if usage.input is None else usage.input,
            cached=usage.cached,
            cache_written=usage.cache_written,
            output=said_characters // CHARACTERS_A_TOKEN + 1 if usage.output is None else usage.output,
            reasoning=usage.reasoning,
        )

    def _item(self, item: AnyItem, numbers: "itertools.count[int]") -> Iterator[tuple[Piece, float]]:
        match item:
            case TextItem():
                for _ in _times(item.repeat):
                    yield from self._said(item.text, item)
            case ReasoningItem():
                yield from self._reasoning(item)
            case CallItem():
                yield from self._call(item, numbers)
            case ParallelItem():
                yield from self._parallel(item, numbers)
            case PingItem():
                yield from ((Ping(), self._delay(item)) for _ in _times(item.repeat))
            case _:
                yield _fault(item), 0

    def _said(self, text: str, item: Item) -> Iterator[tuple[Piece, float]]:
        """Say `text` up to the first stop sequence in it."""
        found = [(place, stop) for stop in self.request.stops if (place := text.find(stop)) >= 0]
        place, stop = min(found, default=(len(text), None))
        yield from ((Said(chunk), self._delay(item)) for chunk in self._cut(text[:place], item))
        if stop is not None:
            yield Stopped(stop), 0

    def _reasoning(self, item: ReasoningItem) -> Iterator[tuple[Piece, float]]:
        if item.redacted:
            yield Redacted(item.signature or signature_of(item.reasoning)), self._delay(item)
            return
        first = True
        for _ in _times(item.repeat):
            for chunk in self._cut(item.reasoning, item):
                yield Thought(chunk, first), self._delay(item)
                first = False
        whole = item.reasoning * (item.repeat if item.repeat != "forever" else 1)
        yield Signed(item.signature or signature_of(whole)), 0

    def _call(self, item: CallItem, numbers: "itertools.count[int]") -> Iterator[tuple[Piece, float]]:
        dialect = self._dialect(item)
        if dialect == "native":
            yield from self._native(item, next(numbers))
            return
        yield from self._said(written(item, dialect)[: item.truncate], item)

    def _native(self, item: CallItem, number: int) -> Iterator[tuple[Piece, float]]:
        call_id = item.id or f"call_{self.id}{number}"
        late = item.late and self.request.interleaves
        yield CallOpened(number, None if late else call_id, None if late else item.call), self._delay(item)
        for place, chunk in enumerate(self._cut(_json(item.arguments)[: item.truncate], item)):
            yield Arguments(number, chunk), self._delay(item)
            if late and place == 0:
                yield CallOpened(number, call_id, item.call), self._delay(item)
                late = False
        if late:
            yield CallOpened(number, call_id, item.call), self._delay(item)

    def _parallel(self, item: ParallelItem, numbers: "itertools.count[int]") -> Iterator[tuple[Piece, float]]:
        calls = [self._call(call, numbers) for call in item.parallel]
        native = all(self._dialect(call) == "native" for call in item.parallel)
        if not (native and self.request.interleaves):
            yield from itertools.chain.from_iterable(calls)
            return
        for round_ in itertools.zip_longest(*calls):
            yield from (beat for beat in round_ if beat is not None)

    def _dialect(self, item: CallItem) -> Dialect:
        return _dialect_of(item, self.call_dialect)

    def _delay(self, item: Item) -> float:
        return item.delay if item.delay is not None else self.transport.delay or 0.0

    def _cut(self, text: str, item: Item) -> Iterator[str]:
        return cut(text, item.cut or self.transport.cut or DEFAULT_CUT)


def plan(script: Script, chosen: Chosen, played: Playable, request: Request) -> Reply:
    """Lay out what `request` gets: `played` is the chosen turn, or what this attempt at it gets instead.

    Raises Refusal for a call that the script does not give in the dialect asked for.
    """
    scenario = chosen.scenario
    calls = scenario.calls or script.calls
    xml = scenario.xml or script.xml
    auto = "native" if request.has_tools else xml
    dialect = auto if calls == "auto" else calls
    flat = [
        call
        for item in played.items
        for call in (item.parallel if isinstance(item, ParallelItem) else (item,))
    ]
    calls_of: list[tuple[CallItem, Dialect]] = [
        (call, _dialect_of(call, dialect)) for call in flat if isinstance(call, CallItem)
    ]
    for call, written_as in calls_of:
        if written_as != "native":
            written(call, written_as)  # what cannot be written is refused before the first byte is sent
    native = any(written_as == "native" for _, written_as in calls_of)
    name = hashlib.blake2b(
        f"{scenario.name}/{chosen.number}/{request.conversation.key}".encode(), digest_size=12
    )
    return Reply(
        id=name.hexdigest(),
        request=request,
        played=played,
        transport=played.over(scenario.transport.over(script.transport)),
        finish=played.finish or ("tool_calls" if native else "stop"),
        call_dialect=dialect,
    )


def _dialect_of(item: CallItem, default: Dialect) -> Dialect:
    return default if item.dialect in (None, "auto") else item.dialect


def _fault(item: StallItem | BreakItem | GarbageItem | ErrorItem) -> Piece:
    match item:
        case StallItem():
            return Stall(None if item.stall == "forever" else item.stall)
        case BreakItem():
            return Break(item.break_)
        case GarbageItem():
            return Garbage(item.garbage)
        case ErrorItem():
            return Fail(Refusal.of(item.error))
        case _:
            assert_never(item)


def cut(text: str, sizes: Sizes) -> Iterator[str]:
    """Yield `text` in pieces of the given sizes, taken in turn."""
    if isinstance(sizes, int):
        yield from (text[start : start + sizes] for start in range(0, len(text), sizes))
        return
    start = 0
    for size in itertools.cycle(sizes):
        if start >= len(text):
            return
        yield text[start : start + size]
        start += size


def signature_of(reasoning: str) -> str:
    """Return the signature that goes with `reasoning`; what comes back under it must be the same text."""
    return "scripted-" + hashlib.blake2b(reasoning.encode(), digest_size=24).hexdigest()


def _times(repeat: Repeat) -> Iterator[None]:
    return itertools.repeat(None) if repeat == "forever" else itertools.repeat(None, repeat)


def _json(arguments: dict[str, JsonValue] | str | None) -> str:
    match arguments:
        case None:
            return ""
        case str():
            return arguments
        case _:
            return orjson.dumps(arguments).decode()
