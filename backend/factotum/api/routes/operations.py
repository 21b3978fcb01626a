"""For who runs the service: metrics, breakers, and the runs that do not go on."""

import hmac
from ipaddress import ip_address
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from factotum.api.auth import bearer_token
from factotum.api.dependencies import CallerIn, ContextIn, DrainIn
from factotum.core.errors import Unauthenticated
from factotum.features.circuits import CircuitList
from factotum.features.metrics import CONTENT_TYPE
from factotum.protocol.stuck import StuckRuns
from factotum.settings import Settings

router = APIRouter(tags=["service"])

_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


async def _operator(request: Request, context: ContextIn) -> None:
    """Let the operator's token pass, or in local mode this machine. Raises Unauthenticated."""
    _check_operator(request, context.services.settings)


@router.get("/metrics", include_in_schema=False, dependencies=[Depends(_operator)])
async def get_metrics(context: ContextIn, drain: DrainIn) -> Response:
    """Tell Prometheus how the service is, for the operator's token, or to this machine in local mode."""
    text = await context.metrics.text(streams=drain.streams)
    return Response(text, headers={"Cache-Control": "no-store"}, media_type=CONTENT_TYPE)


@router.get(
    "/v1/admin/circuits",
    operation_id="list_circuits",
    summary="List the circuit breakers",
    dependencies=[Depends(_operator)],
)
async def list_circuits(context: ContextIn) -> CircuitList:
    """List the breakers of every service that was called, models' providers too; for the operator's token."""
    return await context.circuits.list()


@router.post(
    "/v1/admin/circuits/{name}/reset",
    operation_id="reset_circuit",
    summary="Close a circuit breaker",
    status_code=204,
    dependencies=[Depends(_operator)],
)
async def reset_circuit(name: str, context: ContextIn) -> None:
    """Let calls of a service through again, in every process; for the operator's token."""
    await context.circuits.reset(name)


@router.get(
    "/v1/runs/stuck", operation_id="list_stuck_runs", summary="List runs that do not go on", tags=["runs"]
)
async def list_stuck_runs(
    caller: CallerIn,
    context: ContextIn,
    limit: Annotated[int, Query(ge=1, le=200, description="At most this many.")] = 50,
) -> StuckRuns:
    """List your runs that have not gone on for a minute, with why and what to do; the longest waiting first.

    Those that wait for a person are not among them.
    """
    return await context.stuck.list(caller, limit)


def _check_operator(request: Request, settings: Settings) -> None:
    """Raise Unauthenticated for anybody else."""
    expected = settings.metrics_token or settings.api_token
    if "authorization" in request.headers:
        given = bearer_token(request.headers)
        if expected and hmac.compare_digest(given.encode(), expected.get_secret_value().encode()):
            return
    elif settings.env_mode == "local" and _is_this_machine(request):
        return
    raise Unauthenticated(
        "This is for the operator.",
        hint="Send the bearer token of FACTOTUM_METRICS_TOKEN or, where that is not set, FACTOTUM_API_TOKEN.",
    )


def _is_this_machine(request: Request) -> bool:
    """Tell whether the request comes from here, and not through a proxy that is here."""
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
