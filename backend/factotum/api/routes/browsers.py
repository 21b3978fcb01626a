"""/v1/runs/{run_id}/browser: the newest picture, a live look, taking over, input, and handing back."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field, StringConstraints

from factotum.api.dependencies import CallerIn, ContextIn, RunId
from factotum.core.frozen import Frozen
from factotum.protocol.browsing import MOST_EVENTS, BrowserLook, InputEvent
from factotum.runs.hand_over import HandedBack, Taken

router = APIRouter(prefix="/v1/runs/{run_id}/browser", tags=["browser"])

# A sandbox made it: it is never taken for anything but a picture.
_PICTURE = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "sandbox",
    "X-Content-Type-Options": "nosniff",
}

Token = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Mark = Annotated[str, StringConstraints(max_length=100)]


class TakeRequest(Frozen):
    """`url` is opened if the browser has ended meanwhile."""

    url: Annotated[str, StringConstraints(max_length=4_000)] = ""


class InputRequest(Frozen):
    """What the person did since the last one, in order. `seen`: the mark of the picture that they see."""

    token: Token
    events: Annotated[tuple[InputEvent, ...], Field(max_length=MOST_EVENTS)] = ()
    seen: Mark = ""


class HandBackRequest(Frozen):
    """`note` is for the agent."""

    token: Token
    note: Annotated[str, StringConstraints(max_length=2_000, strip_whitespace=True)] = ""


@router.get(
    "/frame",
    operation_id="get_browser_frame",
    summary="See a run's browser",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def get_browser_frame(run_id: RunId, caller: CallerIn, context: ContextIn) -> Response:
    """Return the newest picture of the browser, as JPEG; the event `browser.frame` says when it changed.

    404 `frame_not_found` for a run that used none in the last hour.
    """
    run = await context.services.runs.get(caller, run_id)
    jpeg = await context.services.frames.newest(run.id)
    return Response(jpeg, media_type="image/jpeg", headers=_PICTURE)


@router.get("/look", operation_id="look_at_browser", summary="See what a run's browser shows now")
async def look_at_browser(
    run_id: RunId,
    caller: CallerIn,
    context: ContextIn,
    seen: Annotated[Mark, Query(description="The mark of the picture that you have.")] = "",
) -> BrowserLook:
    """Look on, also while a person has the browser. 409 `browser_not_open`."""
    return await context.hand_over.watch(caller, run_id, seen)


@router.post("/take", operation_id="take_browser", summary="Take over a run's browser")
async def take_browser(run_id: RunId, body: TakeRequest, caller: CallerIn, context: ContextIn) -> Taken:
    """Take the browser of the run's project into your hands. The agent cannot use it until you hand it back.

    409 `browser_taken` while somebody else has it.
    """
    return await context.hand_over.take(caller, run_id, body.url)


@router.post("/input", operation_id="drive_browser", summary="Drive a browser that you took over")
async def drive_browser(
    run_id: RunId, body: InputRequest, caller: CallerIn, context: ContextIn
) -> BrowserLook:
    """Do what the events say, in order, and see what came of it. Without events it says that you are there.

    Send the next request when the last is answered. What is typed is stored nowhere.
    409 `browser_not_taken` when 30 s passed without a request.
    """
    return await context.hand_over.drive(caller, run_id, body.token, body.events, body.seen)


@router.post("/hand-back", operation_id="hand_back_browser", summary="Hand a browser back to the agent")
async def hand_back_browser(
    run_id: RunId, body: HandBackRequest, caller: CallerIn, context: ContextIn
) -> HandedBack:
    """Hand it back. A run that asked for it goes on with the page as it is now, and your note."""
    return await context.hand_over.hand_back(caller, run_id, body.token, body.note)
