"""What the service says of itself: its models, the caller, its health; and the exchange of one-time codes."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import StringConstraints

import factotum
from factotum.api.dependencies import CallerIn, ContextIn
from factotum.core.errors import NotFound
from factotum.core.frozen import Frozen
from factotum.features.accounts import Me
from factotum.features.health import Readiness
from factotum.features.ids import named
from factotum.features.models import ModelList
from factotum.features.tools import ToolList

router = APIRouter(tags=["service"])


class Pointer(Frozen):
    """Where to look."""

    name: Literal["factotum"] = "factotum"
    version: str
    openapi: str = "/openapi.json"


class Alive(Frozen):
    """The process lives."""

    status: Literal["ok"] = "ok"


class Code(Frozen):
    """A one-time code, as `factotum serve` prints it."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Token(Frozen):
    """The bearer token of the local account."""

    token: str


@router.get("/", operation_id="get_index", summary="Where to look")
async def get_index() -> Pointer:
    """Name the service and its description."""
    return Pointer(version=factotum.__version__)


@router.get("/healthz", operation_id="get_health", summary="Whether the process lives")
async def get_health() -> Alive:
    """Answer as long as the process lives; nothing is asked."""
    return Alive()


@router.get(
    "/readyz",
    operation_id="get_readiness",
    summary="Whether requests can be served",
    responses={503: {"model": Readiness, "description": "The database is down."}},
)
async def get_readiness(context: ContextIn, response: Response) -> Readiness:
    """Ask the parts. 503 only when Postgres is down; `degraded` when another part is."""
    readiness = await context.health.readiness()
    if readiness.status == "down":
        response.status_code = 503
        response.headers["Retry-After"] = "5"
    return readiness


@router.get("/v1/models", operation_id="list_models", summary="List models")
async def list_models(
    _caller: CallerIn,
    context: ContextIn,
    everything: Annotated[
        bool, Query(alias="all", description="Also models whose provider's key is missing.")
    ] = False,
) -> ModelList:
    """List the models that can be used here and now."""
    return context.models.list(everything=everything)


@router.get("/v1/tools", operation_id="list_tools", summary="List tools")
async def list_tools(
    caller: CallerIn,
    context: ContextIn,
    agent_id: Annotated[str | None, Query(description="As this agent is offered them.")] = None,
) -> ToolList:
    """List every tool, with the reason for each that is not offered here."""
    agent = named("agent", agent_id) if agent_id is not None else None
    return await context.tools.list(caller, agent)


@router.get("/v1/me", operation_id="get_me", summary="Who you are")
async def get_me(caller: CallerIn, context: ContextIn) -> Me:
    """Tell the caller who it is."""
    return await context.accounts.me(caller)


@router.post("/v1/auth/exchange", operation_id="exchange_code", summary="Exchange a one-time code")
async def exchange_code(body: Code, context: ContextIn) -> Token:
    """Give the local account's token for a code that was printed at the start; good once, for 15 minutes."""
    if context.codes is None:
        raise NotFound("Codes are given out by `factotum serve` only.", code="codes_not_used")
    return Token(token=context.codes.redeem(body.code))
