"""Which queued runs get a job. Law: no account has more runs at work or on their way than its limit.

All of it runs in the system's name, under a lock that is the last one its transaction takes: nothing that is
decided here is overtaken by another decision about the same account.
"""

from typing import NamedTuple

from factotum.store.paging import page
from factotum.store.tx import Tx

_TURN_HAS_COME = """not exists (select from factotum.runs as earlier where earlier.thread_id = runs.thread_id
        and earlier.id < runs.id and earlier.ended_at is null)"""
_TAKEN = "(status in ('running', 'stopping') or (status = 'queued' and enqueued))"
_PARKED = "status = 'queued' and not enqueued"

# With an account's hash as its second half, one key of two numbers; alone, another one that stands for all.
_LOCK_SPACE = 0x72756E73


class Parked(NamedTuple):
    """An account with runs that wait for room, and how many of its runs are taken already."""

    account_id: str
    taken: int


class Dispatch:
    """Queries on what waits for room, within `tx.as_system()` or a system transaction."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def lock_account(self, account_id: str) -> None:
        """Let nobody else decide about the account until the transaction ends."""
        await self._tx.one(
            "select pg_advisory_xact_lock(%s, hashtext(%s::uuid::text))", (_LOCK_SPACE, account_id)
        )

    async def lock_all(self) -> None:
        """Let nobody else decide about any account, where a limit holds for all of them together."""
        await self._tx.one("select pg_advisory_xact_lock(%s)", (_LOCK_SPACE,))

    async def taken(self, account_id: str | None = None) -> int:
        """Return how many runs of the account, or of all, are carried or on their way to a worker."""
        query = f"select count(*) as taken from factotum.runs where {_TAKEN}"
        if account_id is None:
            row = await self._tx.one(query)
        else:
            row = await self._tx.one(query + " and account_id = %s", (account_id,))
        return 0 if row is None else int(row["taken"])

    async def take(self, account_id: str, most: int) -> list[str]:
        """Mark up to `most` (200 or less) runs of the account as enqueued, and return them in their order.

        Those that had begun come first, then the oldest; each only when its thread's turn has come to it.
        """
        rows = await self._tx.all(
            f"""
with chosen as (
    select id from factotum.runs where account_id = %s and {_PARKED} and {_TURN_HAS_COME}
    order by (started_at is null), queued_at, id limit %s for update skip locked
)
update factotum.runs set enqueued = true from chosen where runs.id = chosen.id
returning runs.id, started_at is null as fresh, queued_at""",
            (account_id, page(most)),
        )
        return [
            str(row["id"])
            for row in sorted(rows, key=lambda row: (row["fresh"], row["queued_at"], row["id"]))
        ]

    async def parked(self, account_limit: int, limit: int) -> list[Parked]:
        """Return accounts with room for runs that wait, the one with the fewest taken first (200 or less)."""
        rows = await self._tx.all(
            f"""
select waiting.account_id, coalesce(counted.taken, 0) as taken
from (select account_id, min(queued_at) as since from factotum.runs where {_PARKED} and {_TURN_HAS_COME}
    group by account_id) as waiting
left join (select account_id, count(*) as taken from factotum.runs where {_TAKEN} group by account_id)
    as counted using (account_id)
where coalesce(counted.taken, 0) < %s
order by taken, waiting.since limit %s""",
            (account_limit, page(limit)),
        )
        return [Parked(str(row["account_id"]), int(row["taken"])) for row in rows]
