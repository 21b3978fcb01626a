"""What a caller may do with runs, each a transaction with the caller's rights: submit, look, answer, stop."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from factotum.bus.run_log import RunLog
from factotum.bus.signals import Signals
from factotum.core.errors import Conflict
from factotum.protocol.budgets import Budget
from factotum.protocol.events import MessageCreated, RunEvent, RunQueued, RunStopped
from factotum.protocol.runs import ENDED, Run, RunOptions
from factotum.runs.announcing import announce
from factotum.runs.approvals import close_approvals, refuse_plain_answer, resolved
from factotum.runs.dispatch import dispatch
from factotum.runs.model_choice import Models, chosen_models
from factotum.runs.opening import AT_THE_END, Place
from factotum.runs.queue import RunQueue
from factotum.runs.reply import Reply, check_asks_for_budget
from factotum.runs.unread import keep_unread
from factotum.store.agents import Agents
from factotum.store.database import Database
from factotum.store.records import Caller
from factotum.store.runs import Runs
from factotum.store.steering import Steering
from factotum.store.threads import Threads
from factotum.store.tool_calls import ToolCalls

_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class NewRun:
    """What a caller asks for. Unset: the agent's own choice, else the service's."""

    input: str
    model: str | None = None
    agent_id: str | None = None
    options: RunOptions = field(default_factory=RunOptions)
    idempotency_key: str | None = None


class RunService:
    """The caller's side of runs."""

    def __init__(
        self, database: Database, queue: RunQueue, run_log: RunLog, signals: Signals, models: Models
    ) -> None:
        self._database = database
        self._queue = queue
        self._log = run_log
        self._signals = signals
        self._models = models

    async def submit(
        self, caller: Caller, thread_id: str, new: NewRun, place: Place = AT_THE_END
    ) -> tuple[Run, bool]:
        """Store the user's message, the run and its job in one transaction; say also whether the run is new.

        Where the account has as many runs at work as it may, the job comes when there is room.
        The same idempotency key on the same thread gives the same run again. Behind another run the task is
        kept with the run until its turn comes.
        Raises NotFound (thread, agent, message), InvalidInput (models), Conflict (`run_awaiting_input`,
        `run_in_progress` for any other place than the thread's end).
        """
        async with self._database.tenant(caller) as tx:
            thread = await Threads(tx).get(thread_id)
            agent_id = new.agent_id or thread.agent_id
            agent = await Agents(tx).get(agent_id) if agent_id else None
            model, options = chosen_models(self._models, agent, new.model, new.options)
            runs = Runs(tx)
            await runs.take_turn(thread_id)
            ahead = await Steering(tx).run_ahead(thread_id)
            message_id = place.message_id(ahead)
            run, created = await runs.create(
                thread_id,
                created_by=caller.user_id,
                model=model,
                agent_id=agent_id,
                options=options,
                idempotency_key=new.idempotency_key,
                message_id=message_id,
                task=new.input if message_id is None else None,
                log_seq=_told_at_submission(stores=place.stores and message_id is not None),
            )
            if not created:
                return run, False
            message = await place.open(tx, run, new.input, ahead)
            # Before the commit, so that no worker can have opened the log yet.
            shown = [] if message is None else [MessageCreated(message=message)]
            await self._show(run, 0, RunQueued(thread_id=thread_id), *shown)
            await dispatch(tx, self._queue, run.account_id)
        await self._signals.send(run.id, "wake")
        return run, True

    async def get(self, caller: Caller, run_id: str) -> Run:
        """Return one run. Raises NotFound (`run_not_found`)."""
        async with self._database.tenant(caller) as tx:
            return await Runs(tx).get(run_id)

    async def answer(self, caller: Caller, run_id: str, text: str, budget: Budget | None = None) -> Run:
        """Answer the question of a waiting run, which then goes on; `budget` is added to what it may use.

        Raises Conflict (`run_not_waiting`, `run_awaits_approval`, or `run_asks_no_budget` when it asks for
        something else).
        """
        async with self._database.tenant(caller) as tx:
            waiting = await Runs(tx).get(run_id)
            refuse_plain_answer(waiting)
            if budget is not None:
                check_asks_for_budget(waiting)
            run = await Runs(tx).put_answer(run_id, Reply(text=text, budget=budget).value)
            await dispatch(tx, self._queue, run.account_id)
        await self._signals.send(run_id, "wake")
        return run

    async def give_results(self, caller: Caller, run_id: str, results: Mapping[str, str]) -> Run:
        """Give a run that leaves its tools to its caller their outputs, by call id; it then goes on.

        Raises Conflict (`run_not_waiting`, or `run_wants_text` when it asks something else).
        """
        run = await self.get(caller, run_id)
        if run.question is not None and run.question.reason != "tool_results":
            raise Conflict(
                "The run does not wait for results of tools.",
                hint="Answer its question with `text`.",
                code="run_wants_text",
            )
        return await self.answer(caller, run_id, json.dumps(dict(results), ensure_ascii=False))

    async def stop(self, caller: Caller, run_id: str, *, wait_seconds: float = 10.0) -> Run:
        """Stop a run and wait until it has ended: its model, its tools and their processes.

        Returns the run as it is when it ended or when `wait_seconds` are over; then its status is `stopping`.
        """
        async with self._database.tenant(caller) as tx:
            runs = Runs(tx)
            before = await runs.lock(run_id)
            floor = await runs.log_seq(run_id)
            run = await runs.request_stop(run_id)
            ended_here = run.status == "stopped" and before.status not in ENDED
            closed = await close_approvals(tx, run_id) if ended_here else []
            left = await ToolCalls(tx).untouched(run_id) if ended_here else []
            kept = await keep_unread(tx, run) if ended_here else []
            if ended_here:
                await dispatch(tx, self._queue, run.account_id)
        if ended_here:
            stopped = RunStopped(usage=run.usage, not_executed=tuple(call.name for call in left))
            await self._show(run, floor, *kept, *map(resolved, closed), stopped)
        if run.status in ENDED:
            return run
        await self._signals.send(run_id, "stop")
        deadline = time.monotonic() + wait_seconds
        while run.status not in ENDED and time.monotonic() < deadline:
            await asyncio.sleep(_POLL_SECONDS)
            run = await self.get(caller, run_id)
        return run

    async def _show(self, run: Run, floor: int, *events: RunEvent) -> None:
        """Write to the log of a run that no worker carries."""
        await announce(self._log, run.id, run.attempt, floor, *events)


def _told_at_submission(*, stores: bool) -> int:
    """Return how much is told: `run.queued`, and `message.created` if the run's message is stored.

    A worker that finds less in the log knows that it was lost.
    """
    return 2 if stores else 1
