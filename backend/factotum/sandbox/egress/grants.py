"""What one run may reach through the proxy: a token, its rules, and bounds on what it uses."""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from factotum.protocol.network import NetworkLayers
from factotum.sandbox.egress.swapping import HeldSecret

PROXY_PORT = 3128
_AT_ONCE = 64
_CONNECTIONS = 20_000
_BYTES = 10_000_000_000

Verdict = Literal["allowed", "refused", "failed"]


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection as the log has it. `reason` is a code when it was not allowed, or was ended.

    `secrets` are the names of those whose value went to the host.
    """

    at: datetime
    method: str
    host: str
    port: int
    verdict: Verdict
    reason: str
    bytes_sent: int
    bytes_received: int
    seconds: float
    secrets: tuple[str, ...] = ()


OnConnection = Callable[[Connection], None]


@dataclass(eq=False, slots=True)
class Grant:
    """Given to a run when its sandbox opens, taken back when it ends. `note` is told of every connection.

    `trust` are the variables by which programs trust the proxy's certificates, for its `secrets`.
    """

    rules: NetworkLayers
    note: OnConnection
    secrets: Sequence[HeldSecret] = ()
    trust: Mapping[str, str] = field(default_factory=dict[str, str])
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    live: int = 0
    made: int = 0
    used_bytes: int = 0
    serving: "set[asyncio.Task[None]]" = field(default_factory=set["asyncio.Task[None]"])

    @property
    def environment(self) -> Mapping[str, str]:
        """What makes programs use the proxy; and its secrets' names, with what stands for their values."""
        address = f"http://run:{self.token}@127.0.0.1:{PROXY_PORT}"
        here = "localhost,127.0.0.1,::1"
        names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
        given = {each.name: each.placeholder for each in self.secrets}
        if given:
            given.update(self.trust)
        return {**given, **dict.fromkeys(names, address), "no_proxy": here, "NO_PROXY": here}

    def refusal(self) -> str:
        """Return the code of the bound that is reached, or nothing."""
        if self.made >= _CONNECTIONS:
            return "connections_spent"
        if self.used_bytes >= _BYTES:
            return "bytes_spent"
        return "too_many_connections" if self.live >= _AT_ONCE else ""
