"""The time, in the zones that there are."""

from datetime import UTC, datetime

import pytest

from factotum.testing.memory_context import MemoryToolContext
from factotum.tools.builtin.clock import get_datetime


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
async def test_the_time_is_told(zone: str) -> None:
    result = await MemoryToolContext().call(get_datetime, timezone=zone)
    told = datetime.fromisoformat(result.text.split(" ")[0])
    assert abs((datetime.now(UTC) - told).total_seconds()) < 5
    assert f"{told:%A}" in result.text
    assert zone in result.text


@pytest.mark.parametrize("zone", ["Mars/Base", "../../etc/passwd", "", "Europe"])
async def test_a_zone_that_does_not_exist(zone: str) -> None:
    assert (await MemoryToolContext().call(get_datetime, timezone=zone)).code == "timezone_unknown"
