"""The one place that asks what time it is."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Return the current time, in UTC and aware of it."""
    return datetime.now(UTC)


def since_boot() -> float:
    """Return seconds that only go forward, while the machine sleeps too: for what others count meanwhile."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
