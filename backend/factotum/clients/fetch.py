"""Pages of the web, read for an agent: through the guard, up to a bound, every redirect checked again.

httpx is imported at the first page: the API's process reads none.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urljoin, urlsplit

from factotum.clients.faults import ServiceFault, ServiceRules
from factotum.core.addresses import Guard, Pinned, normal_host
from factotum.core.breaker import Breakers
from factotum.core.errors import InvalidInput

if TYPE_CHECKING:
    from factotum.clients.pages import Connector

LONGEST_URL = 4_000
_REDIRECTS = 5
_PORTS = {"http": 80, "https": 443}

CheckHost = Callable[[str], None]
"""Called with each host, in its one form, before its name is resolved. Raises when it may not be reached."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address that was checked: where to connect, and what to ask for there."""

    url: str
    parts: SplitResult
    pinned: Pinned


@dataclass(frozen=True, slots=True)
class Page:
    """What an address gave. `url` is where the redirects led; `body` is whole unless `truncated`."""

    url: str
    media_type: str
    charset: str | None
    body: bytes
    truncated: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer on the way: a page, or where it is to be found instead."""

    page: Page | None
    location: str = ""


class WebReader:
    """Reads pages. A host that keeps failing is left alone for a while, like any service."""

    def __init__(self, guard: Guard, *, breakers: Breakers[ServiceFault] | None = None) -> None:
        self.breakers = breakers or Breakers(ServiceRules())
        self._guard = guard
        self._connector: Connector | None = None
        self._opening = asyncio.Lock()

    async def read(self, url: str, *, check: CheckHost, limit: int, seconds: float) -> Page:
        """Get a page of at most `limit` bytes, decompressed, within `seconds`; a larger one is cut.

        Raises InvalidInput (`url_invalid`), AddressRefused, Unavailable and ServiceFault.
        """
        connector = await self._opened()
        deadline = asyncio.timeout(seconds)
        try:
            async with deadline:
                for _ in range(_REDIRECTS + 1):
                    target = await self._target(url, check)
                    answer = await self._get(connector, target, limit)
                    if answer.page is not None:
                        return answer.page
                    url = urljoin(target.url, answer.location)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            host = urlsplit(url).hostname or "the page"
            said = f"{host} did not send the page within {seconds:g} s."
            raise ServiceFault(host, "timeout", said) from error
        host = urlsplit(url).hostname or ""
        raise ServiceFault(
            host, "refused", f"{host} redirects more than {_REDIRECTS} times.", hint="Use another address."
        )

    async def _target(self, url: str, check: CheckHost) -> Target:
        parts = checked_url(url)
        host = normal_host(parts.hostname or "")
        check(host)
        pinned = await self._guard.pin(host, parts.port or _PORTS[parts.scheme])
        bare = f"[{pinned.host}]" if ":" in pinned.host else pinned.host
        parts = parts._replace(netloc=bare if parts.port is None else f"{bare}:{parts.port}", fragment="")
        return Target(parts.geturl(), parts, pinned)

    async def _get(self, connector: "Connector", target: Target, limit: int) -> Answer:
        permit = self.breakers.of(target.pinned.host).admit()
        try:
            answer = await connector.get(target, limit)
        except ServiceFault as fault:
            permit.failed(fault)
            raise
        except BaseException:
            permit.abandoned()
            raise
        permit.succeeded()
        return answer

    async def _opened(self) -> "Connector":
        async with self._opening:
            if self._connector is None:
                self._connector = await asyncio.to_thread(_make_connector)
            return self._connector


def checked_url(url: str) -> SplitResult:
    """Take an address apart. Raises InvalidInput (`url_invalid`) for what is no plain web address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = SplitResult("", "", "", "", ""), None
    plain = len(url) <= LONGEST_URL and url.isprintable() and " " not in url and "\\" not in url
    if not plain or parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc or port == 0:
        raise InvalidInput(
            f"{url[:200]!r} is not an address of the web.",
            hint="Give a whole address: http:// or https://, a host, no user name; percent-encode the rest.",
            code="url_invalid",
        )
    return parts


def _make_connector() -> "Connector":
    from factotum.clients.pages import Connector

    return Connector()
