"""Links to threads: made and revoked by those whose thread it is; and /v1/shared, what a link opens.

Law: a link's token comes in a header only, never in an address, which would be logged and sent on.
"""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Response

from factotum.api.dependencies import CallerIn, ContextIn, PageIn, ShareId, ThreadId
from factotum.api.downloads import DownloadResponse
from factotum.features.shared import Shared, SharedMessagePage
from factotum.features.shares import NewShare, ShareList, ShareRequest

router = APIRouter(prefix="/v1", tags=["shares"])

ShareToken = Annotated[str, Header(description="The token of the link: what its address has after `#`.")]
_BINARY = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


@router.post(
    "/threads/{thread_id}/shares", status_code=201, operation_id="create_share", summary="Share a thread"
)
async def create_share(
    thread_id: ThreadId, body: ShareRequest, caller: CallerIn, context: ContextIn
) -> NewShare:
    """Make a link to the thread's path as it is now. Its token is shown this once."""
    return await context.shares.create(caller, thread_id, body)


@router.get("/threads/{thread_id}/shares", operation_id="list_shares", summary="List a thread's links")
async def list_shares(thread_id: ThreadId, caller: CallerIn, context: ContextIn) -> ShareList:
    """List the links that are good now, newest first."""
    return await context.shares.list(caller, thread_id)


@router.delete("/shares/{share_id}", status_code=204, operation_id="revoke_share", summary="Revoke a link")
async def revoke_share(share_id: ShareId, caller: CallerIn, context: ContextIn) -> None:
    """End a link at once: whoever has it sees nothing more."""
    await context.shares.revoke(caller, share_id)


@router.get("/shared", operation_id="get_shared", summary="What a link shares")
async def get_shared(context: ContextIn, share_token: ShareToken = "") -> Shared:
    """Read what is shared. 404 `share_not_found` when the link was revoked, has expired or never was."""
    return await context.shared.get(share_token)


@router.get("/shared/messages", operation_id="list_shared_messages", summary="List shared messages")
async def list_shared_messages(
    page: PageIn, context: ContextIn, share_token: ShareToken = ""
) -> SharedMessagePage:
    """List the messages of the shared path, oldest first. Very long texts and outputs are cut."""
    return await context.shared.messages(share_token, page)


@router.get(
    "/shared/files/{path:file}",
    operation_id="download_shared_file",
    summary="Download a delivered file",
    status_code=200,
    response_class=DownloadResponse,
    responses={200: {"content": _BINARY}},
)
async def download_shared_file(
    path: Annotated[str, Path(description="As the run names it.")],
    context: ContextIn,
    share_token: ShareToken = "",
) -> Response:
    """Download a file that a shared run delivered, unless it was changed since."""
    return DownloadResponse(await context.shared.file(share_token, path))
