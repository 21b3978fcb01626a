"""Invitations into an account: made, listed and revoked by those who lead it, accepted by whoever has one."""

from builtins import list as list_of
from datetime import datetime
from typing import Literal, NamedTuple

import psycopg

from factotum.core.errors import Conflict, Forbidden, NotFound
from factotum.core.frozen import Frozen
from factotum.core.ids import new_id
from factotum.store.jsonb import clean_text
from factotum.store.members import MOST_MEMBERS
from factotum.store.records import MemberRole
from factotum.store.tx import Tx

MOST_INVITATIONS = 20
"""Invitations of one account that are open at the same time."""

InvitationState = Literal["good", "revoked", "used", "expired"]
Outcome = Literal["joined", "unknown", "revoked", "used", "expired", "member", "full"]

_COLUMNS = "id, role, note, invited_by, created_at, expires_at"
_OPEN = "accepted_at is null and revoked_at is null and expires_at > clock_timestamp()"


class Invitation(Frozen):
    """An open invitation, without its token. `note`: whom it is meant for, an e-mail address say."""

    id: str
    role: MemberRole
    note: str | None
    invited_by: str
    created_at: datetime
    expires_at: datetime


class FoundInvitation(Frozen):
    """What whoever has an invitation's token may know of it."""

    account_id: str
    account_name: str
    role: MemberRole
    expires_at: datetime
    state: InvitationState


class Accepted(NamedTuple):
    """How accepting went, and the account, where there is such an invitation."""

    account_id: str | None
    outcome: Outcome


class Invitations:
    """Queries on the invitations of one account, in a transaction of somebody who leads it."""

    def __init__(self, tx: Tx, account_id: str) -> None:
        self._tx = tx
        self._account_id = account_id

    async def create(
        self, *, invited_by: str, role: MemberRole, note: str | None, token_hash: str, expires_at: datetime
    ) -> Invitation:
        """Store one of the transaction's caller. `token_hash`: SHA-256 in hexadecimal.

        Raises Forbidden (`role_too_low`), Conflict (`invitations_full`).
        """
        # Whoever makes one at the same moment waits, and counts this one.
        await self._tx.run("select pg_advisory_xact_lock(hashtextextended(%s, 17))", (self._account_id,))
        if len(await self.list()) >= MOST_INVITATIONS:
            raise Conflict(
                f"An account has at most {MOST_INVITATIONS} open invitations.",
                hint="Revoke one that nobody needs.",
                code="invitations_full",
            )
        try:
            row = await self._tx.one(
                f"""
insert into factotum.invitations (id, account_id, invited_by, role, note, token_hash, expires_at)
values (%s, %s, %s, %s, %s, %s, %s) returning {_COLUMNS}""",
                (
                    new_id(),
                    self._account_id,
                    invited_by,
                    role,
                    clean_text(note) if note else None,
                    token_hash,
                    expires_at,
                ),
            )
        except psycopg.errors.InsufficientPrivilege:
            raise _not_led() from None
        return Invitation.model_validate(row)

    async def list(self) -> list_of[Invitation]:
        """Return the open ones, newest first; none to somebody who does not lead the account."""
        rows = await self._tx.all(
            f"""
select {_COLUMNS} from factotum.invitations where account_id = %s and {_OPEN}
order by id desc limit 200""",
            (self._account_id,),
        )
        return [Invitation.model_validate(row) for row in rows]

    async def revoke(self, invitation_id: str) -> None:
        """End an invitation; one that has ended stays as it is. Raises NotFound (`invitation_not_found`)."""
        touched = await self._tx.run(
            """
update factotum.invitations
set revoked_at = case when accepted_at is null then coalesce(revoked_at, clock_timestamp()) end
where id = %s and account_id = %s""",
            (invitation_id, self._account_id),
        )
        if not touched:
            raise NotFound("There is no such invitation.", code="invitation_not_found")


class InvitationRegister:
    """Invitations by the hash of their token, in a system transaction: who has one is no member yet."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def find(self, token_hash: str) -> FoundInvitation | None:
        """Return the invitation, good or not; None where there never was one."""
        row = await self._tx.one("select * from factotum.invitation_of(%s)", (token_hash,))
        return None if row is None else FoundInvitation.model_validate(row)

    async def accept(self, token_hash: str, user_id: str, name: str | None) -> Accepted:
        """Make a person a member, once; among several at once exactly one wins."""
        row = await self._tx.one(
            "select * from factotum.accept_invitation(%s, %s, %s, %s)",
            (token_hash, user_id, clean_text(name) if name else None, MOST_MEMBERS),
        )
        return Accepted(row["account"], row["outcome"]) if row else Accepted(None, "unknown")


def _not_led() -> Forbidden:
    return Forbidden(
        "Your role does not allow this.",
        hint="Owners and admins invite people; only an owner invites another owner.",
        code="role_too_low",
    )
