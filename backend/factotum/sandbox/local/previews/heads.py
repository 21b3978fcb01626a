"""Heads of requests and answers on their way to and from a preview: what is taken out, and what is put in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from factotum.sandbox.hop_by_hop import HOP_BY_HOP

HEAD_LIMIT = 65536

_NEVER_IN = HOP_BY_HOP | {
    "authorization",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
}
_NEVER_OUT = HOP_BY_HOP | {
    "content-security-policy-report-only",
    "strict-transport-security",
    "alt-svc",
    "clear-site-data",
    "service-worker-allowed",
}
_SWITCHING = "101"
_OF_A_SWITCH = {"connection", "upgrade"}
_DOMAIN = re.compile(r";\s*domain\s*=[^;]*", re.IGNORECASE)
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_FIRST = re.compile(r"([A-Z]{1,20}) (/[^\s\x00-\x20]*) HTTP/1\.[01]", re.ASCII)
_STATUS = re.compile(r"HTTP/1\.[01] ([0-9]{3})(?: [^\r\n]*)?")

# Each preview has an origin of its own, so `allow-same-origin` gives it itself and nothing of ours. What it
# may not: lead the window away that shows it.
_POLICY = (
    "sandbox allow-downloads allow-forms allow-modals allow-pointer-lock allow-popups allow-same-origin "
    "allow-scripts"
)
_ADDED = (
    ("Content-Security-Policy", _POLICY),
    ("Referrer-Policy", "no-referrer"),
    ("X-Robots-Tag", "noindex, nofollow"),
    ("Origin-Agent-Cluster", "?1"),
    ("X-Content-Type-Options", "nosniff"),
)


class BadHead(Exception):
    """What came is no head that can be passed on."""


@dataclass(frozen=True, slots=True)
class RequestHead:
    """A request: whom it is for, whether it wants to become a WebSocket, and what is passed on.

    `method`, `target` and `known` (If-None-Match) are for what we answer ourselves.
    """

    host: str
    is_websocket: bool
    passed_on: bytes
    method: str = "GET"
    target: str = "/"
    known: str = ""


def read_request(head: bytes, port: int | None = None) -> RequestHead:
    """Read a request's head, without the empty line at its end. Raises BadHead.

    `port`: of the server inside, which sees itself asked as `localhost`.
    """
    first, *lines = _lines(head)
    asked = _FIRST.fullmatch(first)
    if asked is None:
        raise BadHead("not a request of HTTP/1.1")
    fields = [_field(line) for line in lines]
    hosts = [value for name, value in fields if name.lower() == "host"]
    if len(hosts) != 1:
        raise BadHead("exactly one Host is expected")
    is_websocket = any(name.lower() == "upgrade" and value.lower() == "websocket" for name, value in fields)
    kept = [
        (name, value) for name, value in fields if name.lower() not in _NEVER_IN and name.lower() != "host"
    ]
    kept.insert(0, ("Host", "localhost" if port is None else f"localhost:{port}"))
    kept += (
        [("Connection", "Upgrade"), ("Upgrade", "websocket")] if is_websocket else [("Connection", "close")]
    )
    known = ",".join(value for name, value in fields if name.lower() == "if-none-match")
    return RequestHead(hosts[0], is_websocket, _join(first, kept), asked[1], asked[2], known)


def is_interim(head: bytes) -> bool:
    """Tell whether a head only announces the answer, which comes after it (RFC 9110, 15.2)."""
    status = _STATUS.fullmatch(_lines(head)[0])
    return status is not None and status[1].startswith("1") and status[1] != _SWITCHING


def mend_answer(head: bytes, *, is_websocket: bool = False) -> bytes:
    """Return an answer's head as it is passed on. Raises BadHead.

    `is_websocket`: that is what was asked for, so the server may begin one.
    """
    first, *lines = _lines(head)
    status = _STATUS.fullmatch(first)
    if status is None:
        raise BadHead("not an answer of HTTP/1.1")
    begins = status[1] == _SWITCHING
    if begins and not is_websocket:
        raise BadHead("a switch that nobody asked for")
    added = {name.lower() for name, _ in _ADDED} - {"content-security-policy"}
    dropped = _NEVER_OUT - _OF_A_SWITCH if begins else _NEVER_OUT | added
    kept = [
        (name, _DOMAIN.sub("", value) if name.lower() == "set-cookie" else value)
        for name, value in map(_field, lines)
        if name.lower() not in dropped
    ]
    return _join(first, kept if begins else [*kept, *_ADDED, ("Connection", "close")])


def own_head(status: str, fields: Sequence[tuple[str, str]], size: int | None) -> bytes:
    """Return the head of an answer of our own that shows what an agent made; `size` of its body, if any."""
    length = [] if size is None else [("Content-Length", str(size))]
    return _join(f"HTTP/1.1 {status}", [*fields, *length, *_ADDED, ("Connection", "close")])


def refusal(status: str, text: str) -> bytes:
    """Return a whole answer of our own."""
    body = f"{text}\n".encode()
    fields = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("Content-Security-Policy", "default-src 'none'; sandbox"),
        ("Referrer-Policy", "no-referrer"),
        ("Connection", "close"),
    ]
    return _join(f"HTTP/1.1 {status}", fields) + body


def _lines(head: bytes) -> list[str]:
    if len(head) > HEAD_LIMIT or b"\0" in head:
        raise BadHead("too long, or with NUL")
    return head.decode("latin-1").split("\r\n")


def _field(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not _NAME.fullmatch(name) or "\n" in value or "\r" in value:
        raise BadHead("a header that is none")
    return name, value.strip(" \t")


def _join(first: str, fields: list[tuple[str, str]]) -> bytes:
    text = "".join(f"{line}\r\n" for line in (first, *(f"{name}: {value}" for name, value in fields)))
    return f"{text}\r\n".encode("latin-1")
