"""One entry of a run's log, how it lies on the wire, and how a reader can fail.

A line is `<type> <event as JSON>`; a published batch is the first sequence number and its lines, joined by
newlines (JSON escapes its own). The JSON is encoded once, by the writer, and every client gets those bytes.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import orjson

from factotum.core.errors import Conflict, Unavailable
from factotum.protocol.events import RunEvent

SEQ_STRIDE = 1_000_000
"""How far the sequence jumps when the log may have lost numbers that clients saw.

More than any writer can append between two saves of the row's floor, and small enough for JavaScript's
integers.
"""


def jump(attempt: int) -> int:
    """Return how far the sequence of a new attempt jumps when the log was lost.

    Farther for each attempt: the row's floor may still be the one from which an earlier attempt has jumped.
    """
    return SEQ_STRIDE * max(1, attempt)


class Entry(NamedTuple):
    """One event of a run: its number, its type and its JSON."""

    seq: int
    type: str
    data: bytes


class CursorTooOld(Conflict):
    """The log cannot go on after this cursor: it was trimmed, lost, jumped, or never reached the cursor.

    Read a snapshot *after* catching this, send it as `reset` with `resume_after` as its seq, and subscribe
    again from there: events are stored before they are logged, so a later snapshot holds all that the log had
    by then.
    """

    code = "cursor_too_old"

    def __init__(self, resume_after: int) -> None:
        super().__init__(
            "The event log no longer goes on from this cursor.", hint="Start again from a snapshot."
        )
        self.resume_after = resume_after


class SubscriberTooSlow(Unavailable):
    """The subscriber did not keep up and its queue is full: it resumes by the sequence number it has."""

    code = "subscriber_too_slow"


def stream_key(run_id: str) -> str:
    """Return the key of a run's stream; the braces keep both keys of a run on one node of a cluster."""
    return f"run:{{{run_id}}}:log"


def head_key(run_id: str) -> str:
    """Return the key of the hash that holds the log's attempt, last sequence number and end."""
    return f"run:{{{run_id}}}:head"


def channel_name(run_id: str) -> str:
    """Return the pub/sub channel of a run's entries."""
    return f"run:{{{run_id}}}:live"


class Stamped(NamedTuple):
    """An event and its place in the log. `text` is a delta's, and takes the place of its own."""

    event: RunEvent
    run_id: str
    seq: int
    at: datetime
    text: str | None = None

    def encode(self) -> bytes:
        """Encode it as one line of the log.

        A delta needs no model of the stamped event to be made first: that costs thrice the encoding.
        """
        event, run_id, seq, at, text = self
        if text is None:
            whole = event.model_copy(update={"run_id": run_id, "seq": seq, "at": at})
            data = whole.model_dump_json().encode()
        else:
            fields = {**event.__dict__, "run_id": run_id, "seq": seq, "at": at, "text": text}
            data = orjson.dumps(fields, option=orjson.OPT_UTC_Z)
        return b"%b %b" % (event.type.encode(), data)


def decode_line(seq: int, line: bytes) -> Entry:
    """Read one line of the log."""
    kind, _, data = line.partition(b" ")
    return Entry(seq, kind.decode(), data)


def decode_batch(payload: bytes) -> list[Entry]:
    """Read a published batch."""
    first, *lines = payload.split(b"\n")
    return [decode_line(seq, line) for seq, line in enumerate(lines, int(first))]


def decode_range(rows: Sequence[tuple[bytes, Sequence[bytes]]]) -> list[Entry]:
    """Read the raw reply of XRANGE: ids, each with its field and value."""
    return [decode_line(int(row_id.partition(b"-")[0]), fields[1]) for row_id, fields in rows]
