"""Shares of threads: made, listed and revoked by a tenant, and read by whoever has a link."""

from builtins import list as list_of
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from factotum.core.errors import Conflict, NotFound
from factotum.core.ids import new_id
from factotum.store.branches import SEGMENTS
from factotum.store.records import Share, SharedRun, SharedThread
from factotum.store.threads import Threads
from factotum.store.tx import Tx

MOST_SHARES = 50
"""Links of one thread that are good at the same time."""
_MOST_RUNS = 1000

_COLUMNS = "id, thread_id, created_by, title, created_at, expires_at"
_GOOD = "revoked_at is null and (expires_at is null or expires_at > clock_timestamp())"
_PATHS: TypeAdapter[tuple[str, ...]] = TypeAdapter(tuple[str, ...])


class Shares:
    """Queries on shares, in a tenant's transaction."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def create(
        self, thread_id: str, *, created_by: str, token_hash: str, expires_at: datetime | None
    ) -> Share:
        """Share a thread's path as it is now. `token_hash`: SHA-256 of the link's token, in hexadecimal.

        Raises NotFound (`thread_not_found`), Forbidden, Conflict (`nothing_to_share`, `shares_full`).
        """
        thread = await Threads(self._tx).get(thread_id)
        if len(await self.list(thread_id)) >= MOST_SHARES:
            raise Conflict(
                f"A thread has at most {MOST_SHARES} links.", hint="Revoke one first.", code="shares_full"
            )
        row = await self._tx.one(
            f"""
insert into factotum.shares
    (id, account_id, thread_id, created_by, token_hash, title, leaf_id, last_position, expires_at)
select %(id)s::uuid, leaf.account_id, leaf.thread_id, %(user)s::uuid, %(hash)s, threads.title, leaf.id,
    leaf.position, %(expires)s
from factotum.threads join factotum.messages as leaf on leaf.id = threads.leaf_id
where threads.id = %(thread)s
returning {_COLUMNS}""",
            {
                "id": new_id(),
                "user": created_by,
                "hash": token_hash,
                "thread": thread.id,
                "expires": expires_at,
            },
        )
        if row is None:
            raise Conflict(
                "There is nothing in this thread yet.", hint="Give it a task first.", code="nothing_to_share"
            )
        return Share.model_validate(row)

    async def list(self, thread_id: str) -> list_of[Share]:
        """Return the links of a thread that are good now, newest first."""
        rows = await self._tx.all(
            f"""
select {_COLUMNS} from factotum.shares where thread_id = %s and {_GOOD} order by id desc limit %s""",
            (thread_id, MOST_SHARES),
        )
        return [Share.model_validate(row) for row in rows]

    async def revoke(self, share_id: str) -> None:
        """End a link; one that has ended stays so. Raises NotFound (`share_not_found`), Forbidden."""
        touched = await self._tx.run(
            "update factotum.shares set revoked_at = coalesce(revoked_at, clock_timestamp()) where id = %s",
            (share_id,),
        )
        if not touched:
            raise await self._tx.refusal("shares", share_id, share_missing())


class SharedPath:
    """What a link opens, in a visitor's transaction: the database shows nothing else there."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def thread(self) -> SharedThread:
        """Return what is shared. Raises NotFound (`share_not_found`) where the link is not good."""
        row = await self._tx.one(
            "select thread_id, title, leaf_id, created_at, expires_at from factotum.shares"
        )
        if row is None:
            raise share_missing()
        return SharedThread.model_validate(row)

    async def runs(self, shared: SharedThread) -> list_of[SharedRun]:
        """Return the runs whose messages stand on the path and that had ended, oldest first."""
        rows = await self._tx.all(
            f"""{SEGMENTS}
select id, status, deliverables, started_at, ended_at from factotum.runs where id in (
    select message.run_id from segment join factotum.messages as message
        on message.branch_id = segment.branch_id and message.position <= segment.last)
order by id limit %(limit)s""",
            {"thread": shared.thread_id, "leaf": shared.leaf_id, "limit": _MOST_RUNS},
        )
        return [_run(row) for row in rows]

    async def project_id(self) -> str:
        """Return the project whose workspace holds what was delivered: for reading there, not for telling."""
        row = await self._tx.one("select project_id from factotum.threads")
        if row is None:
            raise share_missing()
        return str(row["project_id"])


def share_missing() -> NotFound:
    """Return the error for a link that is not good: revoked, expired, or never made. Nobody learns which."""
    return NotFound(
        "There is nothing under this link.",
        hint="It may have been revoked or have expired: ask whoever gave it to you.",
        code="share_not_found",
    )


def _run(row: dict[str, Any]) -> SharedRun:
    return SharedRun.model_validate({**row, "deliverables": _PATHS.validate_json(row["deliverables"])})
