"""Takes the steps of a run within its model's window: looks before each, and again when one is refused.

What goes is decided once and stored as a message, so that every later request begins with all of the one
before, until the next decision.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from factotum.agent.compaction import compaction, fitting, record_of
from factotum.agent.ports import EventSink, RunJournal
from factotum.agent.shortening import decide
from factotum.agent.state import RunState
from factotum.agent.steps import Steps
from factotum.agent.summariser import Summarised, Summariser
from factotum.agent.thread_manager import ThreadManager
from factotum.agent.window import FULL, Bounds, Meter, bounds
from factotum.core.ids import derived_id
from factotum.core.tasks import whole
from factotum.llm.faults import ModelFault
from factotum.protocol.events import MessageCreated, UsageRecorded
from factotum.protocol.messages import CompactionPart, Part, ReferencesPart
from factotum.protocol.runs import Question, Usage

_MOST_FORCED: Final = 2
_COUNTED_AT_ONCE: Final = 30_000
"""Bytes that are counted on the event loop, in some milliseconds; more are counted in a thread."""
_RECORD_SHARE: Final = 0.5
_LEAST_RECORD: Final = 500


class Room:
    """The window of one attempt at a run."""

    def __init__(
        self,
        state: RunState,
        thread: ThreadManager,
        steps: Steps,
        journal: RunJournal,
        events: EventSink,
        meter: Meter,
        summariser: Summariser,
    ) -> None:
        self._state = state
        self._thread = thread
        self._steps = steps
        self._journal = journal
        self._events = events
        self._meter = meter
        self._summariser = summariser
        self._has_counted = False

    async def step(self) -> bool | Question:
        """Take one step, or go on with an answer that its limit of length has cut; see `Steps.take`.

        A request that the model refuses as too long is shortened and sent again, twice. Raises ModelFault
        when the model cannot be used, or what may not go is too long for it.
        """
        request = self._steps.rest()
        if request is None:
            await self._make()
            request = self._thread.request()
        else:
            self._meter.sends(None)
        forced = 0
        while True:
            try:
                return await self._steps.take(request, self._thread.continues_left())
            except ModelFault as fault:
                if fault.kind != "context_overflow" or forced == _MOST_FORCED or not await self._force():
                    raise
            forced += 1
            request = self._thread.request()

    async def _make(self) -> None:
        """Let something go if the window is nearly full."""
        self._meter.sends(None)
        if self._surely_fits():
            return
        total = await self._total()
        within = bounds(self._meter.counted(self._meter.window))
        if total > within.full:
            await self._shorten(within)

    async def _force(self) -> bool:
        """Let something go though there seemed to be room; say whether anything could."""
        await self._thread.refresh()
        await self._total()
        self._meter.overflowed()
        return await self._shorten(bounds(self._meter.counted(self._meter.window)))

    def _surely_fits(self) -> bool:
        """Tell without counting: no token has less than a byte."""
        most = self._thread.fixed_bytes() + self._thread.transcript.bytes()
        return most <= self._meter.window * FULL

    async def _total(self) -> int:
        """Count the next request; what was counted before is remembered."""
        fresh = self._thread.transcript.bytes(uncounted=True)
        if self._has_counted and fresh <= _COUNTED_AT_ONCE:
            total = self._count()
        else:
            total = await asyncio.to_thread(self._count)
        self._has_counted = True
        self._meter.sends(total)
        return total

    def _count(self) -> int:
        count = self._meter.count
        return self._thread.fixed_tokens(count) + self._thread.transcript.tokens(count)

    async def _shorten(self, within: Bounds) -> bool:
        count = self._meter.count
        fixed = self._thread.fixed_tokens(count)
        decision = await asyncio.to_thread(decide, self._thread.transcript, count, fixed, within)
        if decision is None:
            return False
        parts: list[Part] = [ReferencesPart(ids=decision.references)] if decision.references else []
        made = None
        if decision.cut is not None:
            part, made = await self._compaction(decision.cut, within)
            parts.append(part)
        await whole(self._store(parts, made))
        await self._thread.refresh()
        await self._total()
        return True

    async def _compaction(self, cut: int, within: Bounds) -> tuple[CompactionPart, Summarised | None]:
        transcript, count = self._thread.transcript, self._meter.count
        gone = [m for segment in transcript.segments[transcript.kept : cut] for m in segment.messages]
        kept = [m for segment in transcript.segments[cut:] for m in segment.messages]
        record = record_of(gone, transcript.compaction)
        longest = max(int(within.full * _RECORD_SHARE), _LEAST_RECORD)
        record = await asyncio.to_thread(fitting, record, longest, count)
        made = await self._summary(record, within.summary)
        part = compaction(
            gone,
            kept,
            transcript.compaction,
            keeps=transcript.keeps(cut),
            summary=None if made is None else made.text,
            fit=lambda text, share: fitting(text, int(within.summary * share), count),
        )
        return part, made

    async def _summary(self, record: str, most_tokens: int) -> Summarised | None:
        """Have a summary written; without room for it in the budget there is none."""
        granted = await self._steps.reserve(self._summariser.request(record, most_tokens))
        if isinstance(granted, Question):
            return None
        return await self._summariser.summarise(granted, most_tokens)

    async def _store(self, parts: Sequence[Part], made: Summarised | None) -> None:
        """Store and show a decision, and count what it used. Its id follows from where the log stands."""
        steps, message_id = self._steps, derived_id(self._state.run_id, "context", self._thread.position)
        usage = Usage() if made is None else made.usage
        used = steps.usage.plus(usage)
        message = await self._journal.store_context(message_id, parts, steps.count, used)
        steps.usage = used
        await self._events.emit(MessageCreated(message=message))
        if made is not None and usage != Usage():
            await self._events.emit(UsageRecorded(model=made.model, usage=usage))
