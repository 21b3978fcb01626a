"""What a caller may do with a thread besides giving it tasks: write into its run, edit, and try again."""

from dataclasses import replace
from typing import Literal

from factotum.bus.signals import Signals
from factotum.core.clock import now
from factotum.core.errors import Conflict
from factotum.core.frozen import Frozen
from factotum.core.ids import derived_id, new_id
from factotum.protocol.messages import Message, TextPart
from factotum.protocol.runs import Delivery, Run, RunOptions, UnreadMessage
from factotum.runs.opening import Beside, From, message_of
from factotum.runs.service import NewRun, RunService
from factotum.store.branches import Branches
from factotum.store.database import Database
from factotum.store.messages import Messages
from factotum.store.records import Caller
from factotum.store.runs import Runs
from factotum.store.steering import Steering
from factotum.store.threads import Threads
from factotum.store.tx import Tx

Outcome = Literal["sent", "answered", "queued"]
"""What became of a message: it was sent into a run, is its answer, or is the task of a new one."""


class Sent(Frozen):
    """What became of a message, and the run that reads it."""

    outcome: Outcome
    run: Run


class Conversation:
    """The caller's side of a thread with its runs, each method a transaction with the caller's rights."""

    def __init__(self, database: Database, runs: RunService, signals: Signals) -> None:
        self._database = database
        self._runs = runs
        self._signals = signals

    async def send(
        self, caller: Caller, thread_id: str, new: NewRun, delivery: Delivery | None = None
    ) -> Sent | Message:
        """Bring a message to the run whose turn it is, or make a run for it.

        `steer`: the run reads it after its present step. `interrupt`: the run leaves off what it does, and
        reads it at once. `queue`: it is the task of a run of its own. None: as `steer`; with no run under way
        it is stored, which is returned, and no run is made.
        A run that waits for a person takes it as the answer.
        Raises NotFound, Forbidden, InvalidInput, Conflict (`run_stopping`, `too_many_unread`, and
        `run_awaiting_input` for `queue`).
        """
        if delivery != "queue":
            async with self._database.tenant(caller) as tx:
                live = await self._write_to_live(tx, thread_id, new, delivery or "steer")
                if live is None and delivery is None:
                    return await _store(tx, thread_id, new)
            if live is not None and live.status == "awaiting_input":
                answered = await self._runs.answer(caller, live.id, new.input)
                return Sent(outcome="answered", run=answered)
            if live is not None:
                await self._signals.send(live.id, "steer")
                return Sent(outcome="sent", run=live)
        run, _ = await self._runs.submit(caller, thread_id, new)
        return Sent(outcome="queued", run=run)

    async def change_task(self, caller: Caller, run_id: str, text: str) -> Run:
        """Replace the task of a run that waits for its turn. Raises NotFound, Forbidden, Conflict."""
        async with self._database.tenant(caller) as tx:
            return await Steering(tx).change_input(run_id, text)

    async def edit(self, caller: Caller, thread_id: str, message_id: str, new: NewRun) -> Run:
        """Write a user's message anew, on a branch of its own, and start a run on it.

        What `new` leaves open is as in the run of the old message. Raises NotFound, Forbidden, InvalidInput
        (`message_not_editable`, model), Conflict (`run_in_progress`).
        """
        async with self._database.tenant(caller) as tx:
            await Threads(tx).get(thread_id)
            message = await message_of(tx, thread_id, message_id)
            new = await _as_before(tx, message.run_id, new)
        return (await self._runs.submit(caller, thread_id, new, Beside(message_id)))[0]

    async def retry(self, caller: Caller, thread_id: str, message_id: str, new: NewRun) -> Run:
        """Have a user's message answered again, on a branch of its own; any other stands for what it answers.

        What `new` leaves open is as in the run of the message. Raises as `edit`, but for the message.
        """
        async with self._database.tenant(caller) as tx:
            await Threads(tx).get(thread_id)
            message = await message_of(tx, thread_id, message_id)
            asked = await Branches(tx).asked_by(message)
            new = await _as_before(tx, message.run_id, new)
        return (await self._runs.submit(caller, thread_id, new, From(asked)))[0]

    async def retry_run(self, caller: Caller, run_id: str, new: NewRun) -> Run:
        """Start a run again from the message that it worked on. Raises as `retry`."""
        async with self._database.tenant(caller) as tx:
            run = await Runs(tx).get(run_id)
            new = await _as_before(tx, run_id, new)
        if run.message_id is None:
            raise Conflict(
                "The turn of this run has not come, or never came.",
                hint=f"Give its text as a new task: POST /v1/threads/{run.thread_id}/runs.",
                code="run_not_begun",
            )
        return (await self._runs.submit(caller, run.thread_id, new, From(run.message_id)))[0]

    async def _write_to_live(
        self, tx: Tx, thread_id: str, new: NewRun, delivery: Literal["steer", "interrupt"]
    ) -> Run | None:
        """Leave the message with the live run, if there is one that takes it; return that run."""
        steering = Steering(tx)
        live = await steering.live_run(thread_id)
        if live is None or live.status == "awaiting_input":
            return live
        if live.status == "stopping":
            raise Conflict(
                "The run is being stopped and reads nothing more.",
                hint="Send it when the run has ended, or with delivery `queue`.",
                code="run_stopping",
            )
        message = UnreadMessage(
            id=_message_id(thread_id, new), text=new.input, delivery=delivery, sent_at=now()
        )
        await steering.send(live.id, message)
        return await Runs(tx).get(live.id)


def _message_id(thread_id: str, new: NewRun) -> str:
    key = new.idempotency_key
    return new_id() if key is None else derived_id(thread_id, "message", key)


async def _store(tx: Tx, thread_id: str, new: NewRun) -> Message:
    return await Messages(tx).append(
        thread_id, "user", [TextPart(text=new.input)], message_id=_message_id(thread_id, new)
    )


async def _as_before(tx: Tx, run_id: str | None, new: NewRun) -> NewRun:
    """Return `new` with the model, the agent and the options of an earlier run where it names none."""
    if run_id is None:
        return new
    before = await Runs(tx).get(run_id)
    options = before.options if new.options == RunOptions() else new.options
    agent_id = new.agent_id or before.agent_id
    return replace(new, model=new.model or before.model, agent_id=agent_id, options=options)
