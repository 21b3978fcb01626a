"""Who carries which run, across tenants. Law: one attempt of a run, and one run of a thread, at a time."""

from collections.abc import Mapping

import psycopg
from pydantic import TypeAdapter

from factotum.protocol.runs import ErrorInfo
from factotum.store.jsonb import encode
from factotum.store.paging import page
from factotum.store.records import ClaimedRun, LostRun, Wishes
from factotum.store.runs import stale
from factotum.store.tx import Tx

_ERROR = TypeAdapter(ErrorInfo)

# FOR UPDATE waits for transactions that hold the old attempt (Runs.hold), then looks at the row again.
_CLAIM = """
with target as (
    select id, status in ('running', 'stopping') and lease_until > '-infinity' as died,
        started_at is not null as began
    from factotum.runs
    where id = %(run)s and (status = 'queued'
            or (status in ('running', 'stopping') and lease_until < clock_timestamp()))
        and not exists (select 1 from factotum.runs as earlier where earlier.thread_id = runs.thread_id
            and earlier.id < runs.id and earlier.ended_at is null)
    for update
)
update factotum.runs set status = case status when 'stopping' then 'stopping' else 'running' end,
    attempt = attempt + 1, enqueued = false, crashes = crashes + target.died::integer, owner = %(owner)s,
    lease_until = clock_timestamp() + make_interval(secs => %(seconds)s),
    started_at = coalesce(started_at, clock_timestamp())
from target where runs.id = target.id
returning runs.id, account_id, project_id, thread_id, created_by, agent_id, model, status, attempt, step,
    crashes, log_seq, stop_requested, has_unread, target.died as took_over,
    target.began and not target.died as resumed
"""


class Leases:
    """Queries on the leases of runs, in a system transaction (`release` and `hold` are on `Runs`)."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def claim(self, run_id: str, owner: str, lease_seconds: float) -> ClaimedRun | None:
        """Make `owner` the run's carrier, with a new attempt. None when it is not to be had.

        It is to be had when it is queued, or its lease ran out, and every earlier run of its thread has
        ended; among claims at once, exactly one wins.
        """
        try:
            async with self._tx.savepoint():
                row = await self._tx.one(_CLAIM, {"run": run_id, "owner": owner, "seconds": lease_seconds})
        except psycopg.errors.UniqueViolation:
            # one_running_run_of_thread: another run of the thread is carried, or was until its lease ran out.
            return None
        return None if row is None else ClaimedRun.model_validate(row)

    async def renew(
        self, owner: str, held: Mapping[str, int], lease_seconds: float
    ) -> dict[str, Wishes | None]:
        """Renew the leases of all of a process's runs (`held`: run id to attempt) in one statement.

        Returns those that it still owns, each with what is wanted of it; what is missing is lost. None: the
        row is being written to and was passed over, so that a hundred leases never wait for one step.
        """
        rows = await self._tx.all(
            """
with held as materialized (
    select runs.id from factotum.runs join unnest(%s::uuid[], %s::integer[]) as held (id, attempt)
        on runs.id = held.id and runs.attempt = held.attempt
    where owner = %s and status in ('running', 'stopping') and lease_until > '-infinity'
), free as materialized (
    select runs.id from factotum.runs join held on runs.id = held.id
    where owner = %s and status in ('running', 'stopping') and lease_until > '-infinity'
    for no key update of runs skip locked
), renewed as (
    update factotum.runs set lease_until = clock_timestamp() + make_interval(secs => %s)
    from free where runs.id = free.id
    returning runs.id, stop_requested, has_unread
)
select held.id, renewed.id is not null as renewed, stop_requested, has_unread
from held left join renewed on renewed.id = held.id""",
            (list(held.keys()), list(held.values()), owner, owner, lease_seconds),
        )
        return {
            str(row["id"]): Wishes(row["stop_requested"], row["has_unread"]) if row["renewed"] else None
            for row in rows
        }

    async def lost(self, limit: int, *, after: str | None = None) -> list[LostRun]:
        """Return runs whose lease ran out, in the order of their ids, `after` one (200 or less)."""
        rows = await self._tx.all(
            """
select id, account_id, thread_id, status, attempt from factotum.runs
where status in ('running', 'stopping') and lease_until < clock_timestamp()
    and id > coalesce(%s::uuid, '00000000-0000-0000-0000-000000000000')
order by id limit %s""",
            (after, page(limit)),
        )
        return [LostRun.model_validate(row) for row in rows]

    async def on_their_way(
        self, limit: int, *, after: str | None = None, queued_seconds: float = 30
    ) -> list[LostRun]:
        """As `lost`, those that were given a job longer than `queued_seconds` ago: it may be lost."""
        rows = await self._tx.all(
            """
select id, account_id, thread_id, status, attempt from factotum.runs
where status = 'queued' and enqueued and queued_at < clock_timestamp() - make_interval(secs => %s)
    and id > coalesce(%s::uuid, '00000000-0000-0000-0000-000000000000')
order by id limit %s""",
            (queued_seconds, after, page(limit)),
        )
        return [LostRun.model_validate(row) for row in rows]

    async def went_over(self, run: ClaimedRun) -> bool:
        """Tell whether a claimed run became somebody else's since (store/members.py)."""
        row = await self._tx.one(
            """
select 1 as is_anothers from factotum.runs
where id = %s and attempt = %s and status in ('running', 'stopping') and created_by <> %s""",
            (run.id, run.attempt, run.created_by),
        )
        return row is not None

    async def fail(self, run_id: str, attempt: int, error: ErrorInfo, *, log_seq: int = 0) -> None:
        """End a run that cannot be carried: its creator has left the account, or its workers keep dying.

        Raises StaleAttempt (which is also a run that ended or waits meanwhile).
        """
        touched = await self._tx.run(
            """
update factotum.runs set status = 'failed', error = %(error)s::jsonb, ended_at = clock_timestamp(),
    owner = null, lease_until = null, log_seq = greatest(log_seq, %(log_seq)s)
where id = %(run)s and attempt = %(attempt)s and status in ('running', 'stopping')""",
            {"run": run_id, "attempt": attempt, "error": encode(_ERROR, error), "log_seq": log_seq},
        )
        if not touched:
            raise stale()
