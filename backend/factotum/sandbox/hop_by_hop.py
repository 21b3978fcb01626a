"""Headers that hold for one connection alone (RFC 9110, 7.6.1): what no proxy passes on."""

from collections.abc import Iterable

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "upgrade",
    }
)
"""In lower case. `Transfer-Encoding` is left to who reads the bodies."""

_KEPT = b"content-length"
_NAMES = frozenset(name.encode() for name in HOP_BY_HOP)


def hop_by_hop(headers: Iterable[tuple[bytes, bytes]]) -> set[bytes]:
    """Return the names not to pass on, in lower case: those above, and what `Connection` names itself.

    That is never `Content-Length`: a body without it could be read two ways.
    """
    named = [value for name, value in headers if name.lower() == b"connection"]
    return {*_NAMES, *(each.strip().lower() for value in named for each in value.split(b","))} - {_KEPT}
