"""The log of a run in Redis: who may write it, and where it can be read from.

Sequence numbers are dense from 1, and a number that a client may have seen is never used for another event:
- Within an attempt the writer knows what it wrote. If Redis forgets (restarted without its data, emptied, or
  with the last second missing), the writer goes on with its next number and the stream starts anew there.
- A new attempt asks Redis. If the log is gone, is behind the floor that the Postgres row keeps, or was last
  opened on another life of the server (which may have lost its tail), nobody knows what the dead writer used
  since the floor was saved: the sequence jumps by SEQ_STRIDE times the attempt, so that two attempts that
  lost the log from the same floor never meet.
Whoever reads across a jump finds the gap and gets CursorTooOld: a reset with a snapshot, never a hole.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from redis.exceptions import NoScriptError, ResponseError

from factotum.bus.circuit_board import CircuitBoard
from factotum.bus.counters import Counters
from factotum.bus.entries import (
    CursorTooOld,
    Entry,
    channel_name,
    decode_range,
    head_key,
    jump,
    stream_key,
)
from factotum.bus.pipe import Pipe
from factotum.bus.pump import Answer, Append, LogPump
from factotum.bus.redis import Command, Redis, unavailable
from factotum.bus.script import LUA, LUA_SHA, OPEN, RESUME, STRICT
from factotum.bus.writer import RunLogWriter
from factotum.core.errors import Conflict, StaleAttempt, Unavailable
from factotum.protocol.events import TERMINAL

_IDLE_SECONDS = 7 * 86_400


class Page(NamedTuple):
    """Entries right after a cursor; whether they reach the log's present end, and whether that is final."""

    entries: list[Entry]
    caught_up: bool
    ended: bool


class RunLog:
    """The logs of all runs.

    An ended log is kept for `retention_seconds`, one that nobody writes for `idle_seconds`. Beyond about
    `max_entries` the oldest entries are trimmed, and late readers get a snapshot instead.
    """

    def __init__(
        self,
        redis: Redis,
        retention_seconds: float = 86_400,
        max_entries: int = 20_000,
        idle_seconds: float = _IDLE_SECONDS,
    ) -> None:
        self._pipe = Pipe(redis)
        self._pump = LogPump(self.append)
        self.counters = Counters(self._pipe)
        self.circuits = CircuitBoard(self._pipe)
        self._ended_ms = int(retention_seconds * 1000)
        self._idle_ms = int(idle_seconds * 1000)
        self._max_entries = max_entries

    async def open(self, run_id: str, attempt: int, floor_seq: int) -> int:
        """Take over writing for `attempt` and return the last number used; the next event is one above it.

        `floor_seq` is the highest number that Postgres knows to be used. Raises StaleAttempt when a higher
        attempt owns the log, Conflict (`run_log_ended`) after its end, Unavailable.
        """
        (server,) = await self._pipe.call(("INFO", "server"))
        opening = _script(
            run_id,
            OPEN,
            attempt,
            floor_seq,
            self._idle_ms,
            self._max_entries,
            _server_life(server),
            jump(attempt),
        )
        (reply,) = await self._run([opening])
        status, number = _good(reply)
        _refuse(status.decode(), run_id, attempt)
        return int(number)

    def writer(self, run_id: str, attempt: int, last_seq: int) -> RunLogWriter:
        """Make the one writer of an attempt; `last_seq` comes from `open`."""
        return RunLogWriter(self._pump, run_id, attempt, last_seq)

    async def append(self, appends: Sequence[Append]) -> list[Answer]:
        """Append encoded lines to the logs of some runs, and publish them. For LogPump.

        Each is answered by itself: `ok`, `gap` (not right after the last number), `usurped` (an older attempt
        used these numbers after the log was lost), `stale` or `ended`, with the log's last number (`stale`:
        the owner's attempt); or what Redis refused it with. Raises Unavailable.
        """
        answers = [_answer(reply) for reply in await self._run([self._command(append) for append in appends])]
        ends = [
            append.lines[-1].partition(b" ")[0].decode()
            for append, answer in zip(appends, answers, strict=True)
            if append.ended and not isinstance(answer, Unavailable) and answer[0] == "ok"
        ]
        if ends:
            await self.counters.add(*ends)
        return answers

    async def read(self, run_id: str, after: int, limit: int = 500) -> Page:
        """Read up to `limit` entries after a cursor. A log that does not exist (yet) is empty for cursor 0.

        Raises CursorTooOld when the log cannot go on right after the cursor, Unavailable.
        """
        head, rows = await self._pipe.call(
            ("HMGET", head_key(run_id), "seq", "ended"),
            ("XRANGE", stream_key(run_id), f"{after + 1}-0", "+", "COUNT", limit),
        )
        seq, ended = _good(head)
        entries = decode_range(_good(rows))
        # The head was read first, so entries may be newer than it and never older.
        last = max(int(seq or 0), entries[-1].seq if entries else 0)
        broken = entries[0].seq != after + 1 if entries else last != after
        if broken:
            raise CursorTooOld(last)
        reached = entries[-1].seq if entries else after
        final = bool(ended) or bool(entries and entries[-1].type in TERMINAL)
        return Page(entries, caught_up=reached >= last, ended=final and reached >= last)

    async def last_seqs(self, run_ids: Sequence[str]) -> list[int]:
        """Return the last number of each log, 0 where there is none. Raises Unavailable."""
        replies = await self._pipe.call(*(("HGET", head_key(run_id), "seq") for run_id in run_ids))
        return [int(_good(seq) or 0) for seq in replies]

    async def aclose(self) -> None:
        """Close the log's own connection; the Redis it was given stays open."""
        await self._pump.aclose()
        await self._pipe.aclose()

    def _command(self, append: Append) -> Command:
        return _script(
            append.run_id,
            RESUME if append.resume else STRICT,
            append.attempt,
            append.first_seq,
            self._ended_ms if append.ended else self._idle_ms,
            self._max_entries,
            1 if append.ended else 0,
            channel_name(append.run_id),
            *append.lines,
        )

    async def _run(self, commands: Sequence[Command]) -> list[Any]:
        """Run the script as each command says, loading it where it is not known. Raises Unavailable."""
        replies = await self._pipe.call(*commands)
        unknown = [number for number, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        if unknown:
            again = (commands[number] for number in unknown)
            _, *late = await self._pipe.call(("SCRIPT", "LOAD", LUA), *again)
            for number, reply in zip(unknown, late, strict=True):
                replies[number] = reply
        return replies


def _script(run_id: str, *arguments: str | bytes | int) -> Command:
    """Return the command that runs the script on a run's keys."""
    return ("EVALSHA", LUA_SHA, 2, stream_key(run_id), head_key(run_id), *arguments)


def _answer(reply: Any) -> Answer:
    if isinstance(reply, ResponseError):
        return unavailable(reply)
    status, number = reply
    return status.decode(), int(number)


def _good(reply: Any) -> Any:
    """Return a reply, or raise Unavailable for an error reply (loading, out of memory, read-only)."""
    if isinstance(reply, ResponseError):
        raise unavailable(reply) from reply
    return reply


def _server_life(info: Any) -> str:
    """Return the id that Redis takes anew each time it starts; empty where a host hides it."""
    text = str(_good(info), "utf-8", "replace")
    return next((line[7:].strip() for line in text.splitlines() if line.startswith("run_id:")), "")


def _refuse(status: str, run_id: str, attempt: int) -> None:
    if status == "stale":
        raise StaleAttempt(f"Attempt {attempt} of run {run_id} was overtaken by a newer one.")
    if status == "ended":
        raise Conflict(
            f"The log of run {run_id} has ended.", hint="Nothing is left to do.", code="run_log_ended"
        )
