"""The time, which a model cannot know."""

import asyncio
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from factotum.tools.declare import tool
from factotum.tools.tool import ToolContext, ToolError, ToolOutput


@tool(
    effect="pure",
    family="time",
    deadline_seconds=10,
    output_limit=500,
    example={"timezone": "Europe/Berlin"},
)
async def get_datetime(context: ToolContext, timezone: str = "UTC") -> ToolOutput:
    """Tell the present date, weekday and time.

    Args:
        timezone: The time zone by its IANA name, such as UTC or Europe/Berlin.
    """
    del context
    zone = UTC if timezone.upper() == "UTC" else await asyncio.to_thread(_zone, timezone)
    now = datetime.now(zone)
    return ToolOutput(f"{now.isoformat(timespec='seconds')} ({now:%A}, week {now:%V}, {timezone})")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ToolError(
            f"There is no time zone named {name[:60]!r}.",
            hint="Use an IANA name, such as UTC, Europe/Berlin or America/New_York.",
            code="timezone_unknown",
        ) from None
