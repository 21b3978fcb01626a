"""The writer of a run's log: takes events, numbers them, and writes them in the order they came.

Redis must never fail or hold up a run. While it is away, emitting waits for nothing: durable events are kept
and deltas merged and kept up to the outbox's bounds, then dropped; a timer tries again. Nothing was dropped:
the log goes on without a gap. Something was: one number is left out, the log starts anew behind it, and
clients get a reset. Only a newer attempt ends a writer, with StaleAttempt.
"""

import asyncio
import logging

from factotum.bus.entries import SEQ_STRIDE, Stamped
from factotum.bus.outbox import Outbox, is_delta
from factotum.bus.pump import Answer, Append, LogPump
from factotum.core.clock import now
from factotum.core.errors import Conflict, StaleAttempt, Unavailable
from factotum.protocol.events import TERMINAL, Delta, RunEvent

_log = logging.getLogger(__name__)

DELTA_SECONDS = 0.025
DELTA_CHARACTERS = 2_000
_RETRY_SECONDS = 1.0
_AT_ONCE = 0.0


class RunLogWriter:
    """Writes for one attempt of one run, when the pump asks. Many tasks may emit; close it in the end."""

    def __init__(self, pump: LogPump, run_id: str, attempt: int, last_seq: int) -> None:
        self._pump = pump
        self._run_id = run_id
        self._attempt = attempt
        self._seq = last_seq
        self._outbox = Outbox()
        self._sent: list[Stamped] = []  # on its way: the outcome is unknown until Redis answers
        self._lines: list[bytes] = []  # the same, encoded
        self._tried = False  # the pump has it: nothing can be added any more
        self._resume = False  # some of it may be there already
        self._sent_for: list[asyncio.Future[None]] = []  # who waits for what was sent
        self._waiting: list[asyncio.Future[None]] = []  # and for what was not
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
            self._ask_soon()
            return
        self._ended = event.type in TERMINAL
        self._outbox.add(event, len(event.model_dump_json()) if self._away else 0)
        if not self._away:
            await self._written()
        self._raise_fault()

    def more(self, delta: Delta, text: str) -> None:
        """Take more of what `delta` tells of. Raises as `emit`."""
        if self._ended or self._fault is not None:
            self._refuse_if_over()
        self._outbox.more(delta, text)
        self._ask_soon()

    async def flush(self) -> None:
        """Try to write all that waits, within one deadline. Raises StaleAttempt."""
        await self._written()
        self._raise_fault()

    async def close(self) -> None:
        """Write what waits, if Redis takes it, and write no more. Raises StaleAttempt if that is news."""
        told = self._fault is not None
        if not told:
            await self._written()
        self._pump.forget(self)
        self._ended = True
        if self._outbox or self._sent:
            _log.warning("the log of run %s misses its last events: Redis is away", self._run_id)
        if not told:
            self._raise_fault()

    def next_append(self) -> Append | None:
        """See bus.pump.Source: what was sent without an answer, then what waits."""
        if self._fault is None and self._outbox and not self._tried and not (self._sent and self._outbox.gap):
            self._resume = self._outbox.gap
            self._stamp(self._outbox.take(self._run_id, self._seq, now()))
        if not self._sent or self._fault is not None:
            self._release()
            return None
        if not self._outbox:
            self._sent_for += self._waiting
            self._waiting = []
        self._tried = True
        last = self._sent[-1].event.type
        return Append(
            self._run_id, self._attempt, self._sent[0].seq, self._lines, last in TERMINAL, self._resume
        )

    def take_answer(self, answer: Answer) -> None:
        """See bus.pump.Source. While Redis is away only this asks again, so that a run waits for it once."""
        if isinstance(answer, Unavailable):
            self._note_absence(answer)
            return
        status, number = answer
        match status:
            case "ok":
                self._note_written()
            case "gap":
                self._resume = True
                self._pump.ask(self, _AT_ONCE, urgent=True)
            case "usurped":
                self._renumber(number + SEQ_STRIDE)
                self._pump.ask(self, _AT_ONCE, urgent=True)
            case "ended" if number == self._seq:
                self._note_written()  # our own end, whose answer was lost
            case _:
                self._fault = StaleAttempt(f"Attempt {self._attempt} of run {self._run_id} was overtaken.")
                self._release()

    def _ask_soon(self) -> None:
        """Ask for the next round in which deltas may go out."""
        if not self._away:
            full = self._outbox.size >= DELTA_CHARACTERS
            self._pump.ask(self, _AT_ONCE if full else self._written_at + DELTA_SECONDS)

    async def _written(self) -> None:
        """Wait until all that was taken is written, or was tried in vain."""
        if not self._sent and not self._outbox:
            return
        written = asyncio.get_running_loop().create_future()
        self._waiting.append(written)
        self._pump.ask(self, _AT_ONCE, urgent=True)
        await written

    def _stamp(self, stamped: list[Stamped]) -> None:
        """Have these written next."""
        self._sent += stamped
        self._lines += [each.encode() for each in stamped]
        self._seq = stamped[-1].seq
        self._written_at = asyncio.get_running_loop().time()

    def _note_written(self) -> None:
        self._sent, self._lines = [], []
        self._tried = self._resume = self._away = False
        _wake(self._sent_for)
        if self._waiting:
            self._pump.ask(self, _AT_ONCE, urgent=True)
        elif self._outbox:
            self._pump.ask(self, self._written_at + DELTA_SECONDS)

    def _note_absence(self, fault: Unavailable) -> None:
        if not self._away:
            _log.warning("the log of run %s waits: %s", self._run_id, fault.message)
        self._away = self._resume = True
        self._release()
        self._pump.ask(self, asyncio.get_running_loop().time() + _RETRY_SECONDS)

    def _release(self) -> None:
        _wake(self._sent_for)
        _wake(self._waiting)

    def _refuse_if_over(self) -> None:
        self._raise_fault()
        if self._ended:
            raise Conflict(f"The log of run {self._run_id} has ended.", code="run_log_ended")

    def _raise_fault(self) -> None:
        if self._fault is not None:
            raise StaleAttempt(self._fault.message, hint=self._fault.hint)

    def _renumber(self, first: int) -> None:
        """Move unanswered events to numbers nobody has used."""
        self._sent = [stamped._replace(seq=seq) for seq, stamped in enumerate(self._sent, first)]
        self._lines = [stamped.encode() for stamped in self._sent]
        self._seq = self._sent[-1].seq


def _wake(waiters: list[asyncio.Future[None]]) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)
    waiters.clear()
