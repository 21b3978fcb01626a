"""Reading a stream of bytes through the lines and a decoder, cut at will."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import orjson
from hypothesis import strategies as st

from factotum.llm.port import ModelChunk
from factotum.llm.sse_lines import SseLines
from factotum.llm.wire import Wire


def events(*documents: object) -> bytes:
    """Return documents as an event stream; a text goes as it is."""
    return b"".join(
        b"data: " + (item.encode() if isinstance(item, str) else orjson.dumps(item)) + b"\n\n"
        for item in documents
    )


def read(wire: Wire, stream: bytes, cuts: Sequence[int] = ()) -> list[ModelChunk]:
    """Return the chunks of a stream that comes in the pieces between the cuts."""
    lines = SseLines()
    found: list[ModelChunk] = []
    marks = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    for begin, end in pairwise(marks):
        found += wire.decode(lines.feed(stream[begin:end]))
        if wire.ended or wire.failure:
            return found + wire.close()
    return found + wire.decode(lines.close()) + wire.close()


CUTS = st.lists(st.integers(0, 4_000), max_size=60)


def same_under(cuts: Sequence[int], stream: bytes, make: Callable[[], Wire]) -> bool:
    """Tell whether a stream read in pieces gives what it gives whole."""
    whole, cut = make(), make()
    return (
        read(whole, stream) == read(cut, stream, cuts)
        and (whole.usage, whole.finish, whole.ended) == (cut.usage, cut.finish, cut.ended)
        and repr(whole.failure) == repr(cut.failure)
    )
