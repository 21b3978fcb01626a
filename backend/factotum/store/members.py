"""The members of an account: who they are, which role each has, and what becomes of the work of one who goes.

Law: the database decides who may change whom, and keeps the last owner; what is refused here says why.
"""

from builtins import list as list_of
from collections.abc import Awaitable
from datetime import datetime
from typing import Any, NamedTuple

import psycopg

from factotum.core.errors import Conflict, FactotumError, Forbidden, NotFound
from factotum.core.frozen import Frozen
from factotum.store.jsonb import clean_text
from factotum.store.records import MemberRole
from factotum.store.tx import Tx

MOST_MEMBERS = 50
"""People of one account."""


class Member(Frozen):
    """A person of an account. `name` None: they never gave one. `created_at`: since when."""

    user_id: str
    name: str | None
    role: MemberRole
    created_at: datetime


class HandedOver(NamedTuple):
    """Runs that had not ended when the right of their maker did, and the owner whose they now are."""

    heir: str
    run_ids: tuple[str, ...]


class Members:
    """Queries on the members of one account, in a transaction of one of them."""

    def __init__(self, tx: Tx, account_id: str) -> None:
        self._tx = tx
        self._account_id = account_id

    async def list(self) -> list_of[Member]:
        """Return all of them, in the order in which they came."""
        rows = await self._tx.all(
            """
select user_id, name, role, created_at from factotum.account_members
where account_id = %s order by created_at, user_id limit 1000""",
            (self._account_id,),
        )
        return [Member.model_validate(row) for row in rows]

    async def get(self, user_id: str) -> Member:
        """Return one. Raises NotFound (`member_not_found`)."""
        row = await self._tx.one(
            """
select user_id, name, role, created_at from factotum.account_members
where account_id = %s and user_id = %s""",
            (self._account_id, user_id),
        )
        if row is None:
            raise _missing()
        return Member.model_validate(row)

    async def set_role(self, user_id: str, role: MemberRole) -> HandedOver | None:
        """Give a member another role. One who may only read from now on hands over their runs.

        Raises NotFound (`member_not_found`), Forbidden, Conflict (`last_owner`).
        """
        heir = await self._heir(user_id)
        changed = self._tx.one(
            "select factotum.set_member_role(%s, %s, %s) as said", (self._account_id, user_id, role)
        )
        await _done(changed)
        return await self._hand_over(user_id, heir) if role == "viewer" else None

    async def remove(self, user_id: str) -> HandedOver | None:
        """Take a member out of the account, or oneself. Their runs that have not ended go to an owner.

        Raises NotFound (`member_not_found`), Forbidden, Conflict (`last_owner`).
        """
        heir = await self._heir(user_id)
        await _done(
            self._tx.one("select factotum.remove_member(%s, %s) as said", (self._account_id, user_id))
        )
        return await self._hand_over(user_id, heir)

    async def name_myself(self, name: str) -> None:
        """Change what the caller is called here. Raises NotFound (`member_not_found`)."""
        await _done(
            self._tx.one("select factotum.name_myself(%s, %s) as said", (self._account_id, clean_text(name)))
        )

    async def _heir(self, user_id: str) -> str | None:
        """Return the owner who takes over: read before, since who leaves sees nothing after."""
        row = await self._tx.one(
            """
select user_id from factotum.account_members where account_id = %s and user_id <> %s and role = 'owner'
order by created_at, user_id limit 1""",
            (self._account_id, user_id),
        )
        return row["user_id"] if row else None

    async def _hand_over(self, user_id: str, heir: str | None) -> HandedOver | None:
        """Make runs that have not ended an owner's, and let go of those that a worker carries.

        A worker acts as a run's creator: as somebody who may write no more it could not even end it. Its
        lease is over, as that of a draining worker; whoever claims the run next finds that it is to stop.
        """
        if heir is None:
            return None
        async with self._tx.as_system():
            rows = await self._tx.all(
                """
update factotum.runs set created_by = %(heir)s,
    status = case status when 'running' then 'stopping' else status end,
    stop_requested = stop_requested or status in ('running', 'stopping'),
    lease_until = case when status in ('running', 'stopping') then '-infinity' else lease_until end
where account_id = %(account)s and created_by = %(user)s and ended_at is null returning id""",
                {"heir": heir, "account": self._account_id, "user": user_id},
            )
        return HandedOver(heir, tuple(row["id"] for row in rows)) if rows else None


async def _done(change: Awaitable[dict[str, Any] | None]) -> None:
    """Raise what a change was refused with."""
    try:
        row = await change
    except psycopg.errors.RaiseException:
        raise Conflict(
            "An account keeps at least one owner.",
            hint="Make somebody else an owner first.",
            code="last_owner",
        ) from None
    if row is None or row["said"] != "done":
        raise _refused(row["said"] if row else "missing")


def _refused(said: str) -> FactotumError:
    if said == "missing":
        return _missing()
    return Forbidden(
        "Your role does not allow this.",
        hint="Owners change everybody; admins change members and viewers, and each other, but no owner.",
        code="role_too_low",
    )


def _missing() -> NotFound:
    return NotFound("There is no such member.", code="member_not_found")
