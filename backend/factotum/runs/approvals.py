"""Deciding about calls that wait, in a person's name, and letting time decide when nobody does.

A run goes on when the last of its pending approvals is decided: its job is written in the same transaction.
"""

import logging

from pydantic import JsonValue

from factotum.bus.run_log import RunLog
from factotum.bus.signals import Signals
from factotum.core.clock import now
from factotum.core.errors import Conflict, InvalidInput
from factotum.features.approvals import ApprovalList, Decision, checked_arguments
from factotum.protocol.approvals import Approval
from factotum.protocol.events import ApprovalResolved
from factotum.protocol.runs import Run
from factotum.runs.announcing import announce
from factotum.runs.dispatch import dispatch
from factotum.runs.queue import RunQueue
from factotum.store.approvals import Approvals
from factotum.store.database import Database
from factotum.store.records import Caller
from factotum.store.runs import Runs
from factotum.store.tx import Tx
from factotum.tools.registry import Registry

log = logging.getLogger(__name__)

_BATCH = 100


class ApprovalService:
    """The caller's side of approvals. `registry` has the tools by whose schemas edits are checked."""

    def __init__(
        self, database: Database, queue: RunQueue, run_log: RunLog, signals: Signals, registry: Registry
    ) -> None:
        self._database = database
        self._queue = queue
        self._log = run_log
        self._signals = signals
        self._registry = registry

    async def list(self, caller: Caller, run_id: str) -> ApprovalList:
        """Return all of a run's. Raises NotFound (`run_not_found`)."""
        async with self._database.tenant(caller) as tx:
            await Runs(tx).get(run_id)
            return ApprovalList(items=tuple(await Approvals(tx).of_run(run_id)))

    async def decide(self, caller: Caller, run_id: str, approval_id: str, decision: Decision) -> Approval:
        """Decide about one call; the run goes on with the last.

        Raises NotFound (`run_not_found`, `approval_not_found`), Forbidden, InvalidInput (`hash_missing`,
        `invalid_arguments`), Conflict (`approval_changed`, `approval_decided`, `approval_expired`).
        """
        async with self._database.tenant(caller) as tx:
            runs, approvals = Runs(tx), Approvals(tx)
            run = await runs.lock(run_id)
            approval = await approvals.get(run_id, approval_id)
            _check(approval, decision)
            if decision.decision == "deny":
                decided = await approvals.deny(approval, caller.user_id, decision.reason)
            else:
                decided = await approvals.approve(
                    approval,
                    caller.user_id,
                    decision.scope,
                    self._edited(approval, decision),
                    decision.reason,
                )
            floor = await runs.log_seq(run_id)
            resumed = await approvals.resume(run_id)
            last = await announce(self._log, run_id, run.attempt, floor, resolved(decided))
            await approvals.note_told(run_id, last)
            if resumed:
                await dispatch(tx, self._queue, run.account_id)
        if resumed:
            await self._signals.send(run_id, "wake")
        return decided

    def _edited(self, approval: Approval, decision: Decision) -> dict[str, JsonValue] | None:
        if decision.arguments is None or decision.arguments == approval.arguments:
            return None
        return checked_arguments(self._registry, approval.tool, decision.arguments)


class ApprovalExpiry:
    """Periodic work: what nobody decided in time is over, and the run goes on with that."""

    def __init__(self, database: Database, queue: RunQueue, run_log: RunLog) -> None:
        self._database = database
        self._queue = queue
        self._log = run_log

    async def sweep(self) -> int:
        """Look once; return how many runs had something that expired. Raises Unavailable."""
        async with self._database.system() as tx:
            due = await Approvals(tx).due(_BATCH)
        for run_id in due:
            await self._expire(run_id)
        return len(due)

    async def _expire(self, run_id: str) -> None:
        async with self._database.system() as tx:
            approvals = Approvals(tx)
            run = await approvals.hold_waiting(run_id)
            if run is None:
                return
            expired = await approvals.expire(run_id)
            resumed = await approvals.resume(run_id)
            events = [
                ApprovalResolved(approval_id=each.id, call_id=each.call_id, status="expired")
                for each in expired
            ]
            last = await announce(self._log, run_id, run.attempt, run.log_seq, *events)
            await approvals.note_told(run_id, last)
            if resumed:
                await dispatch(tx, self._queue, run.account_id)
        log.info("run %s: %d approvals expired", run_id, len(expired))


async def close_approvals(tx: Tx, run_id: str) -> list[Approval]:
    """Close what a run still asks for, because it is stopped. Its row is held. Returns what was closed."""
    approvals = Approvals(tx)
    pending = await approvals.of_run(run_id, pending=True)
    return [await approvals.deny(approval, None, "run stopped") for approval in pending]


def resolved(approval: Approval) -> ApprovalResolved:
    """Return the event that tells of a decision."""
    assert approval.status != "pending"
    return ApprovalResolved(
        approval_id=approval.id,
        call_id=approval.call_id,
        status=approval.status,
        scope=approval.scope,
        edited_arguments=approval.edited_arguments,
        reason=approval.reason,
        decided_by=approval.decided_by,
    )


def refuse_plain_answer(run: Run) -> None:
    """Raise Conflict (`run_awaits_approval`) when a run that waits for decisions is sent a text."""
    if run.question is not None and run.question.reason == "approval":
        raise Conflict(
            "The run waits for decisions about calls, not for an answer in words.",
            hint=f"GET /v1/runs/{run.id}/approvals lists them; POST a decision to each one's address there.",
            code="run_awaits_approval",
        )


def _check(approval: Approval, decision: Decision) -> None:
    if approval.status != "pending":
        who = "by somebody" if approval.decided_by else "by nobody"
        raise Conflict(
            f"The approval was decided already: {approval.status}, {who}.",
            hint="It stays so. If the call is still wanted, tell the agent.",
            code="approval_decided",
        )
    if approval.expires_at <= now():
        raise Conflict(
            "The time to decide this is over; the run goes on without the call.",
            hint="If the call is still wanted, tell the agent.",
            code="approval_expired",
        )
    if decision.arguments_hash is None and decision.decision == "approve":
        raise InvalidInput(
            "To approve, send the `arguments_hash` of what you saw.",
            hint="It stands in the approval, beside its arguments.",
            code="hash_missing",
        )
    if decision.arguments_hash not in {None, approval.arguments_hash}:
        raise Conflict(
            "The arguments are not those that you saw.",
            hint="Read the approval again before you decide.",
            code="approval_changed",
        )
