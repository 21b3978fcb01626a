"""The network log: what the sandboxes of a thread's runs reached, or tried to."""

from collections.abc import Sequence

from pydantic import TypeAdapter

from factotum.protocol.network import NetworkConnection
from factotum.store.jsonb import encode
from factotum.store.paging import page
from factotum.store.tx import Tx

_ROWS = TypeAdapter(tuple[NetworkConnection, ...])
_COLUMNS = "id, run_id, at, method, host, port, verdict, reason, bytes_sent, bytes_received, seconds, secrets"


class NetworkLog:
    """Queries on the log: in a tenant's transaction, the last one in a system one."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def add(self, run_id: str, connections: Sequence[NetworkConnection]) -> int:
        """Store what a run reached; return how many rows. None when the run is gone, or not the caller's."""
        return await self._tx.run(
            f"""
insert into factotum.network_log (account_id, thread_id, {_COLUMNS})
select runs.account_id, runs.thread_id, made.*
from factotum.runs, jsonb_to_recordset(%s::jsonb) as made (id uuid, run_id uuid, at timestamptz,
    method text, host text, port integer, verdict text, reason text, bytes_sent bigint,
    bytes_received bigint, seconds double precision, secrets text[])
where runs.id = %s on conflict (id) do nothing""",
            (encode(_ROWS, tuple(connections)), run_id),
        )

    async def list(
        self, thread_id: str, *, after: str | None = None, limit: int = 50
    ) -> list[NetworkConnection]:
        """Return a page of a thread's, newest first."""
        rows = await self._tx.all(
            f"""
select {_COLUMNS} from factotum.network_log
where thread_id = %s and id < coalesce(%s::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
order by id desc limit %s""",
            (thread_id, after, page(limit)),
        )
        return [
            NetworkConnection.model_validate({**row, "id": str(row["id"]), "run_id": str(row["run_id"])})
            for row in rows
        ]

    async def forget(self, days: float, limit: int) -> int:
        """Forget up to `limit` rows older than `days`; return how many."""
        return await self._tx.run(
            """
delete from factotum.network_log where id in (
    select id from factotum.network_log
    where at < clock_timestamp() - make_interval(days => %s) order by at limit %s)""",
            (days, limit),
        )
