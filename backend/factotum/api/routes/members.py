"""/v1/members: the people of the account; and the end of one's own session. No key opens it (api/auth.py)."""

from fastapi import APIRouter, Request

from factotum.api.auth import bearer_token
from factotum.api.dependencies import CallerIn, ContextIn, MemberId
from factotum.features.members import MemberChange, MemberList
from factotum.features.sessions import looks_like_session
from factotum.runs.departures import stop_handed_over
from factotum.store.members import Member

router = APIRouter(prefix="/v1", tags=["members"])


@router.get("/members", operation_id="list_members", summary="List the account's people")
async def list_members(caller: CallerIn, context: ContextIn) -> MemberList:
    """List everybody, in the order in which they came."""
    return await context.members.list(caller)


@router.patch("/members/{user_id}", operation_id="update_member", summary="Change a member")
async def update_member(
    user_id: MemberId, body: MemberChange, caller: CallerIn, context: ContextIn
) -> Member:
    """Give a member another role, or yourself another name.

    409 `last_owner`: an account keeps one. The runs of somebody who may only read from now on are stopped.
    """
    member, handed = await context.members.change(caller, user_id, body)
    await stop_handed_over(context.services.runs, handed)
    return member


@router.delete(
    "/members/{user_id}", status_code=204, operation_id="remove_member", summary="Remove a member, or leave"
)
async def remove_member(user_id: MemberId, caller: CallerIn, context: ContextIn) -> None:
    """Take somebody out of the account, or yourself. 409 `last_owner`: an account keeps one.

    Their keys and sign-ins end and their runs are stopped; what they made stays with the account.
    """
    await stop_handed_over(context.services.runs, await context.members.remove(caller, user_id))


@router.delete("/session", status_code=204, operation_id="end_session", summary="Sign out")
async def end_session(request: Request, context: ContextIn) -> None:
    """End the session that this request is signed in with. The local account's token stays good."""
    token = bearer_token(request.headers)
    if looks_like_session(token):
        await context.sessions.end(token)
