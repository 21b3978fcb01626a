"""What the sandboxes of a thread's runs reached."""

from fastapi import APIRouter

from factotum.api.dependencies import CallerIn, ContextIn, PageIn, ThreadId
from factotum.features.networks import NetworkPage

router = APIRouter(tags=["threads"])


@router.get(
    "/v1/threads/{thread_id}/network",
    operation_id="list_network_connections",
    summary="List what a thread's runs reached",
)
async def list_network_connections(
    thread_id: ThreadId, page: PageIn, caller: CallerIn, context: ContextIn
) -> NetworkPage:
    """List the connections that the thread's sandboxes made or tried to, newest first; kept for 30 days."""
    return await context.networks.list(caller, thread_id, page)
