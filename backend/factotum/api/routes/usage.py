"""/v1/usage."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from factotum.api.dependencies import CallerIn, ContextIn
from factotum.features.usage import Period, UsageSummary
from factotum.store.usage import UsageBy

router = APIRouter(prefix="/v1/usage", tags=["usage"])


@router.get("", operation_id="get_usage", summary="What was used")
async def get_usage(
    caller: CallerIn,
    context: ContextIn,
    first: Annotated[
        date | None, Query(alias="from", description="The first day, in UTC. None: 30 days up to the last.")
    ] = None,
    last: Annotated[date | None, Query(alias="to", description="The last day, in UTC. None: today.")] = None,
    by: Annotated[UsageBy, Query(description="What the sums are of.")] = "day",
) -> UsageSummary:
    """Sum what the runs that were made in a period of at most 366 days used, by day, model or agent.

    A run counts on the day it was made. Runs of deleted threads are gone, and count no more.
    """
    return await context.usage.get(caller, Period(first, last), by)
