"""/v1/runs and /v1/threads/{thread_id}/runs: submit, look, stop, answer."""

from typing import Annotated, Self

from fastapi import APIRouter, Query, Response
from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from factotum.api.dependencies import CallerIn, ContextIn, IdempotencyKey, PageIn, RunId, ThreadId
from factotum.core.frozen import Frozen
from factotum.features.ids import named
from factotum.features.threads import RunPage
from factotum.protocol.budgets import Budget
from factotum.protocol.runs import ENDED, ModelName, Run, RunOptions, RunStatus
from factotum.runs.service import NewRun

router = APIRouter(prefix="/v1", tags=["runs"])

_STOP_SECONDS = 10.0

CallId = Annotated[str, StringConstraints(pattern=r"^call_[0-9a-f]{1,64}$")]


class RunRequest(Frozen):
    """A task for the agent. No model: the agent's own, else the service's."""

    input: Annotated[str, StringConstraints(min_length=1)]
    model: ModelName | None = None
    agent_id: str | None = None
    options: RunOptions = RunOptions()


class RunAnswer(Frozen):
    """The answer to a run's question: words, or a choice's own.

    `budget` gives more to a run that asks for it, with or without words; `results` are the outputs by call id
    of a run that waits for `tool_results`.
    """

    text: Annotated[str, StringConstraints(min_length=1)] | None = None
    budget: Budget | None = None
    results: Annotated[dict[CallId, str], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        answers = self.text is not None or (self.budget is not None and self.budget != Budget())
        if answers == (self.results is not None):
            raise PydanticCustomError("no_answer", "Give a text, amounts in `budget`, or `results`")
        return self


@router.post(
    "/threads/{thread_id}/runs",
    status_code=202,
    operation_id="create_run",
    summary="Give the agent a task",
    responses={200: {"model": Run, "description": "The run that this Idempotency-Key already made."}},
)
async def create_run(
    thread_id: ThreadId,
    body: RunRequest,
    key: IdempotencyKey,
    caller: CallerIn,
    context: ContextIn,
    response: Response,
) -> Run:
    """Store the task and queue a run; behind another one it waits for its turn.

    409 `run_awaiting_input` while another one waits for an answer.
    """
    agent_id = named("agent", body.agent_id) if body.agent_id is not None else None
    new = NewRun(body.input, body.model, agent_id, body.options, key)
    run, created = await context.services.runs.submit(caller, thread_id, new)
    response.status_code = 202 if created else 200
    response.headers["Location"] = f"/v1/runs/{run.id}"
    return run


@router.get("/threads/{thread_id}/runs", operation_id="list_thread_runs", summary="List a thread's runs")
async def list_thread_runs(
    thread_id: ThreadId,
    page: PageIn,
    caller: CallerIn,
    context: ContextIn,
    status: Annotated[RunStatus | None, Query(description="Only those in this status.")] = None,
) -> RunPage:
    """List the runs of a thread, newest first."""
    return await context.threads.runs(caller, thread_id, page, status=status)


@router.get("/runs", operation_id="list_runs", summary="List runs")
async def list_runs(
    page: PageIn,
    caller: CallerIn,
    context: ContextIn,
    status: Annotated[RunStatus | None, Query(description="Only those in this status.")] = None,
) -> RunPage:
    """List the runs of all your threads, newest first."""
    return await context.threads.all_runs(caller, page, status=status)


@router.get("/runs/{run_id}", operation_id="get_run", summary="Read a run")
async def get_run(run_id: RunId, caller: CallerIn, context: ContextIn) -> Run:
    """Read one run."""
    return await context.services.runs.get(caller, run_id)


@router.post(
    "/runs/{run_id}/stop",
    operation_id="stop_run",
    summary="Stop a run",
    responses={202: {"model": Run, "description": "It is still stopping."}},
)
async def stop_run(run_id: RunId, caller: CallerIn, context: ContextIn, response: Response) -> Run:
    """Stop a run and wait, up to 10 s, until its model, its tools and their processes have ended."""
    run = await context.services.runs.stop(caller, run_id, wait_seconds=_STOP_SECONDS)
    response.status_code = 200 if run.status in ENDED else 202
    return run


@router.post("/runs/{run_id}/input", status_code=202, operation_id="answer_run", summary="Answer a run")
async def answer_run(run_id: RunId, body: RunAnswer, caller: CallerIn, context: ContextIn) -> Run:
    """Answer the question of a waiting run, which then goes on. 409 `run_not_waiting` for any other.

    A run that asks for more budget can be given amounts: `{"budget": {"cost_usd": 0.5}}`.
    `results` answer a question of reason `tool_results`, and no other: 409 `run_wants_text`.
    """
    runs = context.services.runs
    if body.results is not None:
        return await runs.give_results(caller, run_id, body.results)
    return await runs.answer(caller, run_id, body.text or "", body.budget)
