"""/v1/threads, and the messages of a thread."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from factotum.api.dependencies import CallerIn, ContextIn, PageIn, ThreadId
from factotum.features.branches import MessagePage
from factotum.features.threads import NewThread, ThreadChange, ThreadPage
from factotum.store.records import Thread, ThreadFilter

router = APIRouter(prefix="/v1/threads", tags=["threads"])


@router.post("", status_code=201, operation_id="create_thread", summary="Make a thread")
async def create_thread(body: NewThread, caller: CallerIn, context: ContextIn) -> Thread:
    """Make a thread, in the project that is named or in one of its own."""
    return await context.threads.create(caller, body)


@router.get("", operation_id="list_threads", summary="List threads")
async def list_threads(
    page: PageIn,
    caller: CallerIn,
    context: ContextIn,
    project_id: Annotated[str | None, Query(description="Only those of this project.")] = None,
    search: Annotated[
        str, Query(max_length=200, description="Only those whose title holds this, in capitals or not.")
    ] = "",
    pinned: Annotated[bool | None, Query(description="Only those that are pinned, or are not.")] = None,
    archived: Annotated[
        Literal["without", "only", "with"], Query(description="Whether archived ones are listed, too.")
    ] = "without",
) -> ThreadPage:
    """List your threads, newest first. Archived ones are left out unless they are asked for."""
    which = ThreadFilter(search=search, pinned=pinned, archived=archived)
    return await context.threads.list(caller, page, project_id=project_id, which=which)


@router.get("/{thread_id}", operation_id="get_thread", summary="Read a thread")
async def get_thread(thread_id: ThreadId, caller: CallerIn, context: ContextIn) -> Thread:
    """Read one thread, without its messages."""
    return await context.threads.get(caller, thread_id)


@router.patch("/{thread_id}", operation_id="update_thread", summary="Change a thread")
async def update_thread(
    thread_id: ThreadId, body: ThreadChange, caller: CallerIn, context: ContextIn
) -> Thread:
    """Give a thread another title, pin it to the top of the list, or archive it."""
    return await context.threads.change(caller, thread_id, body)


@router.delete("/{thread_id}", status_code=204, operation_id="delete_thread", summary="Delete a thread")
async def delete_thread(thread_id: ThreadId, caller: CallerIn, context: ContextIn) -> None:
    """Delete a thread with its messages and runs; files stay. 409 `thread_busy` while a run goes on."""
    await context.threads.delete(caller, thread_id)


@router.get("/{thread_id}/messages", operation_id="list_messages", summary="List a thread's messages")
async def list_messages(
    thread_id: ThreadId,
    page: PageIn,
    caller: CallerIn,
    context: ContextIn,
    leaf: Annotated[str | None, Query(description="The newest path through this message.")] = None,
    before: Annotated[
        str | None, Query(description="Read backwards: a position, or `end` for the newest messages.")
    ] = None,
) -> MessagePage:
    """List the messages of the path that the thread goes on with, oldest first.

    The cursor is a position: `?after=7` begins behind the message with position 7. Each message names its
    siblings: the messages of other paths in the same place.
    """
    return await context.branches.messages(caller, thread_id, page, leaf=leaf, before=before)
