"""Which addresses of the internet may be reached for somebody else: names are resolved once, and pinned.

Law: what is connected to is an address that was checked, never a name that is resolved again. So a name that
changes its mind (DNS rebinding) gains nothing, and every redirect is a new address to check. All that is not
the public internet is refused: this machine, its networks, its cloud's metadata, and the forms of IPv6 that
hold an IPv4 address inside.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from factotum.core.errors import Forbidden, InvalidInput, Unavailable

Address = IPv4Address | IPv6Address
Resolver = Callable[[str, int], Awaitable[Collection[str]]]
"""Gives the addresses of a name, for a port. Raises OSError when there are none."""

_LONGEST_HOST: Final = 253
_RESOLVE_SECONDS: Final = 5.0
_MOST_ADDRESSES: Final = 8
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII)
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+", re.ASCII)
_LOCAL_NAMES: Final = (
    "localhost",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "home.arpa",
    "localdomain",
)

# The registries of special addresses (RFC 6890), and what clouds use inside: ipaddress calls some global.
_REFUSED_4: Final = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
)
_GLOBAL_6: Final = ipaddress.IPv6Network("2000::/3")
_REFUSED_6: Final = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)


class AddressRefused(Forbidden):
    """The address is not on the public internet, or not allowed; nothing was sent there."""

    code = "address_refused"


@dataclass(frozen=True, slots=True)
class Pinned:
    """A host that may be reached, at these addresses and no other. `host` is in its one form."""

    host: str
    port: int
    addresses: tuple[str, ...]


class Guard:
    """Decides which addresses may be reached. `allowed` are exceptions for tests: (address, port)."""

    def __init__(
        self, resolver: Resolver | None = None, *, allowed: Collection[tuple[str, int]] = ()
    ) -> None:
        self._resolve = resolver or system_resolver
        self._allowed = frozenset(allowed)

    async def pin(self, host: str, port: int) -> Pinned:
        """Resolve `host` once, and return where it may be reached.

        One address that is not public refuses the host: a name that points to both kinds is an attack or a
        mistake. Raises InvalidInput (`host_invalid`), AddressRefused (`address_refused`) and Unavailable
        (`host_unknown`).
        """
        name = normal_host(host)
        if not 0 < port <= 0xFFFF:
            raise InvalidInput("A port is a number from 1 to 65535.", code="host_invalid")
        literal = _parsed(name)
        found = [literal] if literal is not None else await self._resolved(name, port)
        for address in found:
            if is_private(address) and (str(address), port) not in self._allowed:
                raise refused(host)
        return Pinned(name, port, tuple(str(address) for address in found[:_MOST_ADDRESSES]))

    async def _resolved(self, name: str, port: int) -> list[Address]:
        if any(name == local or name.endswith(f".{local}") for local in _LOCAL_NAMES) or "." not in name:
            raise refused(name)
        try:
            async with asyncio.timeout(_RESOLVE_SECONDS):
                texts = await self._resolve(name, port)
        except (OSError, TimeoutError, UnicodeError):
            texts = ()
        found = [address for text in dict.fromkeys(texts) if (address := _parsed(text)) is not None]
        if not found or len(found) != len(set(texts)):
            raise Unavailable(
                f"There is no host named {name[:100]}.", hint="Check its spelling.", code="host_unknown"
            )
        return found


def normal_host(host: str) -> str:
    """Return a host in its one form: lower case, IDNA, no dot at the end.

    Every way to write an address becomes the plain one, as the C library reads it: decimal, octal,
    hexadecimal, short.

    Raises InvalidInput (`host_invalid`).
    """
    text = host.strip("[]") if host.startswith("[") and host.endswith("]") else host
    if ":" in text:
        address = _parsed(text)
        if address is None or "%" in text:
            raise _invalid(host)
        return str(address)
    try:
        # IDNA also folds the full-width digits and dots that browsers take for plain ones.
        name = text.encode("idna").decode("ascii").lower() if not text.isascii() else text.lower()
    except UnicodeError:
        raise _invalid(host) from None
    name = name.removesuffix(".")
    if not name or len(name) > _LONGEST_HOST:
        raise _invalid(host)
    labels = name.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        number = _as_c_reads_it(labels)
        if number is None:
            raise _invalid(host)
        return str(IPv4Address(number))
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise _invalid(host)
    return name


def is_private(address: Address) -> bool:
    """Whether an address is anything but a host of the public internet."""
    if isinstance(address, IPv4Address):
        return any(address in network for network in _REFUSED_4)
    # Outside of 2000::/3 are loopback, unspecified, mapped, NAT64, unique local, link-local and multicast.
    return address not in _GLOBAL_6 or any(address in network for network in _REFUSED_6)


def refused(host: str) -> AddressRefused:
    """Build the error for a host that may not be reached."""
    return AddressRefused(
        f"{host[:100]} is not on the public internet; nothing was sent there.",
        hint="Addresses of this machine, its networks and its cloud cannot be reached. Use a public address.",
    )


async def system_resolver(name: str, port: int) -> list[str]:
    """Ask the operating system. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def _parsed(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _as_c_reads_it(labels: list[str]) -> int | None:
    """Read one to four numbers as inet_aton does; the last one fills what is left."""
    if len(labels) > 4 or not all(_NUMBER.fullmatch(label) for label in labels):
        return None
    try:
        numbers = [_number(label) for label in labels]
    except ValueError:
        return None
    *heads, last = numbers
    if any(head > 0xFF for head in heads) or last >= 256 ** (5 - len(numbers)):
        return None
    value = last
    for place, head in enumerate(heads):
        value |= head << (8 * (3 - place))
    return value


def _number(label: str) -> int:
    if len(label) > 20:
        raise ValueError(label)
    if label.startswith("0x"):
        return int(label[2:] or "0", 16)
    return int(label, 8) if len(label) > 1 and label.startswith("0") else int(label)


def _invalid(host: str) -> InvalidInput:
    return InvalidInput(
        f"{host[:100]!r} is not the name of a host.", hint="Check its spelling.", code="host_invalid"
    )
