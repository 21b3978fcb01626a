"""The message log. Law: positions in a thread are dense from 1; a message is stored once, never changed.

The log is in the order of storing, over all branches of the thread; store/branches.py reads one path of it.
"""

from builtins import list as list_of
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from factotum.core.errors import Conflict, NotFound, WrittenByNewer
from factotum.core.ids import new_id
from factotum.protocol.messages import Message, Part, Role
from factotum.protocol.newer import read_known
from factotum.store.jsonb import clean_text, encode
from factotum.store.paging import page
from factotum.store.threads import thread_missing
from factotum.store.tx import Tx

COLUMNS = "id, thread_id, parent_id, run_id, position, role, parts, model, created_at"
_PAGE = 200
_PARTS: TypeAdapter[tuple[Part, ...]] = TypeAdapter(tuple[Part, ...])
_NAME: TypeAdapter[str] = TypeAdapter(str)
_MESSAGES: TypeAdapter[list[Message]] = TypeAdapter(list[Message])

# Writers of a thread queue up at its row. The insert decides whether the message is new, and only a new one
# moves the thread on: so the positions have no gap, and a repeated message changes nothing. All that is read
# of the tree stands in the row that was waited for: other tables would be seen as they were before the wait.
_APPEND = f"""
with thread as materialized (
    select account_id, last_position, leaf_id, leaf_branch
    from factotum.threads where id = %(thread)s for no key update
), added as (
    insert into factotum.messages
        (id, account_id, thread_id, parent_id, branch_id, run_id, position, role, parts, model)
    select %(id)s::uuid, account_id, %(thread)s::uuid, leaf_id, coalesce(leaf_branch, %(id)s::uuid),
        %(run)s::uuid, last_position + 1, %(role)s, %(parts)s::jsonb, %(model)s
    from thread
    on conflict (id) do nothing
    returning branch_id, {COLUMNS}
), moved as (
    update factotum.threads set last_position = added.position, leaf_id = added.id,
        leaf_branch = added.branch_id, updated_at = now()
    from added where threads.id = %(thread)s
)
select {COLUMNS} from added
"""


class Messages:
    """Queries on messages, in a tenant's transaction."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def append(
        self,
        thread_id: str,
        role: Role,
        parts: Sequence[Part],
        *,
        run_id: str | None = None,
        message_id: str | None = None,
        model: str | None = None,
    ) -> Message:
        """Store a message after the thread's leaf, and make it the leaf.

        One whose id is stored already is given back as it stands.

        `model` names the one that wrote it, if a model did.

        Raises NotFound (`thread_not_found`), Forbidden, Conflict (`message_id_taken`: stored elsewhere).
        """
        chosen = message_id or new_id()
        row = await self._tx.one(
            _APPEND,
            {
                "thread": thread_id,
                "id": chosen,
                "run": run_id,
                "role": role,
                "parts": encode(_PARTS, tuple(parts)),
                "model": None if model is None else clean_text(model),
            },
        )
        if row is not None:
            return messages_of([row])[0]
        return await self._stored(thread_id, chosen)

    async def get(self, message_id: str) -> Message:
        """Return one. Raises NotFound (`message_not_found`)."""
        row = await self._tx.one(f"select {COLUMNS} from factotum.messages where id = %s", (message_id,))
        if row is None:
            raise NotFound("There is no such message.", code="message_not_found")
        return messages_of([row])[0]

    async def words_in(self, thread_id: str, message_id: str) -> str | None:
        """Return the text of a person's message in a thread, None if it is none of that thread's."""
        row = await self._tx.one(
            f"""
select {COLUMNS} from factotum.messages where id = %s and thread_id = %s and role = 'user'""",
            (message_id, thread_id),
        )
        return None if row is None else messages_of([row])[0].text

    async def list(self, thread_id: str, *, after: int = 0, limit: int = 50) -> list_of[Message]:
        """Return a page in order: the messages after position `after`."""
        rows = await self._tx.all(
            f"""
select {COLUMNS} from factotum.messages
where thread_id = %s and position > %s order by position limit %s""",
            (thread_id, after, page(limit)),
        )
        return messages_of(rows)

    async def last(self, thread_id: str, *, before: int | None = None, limit: int = 50) -> list_of[Message]:
        """Return the newest messages, or the newest before position `before`, in order."""
        rows = await self._tx.all(
            f"""
select {COLUMNS} from factotum.messages
where thread_id = %s and position < %s order by position desc limit %s""",
            (thread_id, 2**31 - 1 if before is None else before, page(limit)),
        )
        return messages_of(reversed(rows))

    async def of_run(
        self, run_id: str, *, after: int = 0, limit: int = 200, whole: bool = False
    ) -> list_of[Message]:
        """Return a page of what a run wrote, in order, after position `after`. `whole`: see messages_of."""
        rows = await self._tx.all(
            f"""
select {COLUMNS} from factotum.messages
where run_id = %s and position > %s order by position limit %s""",
            (run_id, after, page(limit)),
        )
        return messages_of(rows, whole=whole)

    async def all_of_run(self, run_id: str, *, whole: bool = False) -> list_of[Message]:
        """Return all that a run wrote, in order. `whole`: see messages_of."""
        found: list_of[Message] = []
        while True:
            after = found[-1].position if found else 0
            some = await self.of_run(run_id, after=after, limit=_PAGE, whole=whole)
            found.extend(some)
            if len(some) < _PAGE:
                return found

    async def _stored(self, thread_id: str, message_id: str) -> Message:
        """Find out why nothing was added: it stands already, its id is taken, or the thread is not ours."""
        row = await self._tx.one(
            f"select {COLUMNS} from factotum.messages where id = %s and thread_id = %s",
            (message_id, thread_id),
        )
        if row is not None:
            return messages_of([row])[0]
        taken = await self._tx.one(
            "select 1 as found from factotum.threads where id = %s for no key update", (thread_id,)
        )
        if taken is None:
            raise await self._tx.refusal("threads", thread_id, thread_missing())
        raise Conflict("A message with this id is stored elsewhere.", code="message_id_taken")


def messages_of(rows: Iterable[dict[str, Any]], *, whole: bool = False) -> list[Message]:
    """Read a page as one JSON document: a third cheaper than row by row, the parts being JSON text.

    Parts of types that only a newer version knows are left out. `whole`: for who works with them; then such a
    part raises WrittenByNewer.
    """
    document = f"[{','.join(map(_json, rows))}]"
    if not whole:
        return read_known(_MESSAGES, document)
    try:
        return _MESSAGES.validate_json(document, extra="ignore")
    except ValidationError as fault:
        raise WrittenByNewer("A message has a part that only a newer version knows.") from fault


def _json(row: dict[str, Any]) -> str:
    parent, run = (f'"{row[name]}"' if row[name] else "null" for name in ("parent_id", "run_id"))
    model = "null" if row["model"] is None else encode(_NAME, row["model"])
    return (
        f'{{"id":"{row["id"]}","thread_id":"{row["thread_id"]}","parent_id":{parent},"run_id":{run},'
        f'"position":{row["position"]},"role":"{row["role"]}","model":{model},'
        f'"created_at":"{row["created_at"].isoformat()}","parts":{row["parts"]}}}'
    )
