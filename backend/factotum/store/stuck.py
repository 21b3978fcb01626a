"""Runs that do not go on, and how much waits: what an operator wants to know."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from factotum.protocol.stuck import Why
from factotum.store.paging import page
from factotum.store.tx import Tx

_TURN_HAS_COME = """not exists (select from factotum.runs as earlier where earlier.thread_id = runs.thread_id
    and earlier.id < runs.id and earlier.ended_at is null)"""


class StuckRow(NamedTuple):
    """One run that does not go on, why, and for how many seconds."""

    run_id: str
    why: Why
    seconds: float


class Stuck:
    """Queries on runs that do not go on."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def list(self, seconds: float, limit: int) -> list[StuckRow]:
        """Return the caller's runs that have not gone on for `seconds`, longest first (200 or less).

        The lease of one that was handed over is `-infinity`: it waits since it was queued again.
        """
        rows = await self._tx.all(
            f"""
select id, why, extract(epoch from clock_timestamp() - since)::float8 as seconds from (
    select id, case when status = 'queued' then queued_at when crashes > 1 then started_at
            else greatest(lease_until, queued_at) end as since,
        case when status = 'queued' and not enqueued then 'no_room'
            when status = 'queued' then 'no_free_worker'
            when crashes > 1 then 'crashing' else 'no_worker' end as why
    from factotum.runs
    where account_id = any ((select factotum.readable_accounts())::uuid[]) and ended_at is null and (
        (status = 'queued' and queued_at < clock_timestamp() - make_interval(secs => %(seconds)s)
            and {_TURN_HAS_COME})
        or (status in ('running', 'stopping') and (crashes > 1
            or greatest(lease_until, queued_at) < clock_timestamp() - make_interval(secs => %(seconds)s))))
) as found order by since limit %(limit)s""",
            {"seconds": seconds, "limit": page(limit)},
        )
        return [StuckRow(str(row["id"]), row["why"], max(0.0, row["seconds"])) for row in rows]

    async def figures(self) -> Mapping[str, Any]:
        """Return how many runs are in each state, and the longest wait, of all accounts. System."""
        row = await self._tx.one(
            f"""
select count(*) filter (where status = 'queued') as queued,
    count(*) filter (where status = 'running') as running,
    count(*) filter (where status = 'stopping') as stopping,
    count(*) filter (where status = 'awaiting_input') as awaiting_input,
    count(*) filter (where status = 'queued' and not enqueued and {_TURN_HAS_COME}) as no_room,
    count(*) filter (where status in ('running', 'stopping') and lease_until < clock_timestamp())
        as no_worker,
    coalesce(extract(epoch from clock_timestamp() - min(queued_at)
        filter (where status = 'queued' and enqueued)), 0)::float8 as oldest_queued,
    coalesce(extract(epoch from clock_timestamp() - min(waits_since)
        filter (where status = 'awaiting_input')), 0)::float8 as oldest_awaiting
from factotum.runs where ended_at is null"""
        )
        return row or {}
