"""Faults on demand: what a request meets instead of, or before, its answer."""

import asyncio
import fnmatch
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import web

from factotum.testing.daytona.wire import error

Kind = Literal["rate_limit", "error", "hang", "slow", "drop", "late"]
"""rate_limit: 429. error: 500. hang: no answer. slow: answered after `seconds`. drop: the connection is cut
before anything is done. late: it is done, and then the connection is cut.
"""


@dataclass(slots=True)
class Fault:
    """One fault; `left` says how many requests still meet it."""

    pattern: str
    kind: Kind
    left: int
    seconds: float
    headers: dict[str, str] = field(default_factory=dict[str, str])


class Faults:
    """The faults of one server. Patterns are globs over `METHOD /path`, without the API's prefix."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self.met: list[str] = []
        """The requests that met one."""

    def add(
        self,
        pattern: str,
        kind: Kind,
        *,
        times: int = 1,
        seconds: float = 0.2,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Let the next `times` requests that fit meet a fault. `seconds`: of a wait, or of Retry-After."""
        self._faults.append(Fault(pattern, kind, times, seconds, headers or {}))

    def clear(self) -> None:
        """Let all requests pass, and forget which met a fault."""
        self._faults.clear()
        self.met.clear()

    def take(self, request: str) -> Fault | None:
        """Return the fault that a request meets, and count it."""
        for fault in self._faults:
            if fault.left > 0 and fnmatch.fnmatchcase(request, fault.pattern):
                fault.left -= 1
                self.met.append(request)
                return fault
        return None


async def befall(fault: Fault, request: web.Request) -> web.Response | None:
    """Do what a fault says; return its answer, or None when the request goes on."""
    match fault.kind:
        case "rate_limit":
            headers = fault.headers or {"Retry-After": str(fault.seconds)}
            return error(429, "Too many requests", headers)
        case "error":
            return error(500, "Internal server error", fault.headers)
        case "hang":
            await asyncio.sleep(3600)
        case "slow":
            await asyncio.sleep(fault.seconds)
        case "drop":
            cut(request)
        case "late":
            pass
    return None


def cut(request: web.Request) -> None:
    """Cut a connection as a network does."""
    if request.transport is not None:
        request.transport.abort()
    raise asyncio.CancelledError
