"""What a sandbox may reach, and an agent's reading of the web: off, some hosts, or the public internet.

Law: several layers say it, and each can only make the others stricter (decision 6).
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from factotum.core.frozen import Frozen

MOST_HOSTS = 100
NetworkMode = Literal["off", "allow", "open"]

_STRICTEST_FIRST: tuple[NetworkMode, ...] = ("off", "allow")
_HOST = re.compile(r"(\*\.)?(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*", re.ASCII)


def _checked(host: str) -> str:
    host = host.lower().removesuffix(".")
    if not _HOST.fullmatch(host):
        raise PydanticCustomError(
            "invalid_host", "{host} is no host: write example.com, or *.example.com", {"host": host}
        )
    return host


HostPattern = Annotated[str, StringConstraints(min_length=1, max_length=253), AfterValidator(_checked)]


class Network(Frozen):
    """What one layer allows. `hosts` count for `allow`: a name, or `*.name` for all names below it."""

    mode: NetworkMode = Field(
        description="`off`: nothing. `allow`: the hosts in the list. `open`: the public internet."
    )
    hosts: tuple[HostPattern, ...] = Field(default=(), max_length=MOST_HOSTS)

    def allows(self, host: str) -> bool:
        """Whether a host, in its one form, may be reached."""
        if self.mode == "allow":
            return any(covers(pattern, host) for pattern in self.hosts)
        return self.mode == "open"


class NetworkLayers:
    """Several layers together; those that say nothing (None) do not count."""

    def __init__(self, layers: Iterable[Network | None]) -> None:
        self._layers = tuple(layer for layer in layers if layer is not None)

    @property
    def mode(self) -> NetworkMode:
        """The strictest mode that a layer names; `open` where none does."""
        for mode in _STRICTEST_FIRST:
            if any(layer.mode == mode for layer in self._layers):
                return mode
        return "open"

    def allows(self, host: str) -> bool:
        """Whether every layer allows a host, in its one form."""
        return all(layer.allows(host) for layer in self._layers)


def parse_network(text: str) -> Network:
    """Read `off`, `open`, or hosts with commas between them. Raises pydantic's ValidationError."""
    word = text.strip().lower()
    if word in {"off", "open"}:
        return Network.model_validate({"mode": word})
    hosts = [host.strip() for host in word.split(",") if host.strip()]
    return Network.model_validate({"mode": "allow", "hosts": hosts})


def covers(pattern: str, host: str) -> bool:
    """Whether a pattern, `name` or `*.name`, means a host in its one form."""
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern


class NetworkConnection(Frozen):
    """A connection that a run's sandbox made, or tried to. `reason` is a code: why not, or why it ended.

    `secrets` are the names of those whose value the proxy put in.
    """

    id: str
    run_id: str
    at: datetime
    method: str
    host: str
    port: int
    verdict: Literal["allowed", "refused", "failed"]
    reason: str
    bytes_sent: int
    bytes_received: int
    seconds: float
    secrets: tuple[str, ...] = ()
