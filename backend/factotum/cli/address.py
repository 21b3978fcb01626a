"""Where the service is and how to sign in: from the environment, else from the note that `serve` leaves."""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from factotum.core.errors import InvalidInput, Unauthenticated, Unavailable

NOT_RUNNING = "Start it with `factotum serve` or `make run`."
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


@dataclass(frozen=True, slots=True)
class Address:
    """The service's base URL, without a stroke at its end, and the bearer token.

    `account`: which account to act for, where it is not the caller's own.
    """

    url: str
    token: str
    account: str | None = None

    @property
    def local(self) -> bool:
        """Whether it is this machine."""
        return is_local(self.url)


def find_address(environment: Mapping[str, str], folder: Path, token: str | None = None) -> Address:
    """Return the service to talk to.

    FACTOTUM_URL and FACTOTUM_API_TOKEN (`token`, when the settings know it) come first; without them it is
    the service that runs on the data folder `folder`. Its token is never sent to another machine.
    FACTOTUM_ACCOUNT names the account of somebody who has several.
    Raises Unavailable (`service_unreachable`) when none is known, Unauthenticated (`token_missing`).
    """
    url = environment.get("FACTOTUM_URL", "").strip().rstrip("/")
    if url:
        _check(url)
    else:
        url = _announced(folder)
    return Address(url, token or _token(url, folder), environment.get("FACTOTUM_ACCOUNT", "").strip() or None)


def is_local(url: str) -> bool:
    """Tell whether an address is on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good:
        raise InvalidInput(
            f"FACTOTUM_URL is not an address: {url!r}.", hint="It looks like http://127.0.0.1:8787."
        )


def _announced(folder: Path) -> str:
    """Read the note of the running service."""
    try:
        note = cast("dict[str, Any]", json.loads((folder / "server.json").read_text("utf-8")))
        url = str(note["url"]).rstrip("/")
        _check(url)
    except (OSError, ValueError, KeyError, TypeError, InvalidInput):
        raise Unavailable(
            "No service is running here.",
            hint=f"{NOT_RUNNING} For one that runs elsewhere set FACTOTUM_URL and FACTOTUM_API_TOKEN.",
            code="service_unreachable",
        ) from None
    host = urlsplit(url).hostname or ""
    return url.replace(host, _ANYWHERE[host], 1) if host in _ANYWHERE else url


def _token(url: str, folder: Path) -> str:
    try:
        token = (folder / "token").read_text("ascii").strip() if is_local(url) else ""
    except (OSError, UnicodeDecodeError):
        token = ""
    if not token:
        raise Unauthenticated(
            f"No token was found for {url}.", hint="Set FACTOTUM_API_TOKEN.", code="token_missing"
        )
    return token
