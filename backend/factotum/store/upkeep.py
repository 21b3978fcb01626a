"""What has outlived its use, and runs that wait too long: bounded per call, for several workers at once."""

from collections.abc import Sequence

from pydantic import TypeAdapter

from factotum.protocol.runs import ErrorInfo
from factotum.store.jsonb import encode
from factotum.store.paging import page
from factotum.store.records import OverdueRun
from factotum.store.tx import Tx

_ERROR = TypeAdapter(ErrorInfo)


class Upkeep:
    """Queries across tenants, in a system transaction, but for `fail_overdue`."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def overdue(self, seconds: float, limit: int) -> list[OverdueRun]:
        """Return runs that wait for an answer for longer than `seconds`, oldest first (200 or less).

        Those that wait for approvals are not among them: each of these has its own time.
        """
        rows = await self._tx.all(
            """
select id, account_id, created_by, attempt, log_seq from factotum.runs
where status = 'awaiting_input' and waits_since < clock_timestamp() - make_interval(secs => %s)
    and not exists (select from factotum.approvals
        where approvals.run_id = runs.id and approvals.status = 'pending')
order by waits_since limit %s""",
            (seconds, page(limit)),
        )
        return [OverdueRun.model_validate(row) for row in rows]

    async def fail_overdue(self, run_id: str, seconds: float, error: ErrorInfo) -> bool:
        """End a run that still waits; say whether it did. In its tenant's transaction, or a system one."""
        return bool(
            await self._tx.run(
                """
update factotum.runs set status = 'failed', error = %s::jsonb, ended_at = clock_timestamp()
where id = %s and status = 'awaiting_input'
    and waits_since < clock_timestamp() - make_interval(secs => %s)""",
                (encode(_ERROR, error), run_id, seconds),
            )
        )

    async def forget_keys(self, days: float, limit: int) -> int:
        """Free the idempotency keys of up to `limit` runs older than `days`; return how many."""
        return await self._tx.run(
            """
update factotum.runs set idempotency_key = null where id in (
    select id from factotum.runs where idempotency_key is not null
        and created_at < clock_timestamp() - make_interval(days => %s)
    order by created_at limit %s for update skip locked)""",
            (days, limit),
        )

    async def deleted_among(self, project_ids: Sequence[str]) -> list[str]:
        """Return those of the projects that were deleted lately."""
        rows = await self._tx.all(
            "select project_id from factotum.deleted_projects where project_id = any(%s::uuid[])",
            (list(project_ids),),
        )
        return [str(row["project_id"]) for row in rows]

    async def forget_deleted(self, days: float, limit: int) -> int:
        """Forget up to `limit` projects that were deleted longer than `days` ago; return how many."""
        return await self._tx.run(
            """
delete from factotum.deleted_projects where project_id in (
    select project_id from factotum.deleted_projects
    where deleted_at < clock_timestamp() - make_interval(days => %s) order by deleted_at limit %s)""",
            (days, limit),
        )
