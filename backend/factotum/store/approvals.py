"""Approvals. Law: each is decided once, and a run waits for its approvals until the last one is.

Whoever decides, closes or expires one holds the run's row first (`Runs.lock`, `hold_waiting`): so exactly
one of them finds that nothing is pending any more, and queues the run.
"""

from builtins import list as list_of
from datetime import datetime
from typing import Any, LiteralString

from pydantic import JsonValue, TypeAdapter

from factotum.core.canonical_json import digest
from factotum.core.errors import Conflict, NotFound
from factotum.core.ids import derived_id
from factotum.protocol.approvals import Approval, ApprovalScope
from factotum.store.jsonb import clean_text, encode
from factotum.store.paging import page
from factotum.store.records import ExpiredApproval, Permission, WaitingRun
from factotum.store.tx import Tx

_COLUMNS = (
    "id, run_id, thread_id, call_id, tool, arguments, arguments_hash, pattern, status, scope,"
    " edited_arguments, approved_hash, reason, decided_by, created_at, expires_at, decided_at"
)
_OBJECT: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])
_LIFTED = "status = 'approved' and scope = 'always' and revoked_at is null"


class Approvals:
    """Queries on approvals: in a tenant's transaction, the last group in a system one."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def request(
        self,
        run_id: str,
        *,
        call_id: str,
        tool: str,
        arguments: dict[str, JsonValue],
        pattern: str,
        expires_at: datetime,
    ) -> Approval:
        """Store that a call waits, once, bound to the hash of its arguments as they are stored.

        Raises NotFound (`run_not_found`), Forbidden.
        """
        written = encode(_OBJECT, arguments)
        row = await self._tx.one(
            f"""
insert into factotum.approvals
    (id, account_id, thread_id, run_id, call_id, tool, arguments, arguments_hash, pattern, expires_at)
select %(id)s::uuid, account_id, thread_id, id, %(call)s, %(tool)s, %(arguments)s::jsonb, %(hash)s,
    %(pattern)s, %(expires)s
from factotum.runs where id = %(run)s
on conflict (run_id, call_id) do nothing returning {_COLUMNS}""",
            {
                "id": derived_id(run_id, "approval", call_id),
                "run": run_id,
                "call": call_id,
                "tool": tool,
                "arguments": written,
                "hash": digest(_OBJECT.validate_json(written)),
                "pattern": pattern,
                "expires": expires_at,
            },
        )
        row = row or await self._tx.one(
            f"select {_COLUMNS} from factotum.approvals where run_id = %s and call_id = %s", (run_id, call_id)
        )
        if row is None:
            raise NotFound("There is no such run.", code="run_not_found")
        return _approval(row)

    async def of_run(self, run_id: str, *, pending: bool = False) -> list_of[Approval]:
        """Return a run's approvals in the order they were asked for, or only those that wait."""
        rows = await self._tx.all(
            f"""
select {_COLUMNS} from factotum.approvals
where run_id = %s and (status = 'pending' or not %s) order by created_at, id""",
            (run_id, pending),
        )
        return [_approval(row) for row in rows]

    async def get(self, run_id: str, approval_id: str) -> Approval:
        """Return one of a run's. Raises NotFound (`approval_not_found`)."""
        row = await self._tx.one(
            f"select {_COLUMNS} from factotum.approvals where run_id = %s and id = %s", (run_id, approval_id)
        )
        if row is None:
            raise approval_missing()
        return _approval(row)

    async def approve(
        self,
        approval: Approval,
        user_id: str,
        scope: ApprovalScope,
        edited: dict[str, JsonValue] | None,
        reason: str,
    ) -> Approval:
        """Approve a pending one, with other arguments if `edited`. Raises Conflict (`approval_decided`)."""
        written = None if edited is None else encode(_OBJECT, edited)
        approved = approval.arguments_hash if written is None else digest(_OBJECT.validate_json(written))
        return await self._decide(
            approval.id,
            "status = 'approved', scope = %(scope)s, edited_arguments = %(edited)s::jsonb,"
            " approved_hash = %(hash)s, ",
            {"scope": scope, "edited": written, "hash": approved, "user": user_id, "reason": reason},
        )

    async def deny(self, approval: Approval, user_id: str | None, reason: str) -> Approval:
        """Deny a pending one; by nobody when the run was stopped. Raises Conflict (`approval_decided`)."""
        return await self._decide(approval.id, "status = 'denied', ", {"user": user_id, "reason": reason})

    async def _decide(self, approval_id: str, change: LiteralString, values: dict[str, object]) -> Approval:
        row = await self._tx.one(
            f"""
update factotum.approvals set {change} decided_by = %(user)s, reason = %(reason)s,
    decided_at = clock_timestamp()
where id = %(id)s and status = 'pending' returning {_COLUMNS}""",
            {**values, "reason": clean_text(str(values["reason"])), "id": approval_id},
        )
        if row is None:
            raise Conflict(
                "The approval is decided already.",
                hint="GET /v1/runs/{run_id}/approvals lists them with who decided and when.",
                code="approval_decided",
            )
        return _approval(row)

    async def resume(self, run_id: str) -> bool:
        """Queue a run that waits for approvals if none is pending; say whether it was. Its row is held."""
        return bool(
            await self._tx.run(
                """
update factotum.runs set status = 'queued', enqueued = false, queued_at = clock_timestamp()
where id = %(run)s and status = 'awaiting_input' and not exists
    (select from factotum.approvals where run_id = %(run)s and status = 'pending')""",
                {"run": run_id},
            )
        )

    async def note_told(self, run_id: str, log_seq: int) -> None:
        """Keep the number that a run's log ends at, so that a loss is noticed. The run's row is held."""
        await self._tx.run(
            "update factotum.runs set log_seq = greatest(log_seq, %s) where id = %s", (log_seq, run_id)
        )

    async def lifted(self, thread_id: str) -> list_of[Permission]:
        """Return what is allowed for good in a thread, oldest first."""
        rows = await self._tx.all(
            f"""
select id, thread_id, run_id, pattern, decided_by, decided_at from factotum.approvals
where thread_id = %s and {_LIFTED} order by decided_at, id limit 1000""",
            (thread_id,),
        )
        return [Permission.model_validate(row) for row in rows]

    async def revoke(self, thread_id: str, approval_id: str) -> None:
        """Let a thread ask again. Raises NotFound (`permission_not_found`), Forbidden."""
        touched = await self._tx.run(
            f"""
update factotum.approvals set revoked_at = clock_timestamp()
where thread_id = %s and id = %s and {_LIFTED}""",
            (thread_id, approval_id),
        )
        if touched:
            return
        missing = NotFound("There is no such permission.", code="permission_not_found")
        known = any(each.id == approval_id for each in await self.lifted(thread_id))
        raise await self._tx.refusal("approvals", approval_id, missing) if known else missing

    async def due(self, limit: int) -> list_of[str]:
        """Return runs with an approval whose time is over, oldest first (200 or less). System."""
        rows = await self._tx.all(
            """
select run_id from factotum.approvals where status = 'pending' and expires_at <= clock_timestamp()
group by run_id order by min(expires_at) limit %s""",
            (page(limit),),
        )
        return [str(row["run_id"]) for row in rows]

    async def hold_waiting(self, run_id: str) -> WaitingRun | None:
        """Hold a run that waits, until the transaction ends; None if it does not wait any more. System."""
        row = await self._tx.one(
            """
select id, account_id, attempt, log_seq from factotum.runs
where id = %s and status = 'awaiting_input' for no key update""",
            (run_id,),
        )
        return None if row is None else WaitingRun.model_validate(row)

    async def expire(self, run_id: str) -> list_of[ExpiredApproval]:
        """Let those of a run expire whose time is over, and return them. System."""
        rows = await self._tx.all(
            """
update factotum.approvals set status = 'expired', decided_at = clock_timestamp()
where run_id = %s and status = 'pending' and expires_at <= clock_timestamp() returning id, call_id""",
            (run_id,),
        )
        return [ExpiredApproval.model_validate(row) for row in rows]


def approval_missing() -> NotFound:
    """Return the error for an approval that does not exist, or not for this caller."""
    return NotFound("There is no such approval.", code="approval_not_found")


def _approval(row: dict[str, Any]) -> Approval:
    edited = row["edited_arguments"]
    return Approval.model_validate(
        {
            **row,
            "arguments": _OBJECT.validate_json(row["arguments"]),
            "edited_arguments": None if edited is None else _OBJECT.validate_json(edited),
        }
    )
