"""The people of the caller's account: who they are, what each may do, and their going."""

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from factotum.core.errors import Forbidden
from factotum.core.frozen import Frozen
from factotum.features.accounts import own_account
from factotum.features.acting import ActingService
from factotum.features.keys import KeyService
from factotum.features.sessions import SessionService
from factotum.store.database import Database
from factotum.store.members import HandedOver, Member, Members
from factotum.store.records import Caller, MemberRole

PersonName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
"""What a person is called in an account."""


class MemberList(Frozen):
    """The people of an account, in the order in which they came: at most 50."""

    items: tuple[Member, ...]


class MemberChange(Frozen):
    """What shall be different of a member. A name is changed by its bearer alone."""

    role: Annotated[
        MemberRole | None,
        Field(
            description="`owner`: everything. `admin`: all but change owners. `member`: works here. "
            "`viewer`: reads."
        ),
    ] = None
    name: PersonName | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "MemberChange":
        if self.role is None and self.name is None:
            raise ValueError("give a role or a name")
        return self


class MemberService:
    """Reads and changes the members of the account that the caller acts for.

    Changes give back the runs that the member had to hand over; `runs.departures` ends them.
    """

    def __init__(
        self, database: Database, keys: KeyService, sessions: SessionService, acting: ActingService
    ) -> None:
        self._database = database
        self._memories = (keys, sessions, acting)

    async def list(self, caller: Caller) -> MemberList:
        """Return all of them."""
        async with self._database.tenant(caller) as tx:
            account = await own_account(tx)
            return MemberList(items=tuple(await Members(tx, account.id).list()))

    async def change(
        self, caller: Caller, user_id: str, change: MemberChange
    ) -> tuple[Member, HandedOver | None]:
        """Change a member's role, or the caller's own name.

        Raises NotFound (`member_not_found`), Forbidden (`role_too_low`, `name_not_yours`), Conflict
        (`last_owner`).
        """
        async with self._database.tenant(caller) as tx:
            members = Members(tx, (await own_account(tx)).id)
            await members.get(user_id)
            handed = None
            if change.name is not None:
                if user_id != caller.user_id:
                    raise Forbidden("Only they themselves change their name.", code="name_not_yours")
                await members.name_myself(change.name)
            if change.role is not None:
                handed = await members.set_role(user_id, change.role)
            return await members.get(user_id), handed

    async def remove(self, caller: Caller, user_id: str) -> HandedOver | None:
        """Take a member out, or leave. Their keys and sessions end; what they made stays with the account.

        Raises NotFound (`member_not_found`), Forbidden (`role_too_low`), Conflict (`last_owner`).
        """
        async with self._database.tenant(caller) as tx:
            handed = await Members(tx, (await own_account(tx)).id).remove(user_id)
        for memory in self._memories:
            memory.forget_person(user_id)
        return handed
