"""Carries runs: claims one, works on it until it ends, waits or is taken away, and leaves it whole.

A run's task ends early for one of three reasons: a person stops it, its lease is lost, or this worker drains.
A lost lease writes nothing more; the other two leave the log whole first.
"""

import asyncio
import logging

from factotum.agent.loop import AgentLoop
from factotum.agent.outcome import Awaiting, Finished, HandedOver, RunOutcome
from factotum.bus.entries import jump
from factotum.bus.run_log import RunLog
from factotum.bus.writer import RunLogWriter
from factotum.core.clock import since_boot
from factotum.core.errors import (
    Conflict,
    FactotumError,
    NotFound,
    StaleAttempt,
    Unavailable,
    WrittenByNewer,
)
from factotum.core.logs import run_in_log
from factotum.protocol.events import MessageCreated, RunEvent, RunResumed, RunStarted
from factotum.protocol.runs import Usage
from factotum.runs.assembly import AgentFactory
from factotum.runs.catch_up import catch_up
from factotum.runs.ending import RunEnding
from factotum.runs.journal import PostgresJournal
from factotum.runs.live import LiveRun, LiveRuns
from factotum.runs.queue import RunQueue
from factotum.runs.steering import looking
from factotum.runs.telling import Teller
from factotum.runs.titles import ThreadTitle, Titler
from factotum.runs.told_end import end_as_told
from factotum.store.database import Database
from factotum.store.leases import Leases
from factotum.store.records import ClaimedRun

log = logging.getLogger(__name__)

_CRASH_LIMIT = 5
_MOST_UNREADABLE = 1000


class RunExecutor:
    """Carries the runs of one process, which is known to the others as `owner`."""

    def __init__(
        self,
        database: Database,
        run_log: RunLog,
        queue: RunQueue,
        agents: AgentFactory,
        live: LiveRuns,
        *,
        owner: str,
        lease_seconds: float,
        titler: Titler | None = None,
    ) -> None:
        self._titler = titler
        self._database = database
        self._run_log = run_log
        self._queue = queue
        self._agents = agents
        self._live = live
        self._owner = owner
        self._lease_seconds = lease_seconds
        self._unreadable: set[str] = set()

    async def execute(self, run_id: str) -> None:
        """Carry a run if it can be claimed. Whatever goes wrong with it is kept with the run.

        A cancellation passes through after the run was handed over. What passes through besides is a fault of
        ours before the run's work began: the run is then left to its lease, and to the limit of crashes.
        """
        run_in_log.set(run_id)
        if run_id in self._unreadable:
            return
        lease_ends = since_boot() + self._lease_seconds
        try:
            async with self._database.system() as tx:
                run = await Leases(tx).claim(run_id, self._owner, self._lease_seconds)
            if run is not None:
                await self._run_log.counters.add("attempts", *(["takeovers"] if run.took_over else []))
                await self._carry(run, lease_ends)
        except StaleAttempt:
            log.info("a newer attempt owns the run, or it has ended; nothing was changed")
        except (Unavailable, NotFound) as fault:
            # The lease runs out and the sweeper finds the run again, here or elsewhere.
            log.warning("the run is left to its lease: %s", fault.message)

    async def _carry(self, run: ClaimedRun, lease_ends: float) -> None:
        events = await self._open_log(run)
        if events is None:
            return
        teller = Teller(events)
        journal = PostgresJournal(self._database, run, lambda: events.seq)
        ending = RunEnding(self._database, run, journal, events, teller, self._queue)
        usage = Usage()
        try:
            seen = await self._agents.read(run)
            usage = seen.run.usage
            if run.crashes > _CRASH_LIMIT:
                await ending.failed(_given_up(run.crashes), usage)
                return
            await teller.emit(_beginning(run, self._agents.notice(seen)))
            if run.took_over or run.stop_requested:
                await catch_up(self._database, self._run_log, run, teller)
            if seen.run.input is not None:
                await teller.emit(MessageCreated(message=await journal.begin(seen.run.input)))
            async with self._agents.way_out(seen, run) as network, self._agents.keeper.around(run.id):
                loop = self._agents.build(seen, run, journal, teller, network)
                title = self._titler.begin(run, journal, teller, loop) if self._titler else None
                working = asyncio.create_task(loop.run(), name=f"run:{run.id}")
                live = LiveRun(run.id, run.attempt, loop, working, lease_ends)
                try:
                    async with looking(live, journal, teller):
                        await self._work(run, live, ending, title)
                finally:
                    if title is not None:
                        await title.give_up()
        except WrittenByNewer as fault:
            self._leave_to_newer(run, fault)
            await ending.handed_over()
        except (NotFound, StaleAttempt):
            if await _may_write(journal):
                raise
            # Row-level security hides the run from its creator, or only shows it: or else it is not ours.
            await ending.failed_without_rights(_without_rights(), usage)
        finally:
            await events.close()

    def _leave_to_newer(self, run: ClaimedRun, fault: WrittenByNewer) -> None:
        """Take a run no more that this version cannot read.

        The sweeper brings it to workers again until one of a newer version has it; no crash is counted.
        """
        log.warning("the run is left to a newer version of the service: %s", fault.message)
        if len(self._unreadable) >= _MOST_UNREADABLE:
            self._unreadable.clear()
        self._unreadable.add(run.id)

    async def _work(
        self, run: ClaimedRun, live: LiveRun, ending: RunEnding, title: ThreadTitle | None
    ) -> None:
        with self._live.carrying(live):
            if run.stop_requested:
                live.cancel("stop")
            if run.has_unread:
                live.look()
            cancelled = await _finished(live)
            while not await self._is_over(live, ending, title):
                live.go_on()
                live.look()  # A message that interrupts may have come meanwhile.
                cancelled = await _finished(live) or cancelled
        if cancelled:
            raise asyncio.CancelledError

    async def _is_over(self, live: LiveRun, ending: RunEnding, title: ThreadTitle | None) -> bool:
        """Store how the run's task ended. False: a message came that the run goes on with."""
        if live.task.cancelled() and live.reason == "interrupt":
            await live.loop.make_way()
            if live.reason == "interrupt":
                return False
        if title is not None and not _goes_on_elsewhere(live):
            await title.settle()
        if live.reason == "lost":
            log.warning("the lease was lost; the run goes on elsewhere")
            self._agents.keeper.leave(live.run_id)
        elif not live.task.cancelled():
            return await self._end(live.task, live.loop, ending)
        elif live.reason == "stop":
            await ending.stopped(await live.loop.settle_stopped(), live.loop.usage)
        else:
            await ending.handed_over()
        return True

    async def _end(self, task: "asyncio.Task[RunOutcome]", loop: AgentLoop, ending: RunEnding) -> bool:
        fault = task.exception()
        if fault is None:
            return await self._leave(task.result(), loop, ending)
        if isinstance(fault, StaleAttempt | NotFound | WrittenByNewer) or _is_database(fault):
            raise fault
        if isinstance(fault, FactotumError):
            await ending.failed(fault, loop.usage)
        else:
            log.error("the run broke", exc_info=fault)
            await ending.failed(_internal(), loop.usage)
        return True

    async def _leave(self, outcome: RunOutcome, loop: AgentLoop, ending: RunEnding) -> bool:
        try:
            match outcome:
                case Finished():
                    await ending.finished(outcome, loop.usage)
                case Awaiting():
                    await ending.awaiting(outcome)
                case HandedOver():
                    await ending.handed_over()
        except Conflict as conflict:
            match conflict.stable_code:
                case "run_steered":
                    await loop.make_way()
                    return False
                case "run_stopping":
                    await ending.stopped(await loop.settle_stopped(), loop.usage)
                case _:
                    raise
        return True

    async def _open_log(self, run: ClaimedRun) -> RunLogWriter | None:
        """Take over the run's log; None when it has ended, and the run with it.

        Without Redis the run goes on, numbered past all that may be used.
        """
        try:
            last = await self._run_log.open(run.id, run.attempt, run.log_seq)
        except Unavailable:
            last = run.log_seq + jump(run.attempt)
        except StaleAttempt:
            raise
        except Conflict:
            await end_as_told(self._database, self._run_log, self._queue, run)
            return None
        return self._run_log.writer(run.id, run.attempt, last)


async def _may_write(journal: PostgresJournal) -> bool:
    """Tell whether the attempt still owns its run and its creator may change it."""
    try:
        async with journal.fenced():
            return True
    except StaleAttempt:
        return False


async def _finished(live: LiveRun) -> bool:
    """Wait for the run's task, and say whether this worker was told to end meanwhile: then it is drained."""
    try:
        await asyncio.wait({live.task})
    except asyncio.CancelledError:
        live.cancel("drain")
        await asyncio.wait({live.task})
        return True
    return False


def _goes_on_elsewhere(live: LiveRun) -> bool:
    if live.reason in ("lost", "drain"):
        return True
    task = live.task
    return not task.cancelled() and task.exception() is None and isinstance(task.result(), HandedOver)


def _beginning(run: ClaimedRun, notice: str) -> RunEvent:
    if run.resumed:
        return RunResumed(attempt=run.attempt)
    return RunStarted(attempt=run.attempt, model=run.model, notice=notice)


def _is_database(fault: BaseException) -> bool:
    return isinstance(fault, Unavailable) and fault.stable_code.startswith("database_")


def _internal() -> FactotumError:
    return FactotumError(
        "The run broke for a reason of the service's own.",
        hint="Start a new run on the thread; the worker's log tells the cause, by the run's id.",
        code="internal_error",
    )


def _given_up(crashes: int) -> FactotumError:
    return FactotumError(
        f"The run was given up: {crashes} workers in a row ended while they carried it.",
        hint="Look into the workers' logs; the thread is whole, and a new run can be started on it.",
        code="run_crashed",
    )


def _without_rights() -> FactotumError:
    return FactotumError(
        "The person who started this run may no longer change anything in its account.",
        hint="Somebody who may can start a new run on the thread.",
        code="run_access_lost",
    )
