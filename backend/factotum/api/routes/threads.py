"""/v1/threads, and the messages of a thread."""

from typing import Annotated

from fastapi import APIRouter, Query

from factotum.api.dependencies import CallerIn, ContextIn, PageIn, ThreadId
from factotum.features.threads import MessagePage, NewMessage, NewThread, ThreadChange, ThreadPage
from factotum.protocol.messages import Message
from factotum.store.records import Thread

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
) -> ThreadPage:
    """List your threads, newest first."""
    return await context.threads.list(caller, page, project_id=project_id)


@router.get("/{thread_id}", operation_id="get_thread", summary="Read a thread")
async def get_thread(thread_id: ThreadId, caller: CallerIn, context: ContextIn) -> Thread:
    """Read one thread, without its messages."""
    return await context.threads.get(caller, thread_id)


@router.patch("/{thread_id}", operation_id="update_thread", summary="Change a thread's title")
async def update_thread(
    thread_id: ThreadId, body: ThreadChange, caller: CallerIn, context: ContextIn
) -> Thread:
    """Give a thread another title."""
    return await context.threads.change(caller, thread_id, body)


@router.delete("/{thread_id}", status_code=204, operation_id="delete_thread", summary="Delete a thread")
async def delete_thread(thread_id: ThreadId, caller: CallerIn, context: ContextIn) -> None:
    """Delete a thread with its messages and runs; files stay. 409 `thread_busy` while a run goes on."""
    await context.threads.delete(caller, thread_id)


@router.get("/{thread_id}/messages", operation_id="list_messages", summary="List a thread's messages")
async def list_messages(
    thread_id: ThreadId, page: PageIn, caller: CallerIn, context: ContextIn
) -> MessagePage:
    """List messages, oldest first. The cursor is a position: `?after=7` begins with the eighth message."""
    return await context.threads.messages(caller, thread_id, page)


@router.post(
    "/{thread_id}/messages", status_code=201, operation_id="create_message", summary="Post a message"
)
async def create_message(
    thread_id: ThreadId, body: NewMessage, caller: CallerIn, context: ContextIn
) -> Message:
    """Post a message without starting a run; a run that is going reads it at its next step."""
    return await context.threads.post(caller, thread_id, body)
