"""/v1/invitations: made by people who lead an account; looked at and accepted by whoever has the token.

Law: a token comes in a body only, never in an address, which would be logged and sent on.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from factotum.api.auth import caller_of, check_scope
from factotum.api.dependencies import CallerIn, ContextIn, InvitationId
from factotum.features.invitations import (
    Acceptance,
    InvitationList,
    InvitationToken,
    Joined,
    MadeInvitation,
    NewInvitation,
    OpenInvitation,
)
from factotum.store.records import Caller

router = APIRouter(prefix="/v1/invitations", tags=["members"])


async def _visitor(request: Request) -> str:
    return request.client.host if request.client else "here"


async def _signed_in(request: Request) -> Caller | None:
    """Return who calls, if anybody signed in does."""
    if "authorization" not in request.headers:
        return None
    caller = await caller_of(request.scope)
    check_scope(caller, request.method, request.scope["path"])
    return caller


Visitor = Annotated[str, Depends(_visitor)]
SignedIn = Annotated[Caller | None, Depends(_signed_in)]


@router.post("", status_code=201, operation_id="create_invitation", summary="Invite somebody")
async def create_invitation(body: NewInvitation, caller: CallerIn, context: ContextIn) -> MadeInvitation:
    """Make an invitation into the account. `token` is shown this once: the link is `/join#<token>`."""
    return await context.invitations.create(caller, body)


@router.get("", operation_id="list_invitations", summary="List open invitations")
async def list_invitations(caller: CallerIn, context: ContextIn) -> InvitationList:
    """List the open ones, newest first; to owners and admins alone, others get none."""
    return await context.invitations.list(caller)


@router.delete(
    "/{invitation_id}", status_code=204, operation_id="revoke_invitation", summary="Revoke an invitation"
)
async def revoke_invitation(invitation_id: InvitationId, caller: CallerIn, context: ContextIn) -> None:
    """End an invitation at once. Whoever accepted it already stays."""
    await context.invitations.revoke(caller, invitation_id)


@router.post("/look", operation_id="look_at_invitation", summary="What an invitation is to")
async def look_at_invitation(body: InvitationToken, visitor: Visitor, context: ContextIn) -> OpenInvitation:
    """Read it without accepting it. 409 says why one is not good any more."""
    return await context.invitations.look(body.token, visitor)


@router.post("/accept", operation_id="accept_invitation", summary="Accept an invitation")
async def accept_invitation(
    body: Acceptance, visitor: Visitor, caller: SignedIn, context: ContextIn
) -> Joined:
    """Join the account: as who is signed in, else as a new person, who gets a `token` to sign in with."""
    return await context.invitations.accept(body, caller, visitor)
