"""How a request goes over the wire: httpx for one attempt, tenacity for several."""

import asyncio
import email.utils
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_random_exponential

from factotum.clients.faults import FaultKind, ServiceFault
from factotum.clients.service import Reply, Request, Service

_CONNECTIONS = 100
_KEPT = 20
_SHOWN = 300
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 8.0
_STATUSES: dict[int, FaultKind] = {
    401: "unauthorized",
    403: "unauthorized",
    404: "not_found",
    408: "timeout",
    429: "rate_limited",
}


class Transport:
    """The connections of one process. Made in a thread: it reads the authorities' certificates."""

    def __init__(self) -> None:
        self._client = httpx.AsyncClient(
            follow_redirects=False,
            limits=httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_KEPT),
            headers={"User-Agent": "Factotum", "Accept": "application/json"},
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def repeated(
        self, attempt: Callable[[float], Awaitable[Reply]], service: Service, request: Request
    ) -> Reply:
        """Make attempts until one succeeds; `attempt` is given the seconds that are left."""
        ends = time.monotonic() + service.bounds.total_seconds
        pause = wait_random_exponential(multiplier=_FIRST_PAUSE, max=_LONGEST_PAUSE)

        def wait(state: RetryCallState) -> float:
            return min(max(pause(state), _asked_for(_fault(state))), max(ends - time.monotonic(), 0.0))

        def again(error: BaseException) -> bool:
            # One that waits for longer than there is time is told at once.
            left = ends - time.monotonic()
            return isinstance(error, ServiceFault) and error.may_pass and _asked_for(error) + 0.5 < left

        attempts = service.bounds.attempts if request.idempotent else 1
        async for trial in AsyncRetrying(
            stop=stop_after_attempt(attempts), wait=wait, retry=retry_if_exception(again), reraise=True
        ):
            with trial:
                left = ends - time.monotonic()
                if left <= 0:
                    raise _too_slow(service)
                return await attempt(left)
        raise AssertionError("unreachable")

    async def send(self, service: Service, request: Request, left: float) -> Reply:
        """Make one attempt within `left` seconds. Raises ServiceFault."""
        deadline = asyncio.timeout(left)
        try:
            async with deadline:
                return await self._send(service, request)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise _too_slow(service) from error
        except httpx.TimeoutException as error:
            raise _too_slow(service) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            said = service.redacted(str(error)) or type(error).__name__
            raise ServiceFault(
                service.name, "unreachable", f"{service.name} cannot be reached: {said}"
            ) from None

    async def _send(self, service: Service, request: Request) -> Reply:
        bounds = service.bounds
        more: dict[str, Any] = {} if request.body is None else {"json": request.body}
        headers = {name: value.get_secret_value() for name, value in service.headers.items()}
        if request.content is not None:
            more = {"content": request.content}
            headers["Content-Type"] = request.content_type
        sending = self._client.stream(
            request.method,
            service.base_url.rstrip("/") + request.path,
            params=request.query or None,
            headers=headers,
            timeout=httpx.Timeout(bounds.read_seconds, connect=bounds.connect_seconds),
            **more,
        )
        async with sending as response:
            body = await _bounded(response, service)
        if not response.is_success:
            raise _refusal(service, response, body)
        media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        return Reply(service.name, response.status_code, media_type, body)


async def _bounded(response: httpx.Response, service: Service) -> bytes:
    """Read the body. Raises ServiceFault as soon as it is larger than the bound."""
    most = service.bounds.answer_bytes
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > most:
            raise ServiceFault(
                service.name,
                "too_large",
                f"{service.name} answered more than {most:,} bytes; the rest was not read.",
                hint="Ask for less at a time.",
            )
    return bytes(body)


def _refusal(service: Service, response: httpx.Response, body: bytes) -> ServiceFault:
    status = response.status_code
    ill = status >= httpx.codes.INTERNAL_SERVER_ERROR
    kind = _STATUSES.get(status) or ("overloaded" if ill else "refused")
    said = " ".join(service.redacted(body[: 4 * _SHOWN].decode(errors="replace")).split())[:_SHOWN]
    hints = {
        "unauthorized": f"The operator should check the key of {service.name}.",
        "rate_limited": "Wait before the next call.",
        "refused": "Check the arguments.",
    }
    return ServiceFault(
        service.name,
        kind,
        f"{service.name} answered {status}{f': {said}' if said else '.'}",
        hint=hints.get(kind, ""),
        status=status,
        retry_after_seconds=retry_after(response.headers),
    )


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the seconds that a Retry-After header asks for (RFC 9110, 10.2.3), or None."""
    value = headers.get("retry-after", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        try:
            when = email.utils.parsedate_to_datetime(value)
        except ValueError:
            return None
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        seconds = (when - (now or datetime.now(UTC))).total_seconds()
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _asked_for(fault: BaseException | None) -> float:
    asked = fault.retry_after_seconds if isinstance(fault, ServiceFault) else None
    return asked or 0.0


def _fault(state: RetryCallState) -> BaseException | None:
    return None if state.outcome is None else state.outcome.exception()


def _too_slow(service: Service) -> ServiceFault:
    return ServiceFault(
        service.name, "timeout", f"{service.name} did not answer within {service.bounds.total_seconds:g} s."
    )
