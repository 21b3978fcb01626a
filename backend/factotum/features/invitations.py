"""Invitations: how people come into an account. Law: a token is told once, and stored as a hash."""

import re
import secrets
from datetime import datetime, timedelta
from typing import Annotated, NoReturn

from pydantic import AwareDatetime, Field, StringConstraints

from factotum.bus.visits import Visits
from factotum.core.clock import now
from factotum.core.errors import Conflict, InvalidInput, NotFound, Unauthenticated
from factotum.core.frozen import Frozen
from factotum.core.ids import new_id
from factotum.features.accounts import AccountSummary, own_account, summary
from factotum.features.members import PersonName
from factotum.features.sessions import open_session
from factotum.features.shares import hash_of
from factotum.store.accounts import Accounts
from factotum.store.database import Database
from factotum.store.invitations import Invitation, InvitationRegister, Invitations, Outcome
from factotum.store.members import MOST_MEMBERS
from factotum.store.records import Caller, MemberRole

_MARK = "fci_"
_TOKEN_BYTES = 32
_FORM = re.compile(rf"{_MARK}[A-Za-z0-9_-]{{43}}")
_GOOD_FOR = timedelta(days=7)
_LONGEST = timedelta(days=30)

Token = Annotated[str, StringConstraints(max_length=200)]


class NewInvitation(Frozen):
    """What an invited person shall be, and how long they have."""

    role: MemberRole = "member"
    note: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=254)] | None = (
        Field(None, description="Whom it is meant for, such as an e-mail address. Nothing is sent to it.")
    )
    expires_at: AwareDatetime | None = Field(
        None, description="When it ends by itself: at most 30 days ahead. None: after 7 days."
    )


class MadeInvitation(Invitation):
    """An invitation that was just made. `token` (256 bits) is shown this once."""

    token: str


class InvitationList(Frozen):
    """The account's open invitations, newest first."""

    items: tuple[Invitation, ...]


class InvitationToken(Frozen):
    """The token of an invitation: what its link has after `#`."""

    token: Token


class Acceptance(InvitationToken):
    """The token of an invitation, and what its person wants to be called."""

    name: PersonName | None = None


class OpenInvitation(Frozen):
    """What an invitation is to, for whoever has it. `sign_in_first`: only who is signed in can accept it."""

    account_name: str
    role: MemberRole
    expires_at: datetime
    sign_in_first: bool


class Joined(Frozen):
    """The account of an accepted invitation. `token`: what a new person signs in with, told this once."""

    user_id: str
    account: AccountSummary
    token: str | None


class InvitationService:
    """Invites people into the account that the caller acts for, and lets them in.

    `makes_people`: whoever accepts without being signed in becomes a person here, with a session of ours.
    Where another service signs people in, they sign in there first.
    """

    def __init__(self, database: Database, visits: Visits, *, makes_people: bool) -> None:
        self._database = database
        self._visits = visits
        self._makes_people = makes_people

    async def create(self, caller: Caller, new: NewInvitation) -> MadeInvitation:
        """Make an invitation.

        Raises Forbidden (`role_too_low`), InvalidInput (`expiry_past`, `expiry_too_far`), Conflict
        (`invitations_full`).
        """
        expires_at = new.expires_at or now() + _GOOD_FOR
        if expires_at <= now():
            raise InvalidInput(
                "The invitation would have expired already.", hint="Choose a later time.", code="expiry_past"
            )
        if expires_at > now() + _LONGEST:
            raise InvalidInput(
                f"An invitation is good for at most {_LONGEST.days} days.",
                hint="Choose an earlier time.",
                code="expiry_too_far",
            )
        token = _MARK + secrets.token_urlsafe(_TOKEN_BYTES)
        async with self._database.tenant(caller) as tx:
            account = await own_account(tx)
            made = await Invitations(tx, account.id).create(
                invited_by=caller.user_id,
                role=new.role,
                note=new.note,
                token_hash=hash_of(token),
                expires_at=expires_at,
            )
        return MadeInvitation(**dict(made), token=token)

    async def list(self, caller: Caller) -> InvitationList:
        """Return the open ones; none to somebody who does not lead the account."""
        async with self._database.tenant(caller) as tx:
            account = await own_account(tx)
            return InvitationList(items=tuple(await Invitations(tx, account.id).list()))

    async def revoke(self, caller: Caller, invitation_id: str) -> None:
        """End an invitation at once. Raises NotFound (`invitation_not_found`)."""
        async with self._database.tenant(caller) as tx:
            account = await own_account(tx)
            await Invitations(tx, account.id).revoke(invitation_id)

    async def look(self, token: str, visitor: str) -> OpenInvitation:
        """Tell what an invitation is to. `visitor`: who asks, for the count of tries.

        Raises NotFound (`invitation_not_found`), Conflict (`invitation_revoked`, `invitation_used`,
        `invitation_expired`), RateLimited, Unavailable.
        """
        digest = await self._admitted(token, visitor)
        async with self._database.system() as tx:
            found = await InvitationRegister(tx).find(digest)
        if found is None:
            _refuse("unknown")
        if found.state != "good":
            _refuse(found.state)
        return OpenInvitation(
            account_name=found.account_name,
            role=found.role,
            expires_at=found.expires_at,
            sign_in_first=not self._makes_people,
        )

    async def accept(self, acceptance: Acceptance, caller: Caller | None, visitor: str) -> Joined:
        """Make whoever is signed in a member, or a new person, who is signed in then.

        Raises as `look`, and Unauthenticated (`sign_in_first`), Conflict (`already_member`, `members_full`).
        """
        if caller is None and not self._makes_people:
            raise Unauthenticated(
                "Sign in first, then accept the invitation.",
                hint="Open the link again when you are signed in.",
                code="sign_in_first",
            )
        digest = await self._admitted(acceptance.token, visitor)
        person = Caller(caller.user_id if caller else new_id())
        async with self._database.system() as tx:
            account_id, outcome = await InvitationRegister(tx).accept(digest, person.user_id, acceptance.name)
            if outcome != "joined" or account_id is None:
                _refuse(outcome)
            token = await open_session(tx, person.user_id) if caller is None else None
        async with self._database.tenant(person) as tx:
            account = await Accounts(tx).get(account_id)
        return Joined(user_id=person.user_id, account=summary(account), token=token)

    async def _admitted(self, token: str, visitor: str) -> str:
        """Count a try, and return what is stored of a token. Raises NotFound for what cannot be one."""
        await self._visits.admit(f"invitation:{visitor}")
        if not _FORM.fullmatch(token):
            _refuse("unknown")
        return hash_of(token)


_REFUSALS: dict[str, tuple[str, str, str]] = {
    "revoked": ("This invitation was revoked.", "Ask for another one.", "invitation_revoked"),
    "used": ("This invitation was used already.", "Ask for another one.", "invitation_used"),
    "expired": ("This invitation has expired.", "Ask for another one.", "invitation_expired"),
    "member": ("You are a member of this account already.", "There is nothing to do.", "already_member"),
    "full": (
        f"The account has {MOST_MEMBERS} members, which is the most there can be.",
        "Its owner must remove somebody first.",
        "members_full",
    ),
}


def _refuse(outcome: Outcome) -> NoReturn:
    if outcome not in _REFUSALS:
        raise NotFound(
            "There is no such invitation.",
            hint="Check that the link was copied whole, or ask for another one.",
            code="invitation_not_found",
        )
    said, hint, code = _REFUSALS[outcome]
    raise Conflict(said, hint=hint, code=code)
