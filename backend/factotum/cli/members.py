"""The commands of the account's people: who they are, what they may do, who is invited."""

from datetime import datetime
from urllib.parse import quote

from pydantic import BaseModel
from rich.text import Text

from factotum.cli.account import span
from factotum.cli.faults import Output, write_json
from factotum.cli.output import make_console
from factotum.cli.run import connect
from factotum.cli.table import print_table
from factotum.core.clock import now


class Member(BaseModel):
    """Somebody of the account."""

    user_id: str
    name: str | None = None
    role: str
    created_at: datetime


class Members(BaseModel):
    """The people of the account."""

    items: list[Member]


class Invitation(BaseModel):
    """An open invitation without its token."""

    id: str
    role: str
    note: str | None = None
    created_at: datetime
    expires_at: datetime


class MadeInvitation(Invitation):
    """A new invitation, told this once."""

    token: str


class Invitations(BaseModel):
    """The open invitations of the account."""

    items: list[Invitation]


class Me(BaseModel):
    """Who asks."""

    user_id: str


def list_members(output: Output) -> None:
    """Print the people of the account."""
    with connect() as service:
        members = service.call(Members, "GET", "/v1/members")
        me = service.call(Me, "GET", "/v1/me")
    if output is not Output.TEXT:
        write_json(members.model_dump(mode="json"))
        return
    rows = [
        (each.user_id, _name(each, me.user_id), each.role, _moment(each.created_at)) for each in members.items
    ]
    print_table(("Member", "Name", "Role", "Since"), rows, "There is nobody.")


def change_role(member_id: str, role: str, output: Output) -> None:
    """Give a member another role."""
    with connect() as service:
        member = service.call(Member, "PATCH", _path(member_id), json={"role": role})
    if output is not Output.TEXT:
        write_json(member.model_dump(mode="json"))
        return
    make_console().print(Text(f"{member.name or member.user_id} is {member.role} now."))


def remove_member(member_id: str, output: Output) -> None:
    """Take a member out of the account."""
    with connect() as service:
        service.remove(_path(member_id))
    if output is not Output.TEXT:
        write_json({"removed": member_id})
        return
    make_console().print(Text("Removed: their keys and sign-ins have ended, what they made stays."))


def list_invitations(output: Output) -> None:
    """Print the open invitations."""
    with connect() as service:
        found = service.call(Invitations, "GET", "/v1/invitations")
    if output is not Output.TEXT:
        write_json(found.model_dump(mode="json"))
        return
    rows = [(each.id, each.note or "", each.role, _moment(each.expires_at)) for each in found.items]
    print_table(("Invitation", "For", "Role", "Expires"), rows, "Nobody is invited: factotum invite")


def invite_somebody(role: str, *, note: str | None, expires_in: str | None, output: Output) -> None:
    """Make an invitation and print its link, on stdout alone for a program that reads it there.

    Raises InvalidInput (`span_invalid`, `expiry_too_far`).
    """
    body: dict[str, object] = {"role": role}
    if note is not None:
        body["note"] = note
    if expires_in is not None:
        body["expires_at"] = (now() + span(expires_in)).isoformat()
    with connect() as service:
        made = service.call(MadeInvitation, "POST", "/v1/invitations", json=body)
        # After the `#`, so that no server and no log ever gets it.
        link = f"{service.address.url}/join#{made.token}"
    if output is not Output.TEXT:
        write_json({**made.model_dump(mode="json"), "link": link})
        return
    console = make_console()
    console.file.write(link + "\n")
    if console.is_terminal:
        told = f"It is not shown again, good once, and until {_moment(made.expires_at)}."
        console.print(Text(told, "dim"), soft_wrap=True)


def revoke_invitation(invitation_id: str, output: Output) -> None:
    """End an invitation."""
    with connect() as service:
        service.remove(f"/v1/invitations/{quote(invitation_id, safe='')}")
    if output is not Output.TEXT:
        write_json({"revoked": invitation_id})
        return
    make_console().print(Text("Revoked: it lets nobody in any more."))


def _path(member_id: str) -> str:
    return f"/v1/members/{quote(member_id, safe='')}"


def _name(member: Member, me: str) -> str:
    you = " (you)" if member.user_id == me else ""
    return f"{member.name or '-'}{you}"


def _moment(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M}"
