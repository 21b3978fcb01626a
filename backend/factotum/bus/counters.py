"""Counts of what happened to runs, of all processes together: for metrics, and lost with Redis."""

import logging
from typing import Any, cast

from factotum.bus.pipe import Pipe
from factotum.core.errors import Unavailable

_log = logging.getLogger(__name__)

_KEY = "counters"


class Counters:
    """Adds up in one hash. Counting never fails or holds up who counts for more than a round trip."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe

    async def add(self, *names: str) -> None:
        """Count one of each; nothing while Redis is away."""
        try:
            await self._pipe.call(*(("HINCRBY", _KEY, name, 1) for name in names))
        except Unavailable as fault:
            _log.debug("%s was not counted: %s", names, fault.message)

    async def read(self) -> dict[str, int]:
        """Return all counts. Raises Unavailable."""
        (found,) = await self._pipe.call(("HGETALL", _KEY))
        return {name.decode(): int(count) for name, count in _pairs(found)}


def _pairs(reply: Any) -> list[tuple[bytes, bytes]]:
    """Read a hash as RESP2 (a flat list) or RESP3 (a map) gives it; an error reply counts as nothing."""
    if isinstance(reply, dict):
        return list(cast("dict[bytes, bytes]", reply).items())
    if isinstance(reply, list):
        flat = cast("list[bytes]", reply)
        return list(zip(flat[::2], flat[1::2], strict=True))
    return []
