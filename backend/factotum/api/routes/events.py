"""/v1/runs/{run_id}/events: the live stream of a run."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from factotum.api.dependencies import CallerIn, ContextIn, DrainIn, EventCursor, RunId
from factotum.api.sse import EventStream
from factotum.protocol.events import RunEvent, Snapshot

router = APIRouter(prefix="/v1", tags=["runs"])

Streamed = Annotated[RunEvent | Snapshot, Field(discriminator="type")]


@router.get(
    "/runs/{run_id}/events",
    operation_id="stream_run_events",
    summary="Follow a run",
    status_code=200,
    response_class=EventStream,
    responses={
        200: {"model": Streamed, "description": "Server-sent events; `data` is one of these."},
        204: {"description": "The run has ended and there is nothing after the cursor."},
    },
)
async def stream_run_events(
    run_id: RunId, after: EventCursor, caller: CallerIn, context: ContextIn, drain: DrainIn
) -> Response:
    """Stream the events after the cursor until the run has ended; `id` is the cursor to resume with.

    `event: reset` carries a snapshot that replaces all before it: the log cannot go on from the cursor.
    """
    follower = context.services.follower
    if not await follower.has_more(caller, run_id, after):
        return Response(status_code=204)
    return EventStream(partial(follower.follow, caller, run_id, after), drain)
