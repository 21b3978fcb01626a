"""How the breakers of all processes are: each process that calls others writes its own; anybody may read.

Lost with Redis, and old news after a minute: what a breaker does depends on none of it.
"""

import json
import logging
import time
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, cast

from factotum.bus.pipe import Pipe
from factotum.core.breaker import Circuit
from factotum.core.errors import Unavailable

_log = logging.getLogger(__name__)

_KEY = "circuits"
_STALE_SECONDS = 60.0
_MOST_CIRCUITS = 200


class CircuitBoard:
    """One hash, a field a process."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._is_new = True

    async def write(self, process: str, circuits: Iterable[Circuit]) -> None:
        """Say how the circuits of a process are; nothing while Redis is away.

        A new process forgets those that are gone, so that they never grow, though nobody reads.
        """
        told = [asdict(circuit) for circuit in circuits][:_MOST_CIRCUITS]
        news = json.dumps({"at": time.time(), "circuits": told})
        try:
            await self._pipe.call(("HSET", _KEY, process, news), ("EXPIRE", _KEY, int(10 * _STALE_SECONDS)))
            if self._is_new:
                await self.read()
                self._is_new = False
        except Unavailable as fault:
            _log.debug("the circuits were not told: %s", fault.message)

    async def read(self) -> dict[str, tuple[Circuit, ...]]:
        """Return the circuits of every process that spoke lately; forget the others. Raises Unavailable."""
        (found,) = await self._pipe.call(("HGETALL", _KEY))
        fields = cast("dict[bytes, bytes]", found) if isinstance(found, dict) else _paired(found)
        fresh: dict[str, tuple[Circuit, ...]] = {}
        stale: list[str] = []
        for process, news in fields.items():
            circuits = _readable(news)
            if circuits is None:
                stale.append(process.decode())
            else:
                fresh[process.decode()] = circuits
        if stale:
            await self._pipe.call(("HDEL", _KEY, *stale))
        return fresh


def _paired(reply: Any) -> dict[bytes, bytes]:
    flat = cast("list[bytes]", reply if isinstance(reply, list) else [])
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _readable(news: bytes) -> tuple[Circuit, ...] | None:
    """Return what a process said; None when it is old, or of another version."""
    try:
        told = json.loads(news)
        if abs(time.time() - told["at"]) > _STALE_SECONDS:
            return None
        return tuple(Circuit(**circuit) for circuit in told["circuits"])
    except (ValueError, KeyError, TypeError):
        return None
