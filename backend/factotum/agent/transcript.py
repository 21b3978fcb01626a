"""The thread as the model reads it: rendered and counted once, a segment at a time, as the log decides.

A segment is the least that can be taken out of a conversation: a person's message, or the model's with the
results of all its calls. What is read in place of what follows from the log alone (its `references` and
`compaction` parts), so two workers that read the same log build the same request.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from pydantic import JsonValue

from factotum.agent.compaction import summary_message
from factotum.agent.config import ProcessorConfig
from factotum.agent.pictures import picture_tokens
from factotum.agent.references import by_reference
from factotum.agent.rendering import ModelMessage, render, why_cut
from factotum.protocol.messages import (
    CompactionPart,
    Message,
    ReferencesPart,
    ToolResultPart,
)

Count = Callable[[str], int]

_MESSAGE_OVERHEAD = 4
"""Tokens that a message takes besides its texts, about."""


@dataclass(slots=True)
class Segment:
    """`messages` of the log that stay together. `ids`: what could be shown by reference."""

    messages: list[Message] = field(default_factory=list[Message])
    ids: set[str] = field(default_factory=set[str])
    pending: set[str] = field(default_factory=set[str])
    rendered: list[ModelMessage] | None = None
    bytes: int | None = None
    tokens: int | None = None

    def add(self, message: Message) -> None:
        """Take in one message."""
        self.messages.append(message)
        self.pending.update(call.call_id for call in message.calls)
        for part in message.parts:
            if isinstance(part, ToolResultPart):
                self.pending.discard(part.call_id)
                self.ids.add(part.call_id)
        if message.role == "user":
            self.ids.add(message.id)
        self.forget()

    def forget(self) -> None:
        """Render and count it anew."""
        self.rendered = self.bytes = self.tokens = None

    def ends_before(self, message: Message) -> bool:
        """Whether `message` begins another one: nothing of it is still to come, nor to be gone on with."""
        last = self.messages[-1]
        if self.pending and message.run_id in (None, last.run_id):
            return False
        return why_cut(last) != "length"

    @property
    def is_step(self) -> bool:
        """Whether the model spoke in it."""
        return any(message.role == "assistant" for message in self.messages)


class Transcript:
    """`segments` are all of the log; those from `kept` on are read as they are, what is before by summary."""

    def __init__(self, config: ProcessorConfig) -> None:
        self._config = config
        self._clear()

    def _clear(self) -> None:
        self.segments: list[Segment] = []
        self.kept = 0
        self.compaction: CompactionPart | None = None
        self.references: set[str] = set()
        self._taken: list[Message] = []
        self._persons: list[tuple[int, Message]] = []
        self._front = Segment()

    def update(self, ordered: Sequence[Message]) -> None:
        """Take in the thread's messages, in reading order. Only what is new is looked at.

        All is, when one has changed: a response that is stored piece by piece has grown.
        """
        known = len(self._taken)
        if self._taken != ordered[:known]:
            self._clear()
            known = 0
        for message in ordered[known:]:
            self._taken.append(message)
            self._take(message)

    def messages(self) -> list[ModelMessage]:
        """Return what the model reads after the system prompt."""
        return [message for segment in self._read() for message in self._rendered(segment)]

    def tokens(self, count: Count) -> int:
        """Return how many tokens that is; each segment is counted once."""
        return sum(self.size(segment, count) for segment in self._read())

    def size(self, segment: Segment, count: Count) -> int:
        """Return the tokens of one segment as it is read."""
        if segment.tokens is None:
            segment.tokens = tokens_of(self._rendered(segment), count)
        return segment.tokens

    def bytes(self, *, uncounted: bool = False) -> int:
        """Return the bytes of all that is read, or of what was not counted yet."""
        return sum(self._bytes(s) for s in self._read() if not uncounted or s.tokens is None)

    def keeps(self, cut: int) -> list[Message]:
        """Return the person's messages that stay word for word when the segments before `cut` go.

        The first is the task that all began with; the last is what is wanted now, if no later one is left.
        """
        first, last = self._persons[:1], self._persons[1:][-1:]
        return [message for number, message in (*first, *last) if number < cut]

    def rendered(self, message: Message) -> list[ModelMessage]:
        """Return one of the person's messages as the model reads it."""
        return render([self.shown(message)], self._config)

    def shown(self, message: Message) -> Message:
        """Return a message as it is read: with references in the place of what the log says so of."""
        return by_reference(message, self.references)

    def _read(self) -> Iterator[Segment]:
        yield self._front
        yield from self.segments[self.kept :]

    def _bytes(self, segment: Segment) -> int:
        if segment.bytes is None:
            segment.bytes = bytes_of(self._rendered(segment))
        return segment.bytes

    def _take(self, message: Message) -> None:
        if message.is_about_context:
            for part in message.parts:
                if isinstance(part, ReferencesPart):
                    self._refer(part.ids)
                elif isinstance(part, CompactionPart):
                    self._compact(part)
            return
        if not self.segments or self.segments[-1].ends_before(message):
            self.segments.append(Segment())
        self.segments[-1].add(message)
        if message.role == "user":
            self._persons.append((len(self.segments) - 1, message))

    def _refer(self, ids: Iterable[str]) -> None:
        self.references.update(ids)
        for segment in (self._front, *self.segments):
            if segment is self._front or not segment.ids.isdisjoint(ids):
                segment.forget()

    def _compact(self, part: CompactionPart) -> None:
        """Read by summary up to the segment that the part names. One that is not there covers nothing."""
        for number, segment in enumerate(self.segments):
            if any(message.id == part.until for message in segment.messages):
                self.kept, self.compaction = number + 1, part
                self._front.forget()

    def _rendered(self, segment: Segment) -> list[ModelMessage]:
        if segment.rendered is None:
            if segment is self._front:
                segment.rendered = self._rendered_front()
            else:
                segment.rendered = render(map(self.shown, segment.messages), self._config)
        return segment.rendered

    def _rendered_front(self) -> list[ModelMessage]:
        """Return the task, the summary, and what else stays of the person's words."""
        compaction = self.compaction
        if compaction is None:
            return []
        words = [self.rendered(message) for _, message in self._persons if message.id in compaction.keeps]
        task, *latest = words or [[]]
        return [*task, summary_message(compaction), *chain.from_iterable(latest)]


def tokens_of(messages: Iterable[ModelMessage], count: Count) -> int:
    """Count the texts of rendered messages, and a little for each message."""
    return sum(_MESSAGE_OVERHEAD + picture_tokens(m) + count(_text(m)) for m in messages)


def bytes_of(messages: Iterable[ModelMessage]) -> int:
    """Return the bytes of rendered messages, at least as many as they can have tokens."""
    return sum(_MESSAGE_OVERHEAD + picture_tokens(m) + _bytes(_text(m)) for m in messages)


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="replace"))


def _text(message: ModelMessage) -> str:
    return "\n".join(_texts(dict(message)))


def _texts(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, entry in value.items():
            yield name
            yield from _texts(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _texts(entry)
