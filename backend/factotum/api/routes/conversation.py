"""What is done to a thread besides giving it tasks: writing into its run, editing, retrying, branching."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field, StringConstraints

from factotum.api.dependencies import CallerIn, ContextIn, IdempotencyKey, MessageId, RunId, ThreadId
from factotum.core.frozen import Frozen
from factotum.features.agents import ModelName
from factotum.features.branches import BranchChoice
from factotum.features.ids import named
from factotum.protocol.messages import Message
from factotum.protocol.runs import Delivery, Run, RunOptions
from factotum.runs.conversation import Sent
from factotum.runs.service import NewRun
from factotum.store.records import Thread

router = APIRouter(prefix="/v1", tags=["threads"])

Text = Annotated[str, StringConstraints(min_length=1)]


class RunChoices(Frozen):
    """How a run shall work. Unset: as the run before, or as the agent or the service has it."""

    model: ModelName | None = None
    agent_id: str | None = None
    options: RunOptions = RunOptions()

    def task(self, text: str, key: str | None = None) -> NewRun:
        """Return the run to make. Raises NotFound for an agent's id that cannot be one."""
        agent_id = named("agent", self.agent_id) if self.agent_id is not None else None
        return NewRun(text, self.model, agent_id, self.options, key)


class NewMessage(RunChoices):
    """A message from the user; what it says of a run counts if one is made for it."""

    text: Text
    delivery: Annotated[
        Delivery | None,
        Field(
            description="`steer`: the run reads it after its present step. `interrupt`: the run leaves off "
            "what it does and reads it at once. `queue`: a run of its own, afterwards. Without a run under "
            "way each of them starts one. Left out: as `steer`, but without a run it is only stored."
        ),
    ] = None


class Edit(RunChoices):
    """A user's message, written anew."""

    text: Text


class TaskChange(Frozen):
    """The task of a run that waits for its turn, written anew."""

    input: Text


@router.post(
    "/threads/{thread_id}/messages",
    status_code=201,
    operation_id="create_message",
    summary="Post a message, also into a run",
    responses={202: {"model": Sent, "description": "A run reads it."}},
)
async def create_message(
    thread_id: ThreadId,
    body: NewMessage,
    key: IdempotencyKey,
    caller: CallerIn,
    context: ContextIn,
    response: Response,
) -> Message | Sent:
    """Post a message: into the run that goes on, as the answer that it waits for, or as a task of its own."""
    conversation = context.services.conversation
    sent = await conversation.send(caller, thread_id, body.task(body.text, key), body.delivery)
    if isinstance(sent, Message):
        return sent
    response.status_code = 202
    response.headers["Location"] = f"/v1/runs/{sent.run.id}"
    return sent


@router.post(
    "/threads/{thread_id}/messages/{message_id}/edit",
    status_code=202,
    operation_id="edit_message",
    summary="Edit a message",
)
async def edit_message(
    thread_id: ThreadId,
    message_id: MessageId,
    body: Edit,
    key: IdempotencyKey,
    caller: CallerIn,
    context: ContextIn,
) -> Run:
    """Write a user's message anew, on a branch of its own, and start a run on it. Nothing is overwritten.

    409 `run_in_progress` while a run of the thread goes on.
    """
    task = body.task(body.text, key)
    return await context.services.conversation.edit(caller, thread_id, message_id, task)


@router.post(
    "/threads/{thread_id}/messages/{message_id}/retry",
    status_code=202,
    operation_id="retry_message",
    summary="Have a message answered again",
)
async def retry_message(
    thread_id: ThreadId,
    message_id: MessageId,
    body: RunChoices,
    key: IdempotencyKey,
    caller: CallerIn,
    context: ContextIn,
) -> Run:
    """Answer a user's message again, on a branch of its own; the agent's message stands for what it answers.

    409 `run_in_progress` while a run of the thread goes on.
    """
    return await context.services.conversation.retry(caller, thread_id, message_id, body.task("", key))


@router.post(
    "/runs/{run_id}/retry",
    status_code=202,
    operation_id="retry_run",
    summary="Start a run again",
    tags=["runs"],
)
async def retry_run(
    run_id: RunId, body: RunChoices, key: IdempotencyKey, caller: CallerIn, context: ContextIn
) -> Run:
    """Make a new run from the message that a run worked on, on a branch of its own."""
    return await context.services.conversation.retry_run(caller, run_id, body.task("", key))


@router.patch(
    "/runs/{run_id}", operation_id="update_run", summary="Change the task of a queued run", tags=["runs"]
)
async def update_run(run_id: RunId, body: TaskChange, caller: CallerIn, context: ContextIn) -> Run:
    """Change the task of a run that waits for its turn; to take it back, stop the run.

    409 `run_not_waiting_its_turn` once the task is a message of the thread.
    """
    return await context.services.conversation.change_task(caller, run_id, body.input)


@router.post("/threads/{thread_id}/branch", operation_id="choose_branch", summary="Go on with another path")
async def choose_branch(
    thread_id: ThreadId, body: BranchChoice, caller: CallerIn, context: ContextIn
) -> Thread:
    """Let the thread go on with the newest path through a message.

    409 `run_in_progress` while a run of the thread goes on.
    """
    return await context.branches.choose(caller, thread_id, body)
