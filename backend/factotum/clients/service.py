"""Calls of other services: one deadline over all attempts, a breaker each, bounded answers, no key in a text.

httpx and tenacity are imported at the first call: the API's process makes none.
"""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

from pydantic import JsonValue, SecretStr

from factotum.clients.faults import ServiceFault, ServiceRules
from factotum.core.breaker import Breakers
from factotum.core.redaction import redact

if TYPE_CHECKING:
    from factotum.clients.transport import Transport

_log = logging.getLogger(__name__)
_MASK = "[redacted]"
_SHORTEST_SECRET = 4


@dataclass(frozen=True, slots=True)
class Bounds:
    """Seconds for the whole call and for its parts, bytes of an answer, attempts if it may be repeated."""

    total_seconds: float = 20.0
    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    answer_bytes: int = 2_000_000
    attempts: int = 3


@dataclass(frozen=True, slots=True)
class Service:
    """Another service: `name` in errors, metrics and its breaker. `headers` may hold secrets, and are sent
    with every call; `secrets` are taken out of whatever is said about it."""

    name: str
    base_url: str
    headers: Mapping[str, SecretStr] = field(default_factory=dict[str, SecretStr], repr=False)
    bounds: Bounds = Bounds()

    def redacted(self, text: str) -> str:
        """Return `text` without the service's secrets, or anything that looks like one."""
        for secret in self.headers.values():
            value = secret.get_secret_value()
            for part in (value, value.rpartition(" ")[2]):
                if len(part) >= _SHORTEST_SECRET:
                    text = text.replace(part, _MASK)
        return redact(text)


@dataclass(frozen=True, slots=True)
class Request:
    """One call. `idempotent`: it may be sent again when nobody knows whether it arrived."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    query: Mapping[str, str | int | float | bool] = field(
        default_factory=dict[str, "str | int | float | bool"]
    )
    body: JsonValue = None
    content: bytes | None = None
    """A body that is written already, in place of `body`; of `content_type`."""
    content_type: str = "application/json"
    idempotent: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer whose status is from 200 to 299."""

    service: str
    status: int
    media_type: str
    body: bytes

    def json(self) -> JsonValue:
        """Read the answer. Raises ServiceFault (`service_bad_answer`)."""
        try:
            return cast(JsonValue, json.loads(self.body))
        except (ValueError, RecursionError):
            raise ServiceFault(
                self.service, "bad_answer", f"{self.service} answered something that is not JSON."
            ) from None


@dataclass(frozen=True, slots=True)
class CallRecord:
    """How one call went, for metrics: `outcome` is `ok` or a fault's kind."""

    service: str
    outcome: str
    seconds: float
    attempts: int


OnCall = Callable[[CallRecord], Awaitable[None]]


class Outbound:
    """Makes the calls of one process. `on_call` is told of each call's end and must not raise."""

    def __init__(
        self, *, on_call: OnCall | None = None, breakers: Breakers[ServiceFault] | None = None
    ) -> None:
        self.breakers = breakers or Breakers(ServiceRules())
        self._on_call = on_call
        self._transport: Transport | None = None
        self._opening = asyncio.Lock()

    async def call(self, service: Service, request: Request) -> Reply:
        """Call `service`; repeats an idempotent request within the deadline. Raises ServiceFault."""
        transport = await self._opened()
        started, outcome, attempts = time.monotonic(), "cancelled", 0

        async def attempt(left: float) -> Reply:
            nonlocal attempts
            attempts += 1
            permit = self.breakers.of(service.name).admit()
            try:
                reply = await transport.send(service, request, left)
            except ServiceFault as fault:
                permit.failed(fault)
                raise
            except BaseException:
                permit.abandoned()
                raise
            permit.succeeded()
            return reply

        try:
            reply = await transport.repeated(attempt, service, request)
            outcome = "ok"
            return reply
        except ServiceFault as fault:
            outcome = fault.kind
            _log.warning("%s: %s", fault.stable_code, fault.message)
            raise
        finally:
            if self._on_call is not None:
                await self._on_call(CallRecord(service.name, outcome, time.monotonic() - started, attempts))

    async def aclose(self) -> None:
        """Close the connections that are kept."""
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.aclose()

    async def _opened(self) -> "Transport":
        async with self._opening:
            if self._transport is None:
                self._transport = await asyncio.to_thread(_make_transport)
            return self._transport


def _make_transport() -> "Transport":
    from factotum.clients.transport import Transport

    return Transport()
