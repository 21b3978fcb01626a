"""What a caller may do with runs, each a transaction with the caller's rights: submit, look, answer, stop."""

import asyncio
import logging
import time
from dataclasses import dataclass, field
from typing import Protocol

from factotum.bus.run_log import RunLog
from factotum.bus.signals import Signals
from factotum.core.errors import Conflict, Unavailable
from factotum.core.ids import new_id
from factotum.protocol.events import MessageCreated, RunEvent, RunQueued, RunStopped
from factotum.protocol.messages import TextPart
from factotum.protocol.runs import ENDED, Run, RunOptions
from factotum.runs.queue import RunQueue
from factotum.store.agents import Agents
from factotum.store.database import Database
from factotum.store.messages import Messages
from factotum.store.records import Caller
from factotum.store.runs import Runs
from factotum.store.threads import Threads

log = logging.getLogger(__name__)

_POLL_SECONDS = 0.1
_TOLD_AT_SUBMISSION = 2
"""`run.queued` and `message.created`: a worker that finds fewer in the log knows that they were lost."""


class Models(Protocol):
    """What is known of models without calling one."""

    def check(self, model: str) -> None:
        """Raise InvalidInput (`model_unknown`, `model_key_missing`) for a model that cannot be used."""
        ...

    def default(self) -> str:
        """The model of runs that name none."""
        ...


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

    async def submit(self, caller: Caller, thread_id: str, new: NewRun) -> tuple[Run, bool]:
        """Store the user's message, the run and its job in one transaction; say also whether the run is new.

        The same idempotency key on the same thread gives the same run again.
        Raises NotFound (thread, agent), InvalidInput (model), Conflict (`run_awaiting_input`).
        """
        async with self._database.tenant(caller) as tx:
            thread = await Threads(tx).get(thread_id)
            agent_id = new.agent_id or thread.agent_id
            agent = await Agents(tx).get(agent_id) if agent_id else None
            model = new.model or (agent.model if agent else None) or self._models.default()
            self._models.check(model)
            runs = Runs(tx)
            await runs.take_turn(thread_id)
            waiting = await runs.waiting_run(thread_id)
            run, created = await runs.create(
                thread_id,
                created_by=caller.user_id,
                model=model,
                agent_id=agent_id,
                options=new.options,
                idempotency_key=new.idempotency_key,
                log_seq=_TOLD_AT_SUBMISSION,
            )
            if not created:
                return run, False
            if waiting is not None:
                raise _must_be_answered(waiting)
            message = await Messages(tx).append(
                thread_id, "user", [TextPart(text=new.input)], run_id=run.id, message_id=new_id()
            )
            async with tx.as_login() as connection:
                await self._queue.enqueue(connection, run.id)
            # Before the commit, so that no worker can have opened the log yet.
            await self._show(run, 0, RunQueued(thread_id=thread_id), MessageCreated(message=message))
        await self._signals.send(run.id, "wake")
        return run, True

    async def get(self, caller: Caller, run_id: str) -> Run:
        """Return one run. Raises NotFound (`run_not_found`)."""
        async with self._database.tenant(caller) as tx:
            return await Runs(tx).get(run_id)

    async def answer(self, caller: Caller, run_id: str, text: str) -> Run:
        """Answer the question of a waiting run, which then goes on. Raises Conflict (`run_not_waiting`)."""
        async with self._database.tenant(caller) as tx:
            run = await Runs(tx).put_answer(run_id, text)
            async with tx.as_login() as connection:
                await self._queue.enqueue(connection, run_id)
        await self._signals.send(run_id, "wake")
        return run

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
            following = await runs.next_queued(run.thread_id) if ended_here else None
            if following is not None:
                async with tx.as_login() as connection:
                    await self._queue.enqueue(connection, following)
        if ended_here:
            await self._show(run, floor, RunStopped(usage=run.usage))
        if run.status in ENDED:
            return run
        await self._signals.send(run_id, "stop")
        deadline = time.monotonic() + wait_seconds
        while run.status not in ENDED and time.monotonic() < deadline:
            await asyncio.sleep(_POLL_SECONDS)
            run = await self.get(caller, run_id)
        return run

    async def _show(self, run: Run, floor: int, *events: RunEvent) -> None:
        """Write to the log of a run that no worker carries; `floor` is the last number that its row knows.

        Without Redis nothing is lost: Postgres has it.
        """
        try:
            last = await self._log.open(run.id, run.attempt, floor)
            writer = self._log.writer(run.id, run.attempt, last)
            for event in events:
                await writer.emit(event)
            await writer.close()
        except (Unavailable, Conflict) as fault:
            log.warning("the log of run %s was not written: %s", run.id, fault.message)


def _must_be_answered(run: Run) -> Conflict:
    return Conflict(
        "A run of this thread waits for an answer.",
        hint=f"Answer it with POST /v1/runs/{run.id}/input, or stop it.",
        code="run_awaiting_input",
    )
