"""What routes ask for in their signatures: the caller, the context, ids from the path, which page."""

from typing import Annotated, cast

from fastapi import Depends, Header, Path, Query, Request

from factotum.api.context import ApiContext, context_of
from factotum.api.streaming import Drain
from factotum.core.errors import InvalidInput, Unauthenticated
from factotum.features.ids import named, position
from factotum.features.pages import PageRequest
from factotum.store.records import Caller

_KEY_LENGTH = 200


async def _context(request: Request) -> ApiContext:
    return context_of(request.app)


async def _caller(request: Request) -> Caller:
    caller = getattr(request.state, "caller", None)
    if not isinstance(caller, Caller):  # a route that the check in front does not know: closed all the same
        raise Unauthenticated("This needs a bearer token.")
    return caller


async def _drain(request: Request) -> Drain:
    return cast(Drain, request.app.state.drain)


async def _project_id(project_id: Annotated[str, Path()]) -> str:
    return named("project", project_id)


async def _thread_id(thread_id: Annotated[str, Path()]) -> str:
    return named("thread", thread_id)


async def _run_id(run_id: Annotated[str, Path()]) -> str:
    return named("run", run_id)


async def _message_id(message_id: Annotated[str, Path()]) -> str:
    return named("message", message_id)


async def _agent_id(agent_id: Annotated[str, Path()]) -> str:
    return named("agent", agent_id)


async def _approval_id(approval_id: Annotated[str, Path()]) -> str:
    return named("approval", approval_id)


async def _permission_id(permission_id: Annotated[str, Path()]) -> str:
    return named("permission", permission_id)


async def _share_id(share_id: Annotated[str, Path()]) -> str:
    return named("share", share_id)


async def _key_id(key_id: Annotated[str, Path()]) -> str:
    return named("key", key_id)


async def _member_id(user_id: Annotated[str, Path()]) -> str:
    return named("member", user_id)


async def _invitation_id(invitation_id: Annotated[str, Path()]) -> str:
    return named("invitation", invitation_id)


async def _page(
    limit: Annotated[int, Query(ge=1, le=200, description="At most this many items.")] = 50,
    after: Annotated[str | None, Query(description="`next` of the page before.")] = None,
) -> PageRequest:
    return PageRequest(limit, after)


async def _event_cursor(
    after: Annotated[str | None, Query(description="The last event that you have; 0 or none: all.")] = None,
    last_event_id: Annotated[str | None, Header(description="As `after`, and stronger.")] = None,
) -> int:
    return position(after if last_event_id is None else last_event_id)


async def _idempotency_key(
    idempotency_key: Annotated[
        str | None,
        Header(description="The same key on the same thread gives the same run. At most 200 characters."),
    ] = None,
) -> str | None:
    key = idempotency_key
    if key is not None and not (0 < len(key) <= _KEY_LENGTH and key.isascii() and key.isprintable()):
        raise InvalidInput(
            f"Idempotency-Key must have 1 to {_KEY_LENGTH} printable ASCII characters.",
            hint="A UUID is a good key.",
            code="invalid_idempotency_key",
        )
    return key


ContextIn = Annotated[ApiContext, Depends(_context)]
CallerIn = Annotated[Caller, Depends(_caller)]
DrainIn = Annotated[Drain, Depends(_drain)]
ProjectId = Annotated[str, Depends(_project_id)]
ThreadId = Annotated[str, Depends(_thread_id)]
RunId = Annotated[str, Depends(_run_id)]
MessageId = Annotated[str, Depends(_message_id)]
AgentId = Annotated[str, Depends(_agent_id)]
ApprovalId = Annotated[str, Depends(_approval_id)]
PermissionId = Annotated[str, Depends(_permission_id)]
ShareId = Annotated[str, Depends(_share_id)]
KeyId = Annotated[str, Depends(_key_id)]
MemberId = Annotated[str, Depends(_member_id)]
InvitationId = Annotated[str, Depends(_invitation_id)]
PageIn = Annotated[PageRequest, Depends(_page)]
EventCursor = Annotated[int, Depends(_event_cursor)]
IdempotencyKey = Annotated[str | None, Depends(_idempotency_key)]
