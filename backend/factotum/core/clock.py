"""The one place that asks what time it is."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current time, in UTC and aware of it."""
    return datetime.now(UTC)
