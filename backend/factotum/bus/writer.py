"""The writer of a run's log: takes events, numbers them, and writes them in the order they came.

Redis must never fail or hold up a run. While it is away, emitting waits for nothing: durable events are kept
and deltas merged and kept up to the outbox's bounds, then dropped; a timer tries again. Nothing was dropped:
the log goes on without a gap. Something was: one number is left out, the log starts anew behind it, and
clients get a reset. Only a newer attempt ends a writer, with StaleAttempt.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from factotum.bus.entries import SEQ_STRIDE, Stamped
from factotum.bus.outbox import Outbox, is_delta
from factotum.core.clock import now
from factotum.core.errors import Conflict, FactotumError, StaleAttempt, Unavailable
from factotum.protocol.events import TERMINAL, RunEvent

_log = logging.getLogger(__name__)

DELTA_SECONDS = 0.025
DELTA_CHARACTERS = 2_000
_RETRY_SECONDS = 1.0


class Append(Protocol):
    """How a writer reaches the log: `RunLog.append`."""

    async def __call__(
        self,
        run_id: str,
        attempt: int,
        first_seq: int,
        lines: Sequence[bytes],
        /,
        *,
        ended: bool,
        resume: bool = False,
    ) -> tuple[str, int]:
        """Append lines; the statuses are told at `RunLog.append`."""
        ...


class RunLogWriter:
    """Writes for one attempt of one run; many tasks may emit at once. Close it in the end."""

    def __init__(self, append: Append, run_id: str, attempt: int, last_seq: int) -> None:
        self._append = append
        self._run_id = run_id
        self._attempt = attempt
        self._seq = last_seq
        self._outbox = Outbox()
        self._sent: list[Stamped] = []  # its outcome is unknown until Redis answers
        self._writing = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._written_at = -DELTA_SECONDS
        self._away = False
        self._ended = False
        self._fault: StaleAttempt | None = None

    @property
    def seq(self) -> int:
        """The last number used: what Postgres should keep as the floor of the next attempt."""
        return self._seq

    async def emit(self, event: RunEvent) -> None:
        """Take one event; a durable one is in Redis when this returns, unless Redis is away.

        Raises StaleAttempt when a newer attempt owns the run, Conflict (`run_log_ended`) after a terminal
        event.
        """
        self._refuse_if_over()
        if is_delta(event):
            self._outbox.add(event)
            self._schedule()
            return
        self._ended = event.type in TERMINAL
        self._outbox.add(event, len(event.model_dump_json()) if self._away else 0)
        await self._write(retry=False)
        self._raise_fault()

    async def flush(self) -> None:
        """Try to write all that waits, within one deadline. Raises StaleAttempt."""
        await self._write()
        self._raise_fault()

    async def close(self) -> None:
        """Write what waits, if Redis takes it, and end the timer. Raises StaleAttempt if that is news."""
        told = self._fault is not None
        self._cancel_timer()
        if self._task is not None:
            await self._task
        if not told:
            await self._write()
        self._cancel_timer()
        self._ended = True
        if self._outbox or self._sent:
            _log.warning("the log of run %s misses its last events: Redis is away", self._run_id)
        if not told:
            self._raise_fault()

    def _refuse_if_over(self) -> None:
        self._raise_fault()
        if self._ended:
            raise Conflict(f"The log of run {self._run_id} has ended.", code="run_log_ended")

    def _raise_fault(self) -> None:
        if self._fault is not None:
            raise StaleAttempt(self._fault.message, hint=self._fault.hint)

    def _schedule(self) -> None:
        """See to it that what waits is written in time. Only the timer retries an absent Redis."""
        loop = asyncio.get_running_loop()
        if self._away:
            due = loop.time() + _RETRY_SECONDS
        elif self._outbox.size >= DELTA_CHARACTERS:
            due = 0.0
        else:
            due = self._written_at + DELTA_SECONDS
        if due <= loop.time():
            self._write_soon()
        elif self._timer is None:
            self._timer = loop.call_at(due, self._write_soon)

    def _write_soon(self) -> None:
        self._cancel_timer()
        if self._task is None:
            self._task = asyncio.create_task(self._write_in_background(), name=f"run-log:{self._run_id}")

    async def _write_in_background(self) -> None:
        try:
            await self._write()
        finally:
            self._task = None
        if (self._outbox or self._sent) and self._fault is None:
            self._schedule()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _write(self, *, retry: bool = True) -> None:
        """Send what was sent without an answer, then what waits. Sets the fault; never raises for Redis.

        Without `retry` an absent Redis is left to the timer, so that a run waits for it once and not at every
        event.
        """
        async with self._writing:
            if self._fault is not None or (self._away and not retry):
                return
            try:
                if self._sent:
                    await self._send(resume=True)
                if self._outbox:
                    self._written_at = asyncio.get_running_loop().time()
                    resume = self._outbox.gap
                    self._sent = self._outbox.take(self._run_id, self._seq, now())
                    self._seq = self._sent[-1].seq
                    await self._send(resume=resume)
            except Unavailable as error:
                self._note_absence(error)
            except StaleAttempt as error:
                self._fault = error
            else:
                self._away = False

    def _note_absence(self, error: FactotumError) -> None:
        if not self._away:
            _log.warning("the log of run %s waits: %s", self._run_id, error.message)
        self._away = True
        self._schedule()

    async def _send(self, *, resume: bool) -> None:
        """Write `_sent` and clear it. Raises Unavailable, StaleAttempt."""
        while True:
            status, number = await self._append(
                self._run_id,
                self._attempt,
                self._sent[0].seq,
                [stamped.encode() for stamped in self._sent],
                ended=self._sent[-1].event.type in TERMINAL,
                resume=resume,
            )
            match status:
                case "ok":
                    break
                case "gap":
                    resume = True
                case "usurped":
                    self._renumber(number + SEQ_STRIDE)
                case "ended" if number == self._seq:
                    break  # our own end, whose answer was lost
                case _:
                    raise StaleAttempt(f"Attempt {self._attempt} of run {self._run_id} was overtaken.")
        self._sent = []

    def _renumber(self, first: int) -> None:
        """Move unanswered events to numbers nobody has used."""
        self._sent = [stamped._replace(seq=seq) for seq, stamped in enumerate(self._sent, first)]
        self._seq = self._sent[-1].seq
