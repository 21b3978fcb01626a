"""Every call to Daytona: a deadline, a breaker, its rate limits honoured, its errors made ours.

Kinds of answer: one that says Daytona is ill (5xx, no connection, no answer in time) counts against it, and
after THRESHOLD in a row no call is made for REST_SECONDS. A rate limit is waited for as long as the deadline
allows. Only calls that may be repeated are.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from factotum.core.errors import InvalidInput, RateLimited, SetupFault, Unavailable
from factotum.sandbox.daytona.sdk import failures

T = TypeVar("T")

THRESHOLD = 5
REST_SECONDS = 20.0
_TRIES = 4
_FIRST_PAUSE_SECONDS = 0.2
_DEFAULT_WAIT_SECONDS = 1.0
_NOT_FOUND, _CONFLICT, _TOO_MANY = 404, 409, 429


class Missing(Exception):
    """Daytona does not know what was asked for."""


class Clash(Exception):
    """It is there already, or in a state that does not allow this."""


class Breaker:
    """Lets calls through until too many in a row have failed; then one at a time may try again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._open_until = 0.0

    @property
    def is_open(self) -> bool:
        """Whether calls are refused now."""
        return self._failures >= THRESHOLD and self._clock() < self._open_until

    def admit(self) -> None:
        """Raise Unavailable (`daytona_resting`) while calls are refused; else one more may try."""
        if self.is_open:
            raise Unavailable(
                f"Daytona failed {self._failures} times in a row and is left alone for a while.",
                hint="Try again in half a minute, and look at status.app.daytona.io.",
                code="daytona_resting",
            )
        if self._failures >= THRESHOLD:
            self._open_until = self._clock() + REST_SECONDS  # others wait for this trial

    def answered(self) -> None:
        """Daytona works."""
        self._failures = 0

    def failed(self) -> None:
        """Daytona did not answer as it should."""
        self._failures += 1
        self._open_until = self._clock() + REST_SECONDS


class Calls:
    """Makes calls, all through one breaker."""

    def __init__(self, breaker: Breaker | None = None) -> None:
        self.breaker = breaker or Breaker()

    async def make(
        self, call: Callable[[], Awaitable[T]], what: str, *, seconds: float, again: bool = False
    ) -> T:
        """Make a call; `what` names it for the reader of an error.

        Raises Missing, Clash, RateLimited, Unavailable (`daytona_unreachable`, `sandbox_timeout`),
        SetupFault (`daytona_refused`) and InvalidInput.
        """
        until = time.monotonic() + seconds
        pause = _FIRST_PAUSE_SECONDS
        for attempt in range(1, _TRIES + 1):
            self.breaker.admit()
            try:
                async with asyncio.timeout(until - time.monotonic()):
                    result = await call()
            except failures() as error:
                wait = self._judge(error, pause)
                if wait is None or attempt == _TRIES or time.monotonic() + wait >= until:
                    raise explain(error, what) from error
                if not again and status_of(error) != _TOO_MANY:
                    raise explain(error, what) from error
                await asyncio.sleep(wait)
                pause *= 2
            else:
                self.breaker.answered()
                return result
        raise AssertionError("unreachable")

    def _judge(self, error: Exception, pause: float) -> float | None:
        """Note what an error says of Daytona; return after how many seconds another try may help."""
        status = status_of(error)
        if status == _TOO_MANY:
            self.breaker.answered()
            return retry_after(headers_of(error)) or _DEFAULT_WAIT_SECONDS
        if status is not None and status < 500:
            self.breaker.answered()
            return None
        self.breaker.failed()
        return pause


def status_of(error: BaseException) -> int | None:
    """Return the HTTP status that an error of the SDK, or of what is below it, stands for."""
    for name in ("status_code", "status"):
        status = getattr(error, name, None)
        if isinstance(status, int):
            return status
    return None


def headers_of(error: BaseException) -> Mapping[str, str]:
    """Return the headers of the answer behind an error."""
    headers: Mapping[str, str] | None = getattr(error, "headers", None)
    return headers or {}


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait: the longest of Retry-After and of those with a suffix for one limit."""
    found: list[float] = []
    for name, value in headers.items():
        if str(name).lower().startswith("retry-after"):
            try:
                seconds = float(value)
            except ValueError:
                continue
            if math.isfinite(seconds) and seconds >= 0:
                found.append(seconds)
    return max(found, default=None)


def explain(error: BaseException, what: str) -> Exception:
    """Return our error for one of the SDK's."""
    status = status_of(error)
    said = str(error).strip().splitlines()
    detail = (said or [type(error).__name__])[0][:200]
    match status:
        case 404 | 410:
            return Missing(what)
        case 409:
            return Clash(detail)
        case 429:
            wait = retry_after(headers_of(error)) or _DEFAULT_WAIT_SECONDS
            return RateLimited(
                "Daytona takes no more requests for now.",
                retry_after_seconds=wait,
                hint="Wait, or ask Daytona for a higher limit.",
            )
        case 401 | 403:
            return SetupFault(
                f"Daytona does not allow us to {what} (HTTP {status}).",
                hint="Look at DAYTONA_API_KEY: it needs the rights to write and delete sandboxes.",
                code="daytona_refused",
            )
        case int() if 400 <= status < 500:
            return InvalidInput(f"Daytona could not {what}: {detail}", code="daytona_rejected")
        case _ if isinstance(error, TimeoutError) or _is_timeout(error):
            return Unavailable(
                f"Daytona did not {what} in time.",
                hint="Try again; `factotum doctor` tells whether Daytona answers.",
                code="sandbox_timeout",
            )
        case _:
            return Unavailable(
                f"Daytona could not {what}.",
                hint="Try again; `factotum doctor` tells whether Daytona answers.",
                code="daytona_unreachable",
            )


def _is_timeout(error: BaseException) -> bool:
    return any(base.__name__ == "DaytonaTimeoutError" for base in type(error).__mro__)
