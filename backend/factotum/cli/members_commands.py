"""What can be typed about an account's people: `members` and `invite`. Imports nothing heavy, as main.py."""

from enum import StrEnum
from typing import Annotated

import typer

from factotum.cli.faults import Output, boundary
from factotum.cli.options import Listing, ListingOption

members = typer.Typer(help="The people of your account, and who is invited.", invoke_without_command=True)

MemberId = Annotated[str, typer.Argument(metavar="MEMBER_ID", help="As `members` has it.")]


class Role(StrEnum):
    """What somebody may do: all, all but change owners, work, read."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


def add_to(app: typer.Typer) -> None:
    """Make the commands known."""
    app.add_typer(members, name="members")
    app.command()(invite)


@members.callback()
def list_(context: typer.Context, *, output: ListingOption = Listing.TEXT) -> None:
    """The people of your account, and who is invited. Without a command: list the people."""
    if context.invoked_subcommand is not None:
        return
    with boundary(Output(output.value)):
        from factotum.cli.members import list_members

        list_members(Output(output.value))


@members.command()
def role(
    member_id: MemberId,
    role: Annotated[Role, typer.Argument(help="owner, admin, member (works) or viewer (reads).")],
    *,
    output: ListingOption = Listing.TEXT,
) -> None:
    """Give a member another role."""
    with boundary(Output(output.value)):
        from factotum.cli.members import change_role

        change_role(member_id, role.value, Output(output.value))


@members.command()
def remove(member_id: MemberId, *, output: ListingOption = Listing.TEXT) -> None:
    """Take a member out; what they made stays."""
    with boundary(Output(output.value)):
        from factotum.cli.members import remove_member

        remove_member(member_id, Output(output.value))


@members.command()
def invitations(*, output: ListingOption = Listing.TEXT) -> None:
    """List the open invitations, newest first."""
    with boundary(Output(output.value)):
        from factotum.cli.members import list_invitations

        list_invitations(Output(output.value))


@members.command()
def revoke(
    invitation_id: Annotated[
        str, typer.Argument(metavar="INVITATION_ID", help="As `members invitations` has it.")
    ],
    *,
    output: ListingOption = Listing.TEXT,
) -> None:
    """End an invitation."""
    with boundary(Output(output.value)):
        from factotum.cli.members import revoke_invitation

        revoke_invitation(invitation_id, Output(output.value))


def invite(
    *,
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.MEMBER,
    note: Annotated[
        str | None, typer.Option(help="Whom it is for, an e-mail address say; nothing is sent.")
    ] = None,
    expires_in: Annotated[
        str | None, typer.Option(metavar="SPAN", help="12h, 30d at most; 7 days without it.")
    ] = None,
    output: ListingOption = Listing.TEXT,
) -> None:
    """Invite somebody into your account: prints a link, this once."""
    with boundary(Output(output.value)):
        from factotum.cli.members import invite_somebody

        invite_somebody(role.value, note=note, expires_in=expires_in, output=Output(output.value))
