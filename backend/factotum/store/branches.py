"""A thread as a tree: one path of it, the ways beside the path, and where its leaf stands.

Law: messages are only added. A path's positions ascend, so a path is a few ranges of one index: what of each
branch lies before the place where the next one leaves it.
"""

import json
from builtins import list as list_of
from collections.abc import Sequence
from typing import Any, cast

from factotum.core.errors import NotFound
from factotum.protocol.messages import Message
from factotum.store.messages import COLUMNS, messages_of
from factotum.store.paging import page
from factotum.store.records import PlacedMessage
from factotum.store.threads import thread_missing
from factotum.store.tx import Tx

_END = 2**31 - 1

SEGMENTS = """
with recursive segment (branch_id, last) as (
    select leaf.branch_id, leaf.position
    from factotum.messages leaf where leaf.thread_id = %(thread)s and leaf.id = (
        select coalesce(%(leaf)s::uuid, leaf_id) from factotum.threads where id = %(thread)s)
union all
    select parent.branch_id, parent.position
    from segment join factotum.messages first on first.id = segment.branch_id
        join factotum.messages parent on parent.id = first.parent_id
)
"""
"""The ranges of a path, as the beginning of a query: `segment` with `branch_id` and its `last` position."""
_PATH = f"""{SEGMENTS}
select page.* from segment cross join lateral (
    select {COLUMNS} from factotum.messages
    where branch_id = segment.branch_id and position <= segment.last and position > %(after)s
    order by position limit %(limit)s
) as page order by position limit %(limit)s"""
_END_OF_PATH = f"""{SEGMENTS}
select page.* from segment cross join lateral (
    select {COLUMNS} from factotum.messages
    where branch_id = segment.branch_id and position <= segment.last and position < %(before)s
    order by position desc limit %(limit)s
) as page order by position desc limit %(limit)s"""

# The two conditions of the union are each one look into an index; `is not distinct from` would be none.
_WITH_SIBLINGS = """
select placed.*, (
    select jsonb_agg(id order by position) from (
        select id, position from factotum.messages as beside
        where beside.thread_id = placed.thread_id and beside.parent_id = placed.parent_id
        union all
        select id, position from factotum.messages as root
        where placed.parent_id is null and root.thread_id = placed.thread_id and root.parent_id is null
    ) as child
) as siblings from ({path}) as placed order by position"""

# From the message on, its branch belongs to it, and so does each branch that leaves one of its parts.
_NEWEST_BELOW = """
with recursive part (branch_id, begin) as (
    select branch_id, position from factotum.messages where id = %(message)s and thread_id = %(thread)s
union all
    select start.id, start.position
    from part join factotum.messages fork on fork.branch_id = part.branch_id and fork.position >= part.begin
        join factotum.messages start on start.parent_id = fork.id and start.thread_id = %(thread)s
    where start.id = start.branch_id
)
select tip.id from part cross join lateral (
    select id, position from factotum.messages
    where branch_id = part.branch_id and position >= part.begin order by position desc limit 1
) as tip order by tip.position desc limit 1"""


class Branches:
    """Queries on the paths of threads, in a tenant's transaction."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def path(
        self,
        thread_id: str,
        *,
        leaf: str | None = None,
        after: int = 0,
        limit: int = 50,
        whole: bool = False,
    ) -> list_of[Message]:
        """Return a page of a path in order: its messages after position `after`.

        The path ends with the message `leaf`, or with the thread's own leaf. `whole`: see messages_of.
        """
        bounds = {"thread": thread_id, "leaf": leaf, "after": after, "limit": page(limit)}
        return messages_of(await self._tx.all(_PATH, bounds), whole=whole)

    async def placed(
        self, thread_id: str, *, leaf: str | None = None, after: int = 0, limit: int = 50
    ) -> list_of[PlacedMessage]:
        """As `path`, each message with its siblings."""
        bounds = {"thread": thread_id, "leaf": leaf, "after": after, "limit": page(limit)}
        return _placed(await self._tx.all(_WITH_SIBLINGS.format(path=_PATH), bounds))

    async def last_placed(
        self, thread_id: str, *, leaf: str | None = None, before: int | None = None, limit: int = 50
    ) -> list_of[PlacedMessage]:
        """Return the newest messages of a path, or the newest before position `before`, in order."""
        end = _END if before is None else min(before, _END)
        bounds = {"thread": thread_id, "leaf": leaf, "before": end, "limit": page(limit)}
        return _placed(await self._tx.all(_WITH_SIBLINGS.format(path=_END_OF_PATH), bounds))

    async def newest_below(self, thread_id: str, message_id: str) -> str:
        """Return the message that was stored last of all that follow a message; itself when none does.

        Raises NotFound (`message_not_found`) when the thread has no such message.
        """
        row = await self._tx.one(_NEWEST_BELOW, {"thread": thread_id, "message": message_id})
        if row is None:
            raise NotFound("The thread has no such message.", code="message_not_found")
        return str(row["id"])

    async def asked_by(self, message: Message) -> str:
        """Return the id of the user's message that a message answers: the last one before it, or itself.

        Raises NotFound (`message_not_found`) when no user wrote before it.
        """
        row = await self._tx.one(
            f"""{SEGMENTS}
select page.id from segment cross join lateral (
    select id, position from factotum.messages
    where branch_id = segment.branch_id and position <= segment.last and role = 'user'
    order by position desc limit 1
) as page order by position desc limit 1""",
            {"thread": message.thread_id, "leaf": message.id},
        )
        if row is None:
            raise NotFound("No message of a user stands before this one.", code="message_not_found")
        return str(row["id"])

    async def move(self, thread_id: str, message_id: str | None) -> None:
        """Let the thread go on after a message; None: from its very beginning.

        Lock the thread first (`Runs.take_turn`), and let no run of it be under way.
        Raises NotFound, Forbidden.
        """
        touched = await self._tx.run(
            """
update factotum.threads set leaf_id = leaf.id, leaf_branch = leaf.open_branch
from (select null::uuid as id, null::uuid as open_branch where %(message)s::uuid is null
    union all
    select id, case when not exists (select from factotum.messages as child
        where child.thread_id = leaf.thread_id and child.parent_id = leaf.id) then branch_id end
    from factotum.messages as leaf where id = %(message)s::uuid and thread_id = %(thread)s) as leaf
where threads.id = %(thread)s""",
            {"thread": thread_id, "message": message_id},
        )
        if not touched:
            raise await self._tx.refusal("threads", thread_id, thread_missing())


def _placed(rows: Sequence[dict[str, Any]]) -> list[PlacedMessage]:
    found = zip(messages_of(rows), rows, strict=True)
    return [
        PlacedMessage(**dict(message), siblings=tuple(cast("list[str]", json.loads(row["siblings"]))))
        for message, row in found
    ]
