"""Reads what a client asks of a proxy, strictly: what could be read two ways is refused. Sans-IO."""

import base64
import binascii
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from factotum.sandbox.hop_by_hop import hop_by_hop

_TOKEN = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,40}")
_TARGET = re.compile(rb"[!-~]{1,8000}")
_VALUE = re.compile(rb"[\t -~\x80-\xff]*")
_NOT_FORWARDED = frozenset({b"transfer-encoding", b"host", b"expect"})


class BadHead(Exception):
    """What came is no request that a proxy takes; the message says why."""


@dataclass(frozen=True, slots=True)
class Head:
    """A request: where to connect, and for all but CONNECT the head to send there and the body's length."""

    method: str
    host: str
    port: int
    token: str
    forwarded: bytes = b""
    body_bytes: int = 0


def parse(data: bytes) -> Head:
    """Read a head, up to and with its empty line. Raises BadHead."""
    first, *lines = data.removesuffix(b"\r\n\r\n").split(b"\r\n")
    parts = first.split(b" ")
    if len(parts) != 3 or parts[2] not in {b"HTTP/1.1", b"HTTP/1.0"} or not _TOKEN.fullmatch(parts[0]):
        raise BadHead("This is not a request to a proxy.")
    method, target = parts[0].decode(), parts[1]
    if not _TARGET.fullmatch(target):
        raise BadHead("The address holds characters that none may hold.")
    headers = [_header(line) for line in lines]
    token = _token(headers)
    if method == "CONNECT":
        host, port = _authority(target.decode(), None)
        return Head(method, host, port, token)
    return _absolute(method, target.decode(), headers, token)


def _absolute(method: str, target: str, headers: list[tuple[bytes, bytes]], token: str) -> Head:
    try:
        parts = urlsplit(target)
    except ValueError:
        raise BadHead("The address cannot be read.") from None
    if parts.scheme != "http" or not parts.netloc or "@" in parts.netloc or "\\" in target:
        raise BadHead("Only http:// is sent as it is; https:// goes through CONNECT.")
    host, port = _authority(parts.netloc, 80)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"{method} {path} HTTP/1.1".encode(), b"Host: " + parts.netloc.encode(), b"Connection: close"]
    dropped = hop_by_hop(headers) | _NOT_FORWARDED
    lines += [name + b": " + value for name, value in headers if name.lower() not in dropped]
    return Head(method, host, port, token, b"\r\n".join([*lines, b"", b""]), _length(headers))


def _header(line: bytes) -> tuple[bytes, bytes]:
    name, colon, value = line.partition(b":")
    if not colon or not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
        raise BadHead("A header cannot be read.")
    return name, value.strip(b" \t")


def _length(headers: list[tuple[bytes, bytes]]) -> int:
    if any(name.lower() == b"transfer-encoding" for name, _ in headers):
        raise BadHead("Send the body with its length: chunks are not taken.")
    lengths = [value for name, value in headers if name.lower() == b"content-length"]
    if len(lengths) > 1 or any(not value.isdigit() or len(value) > 15 for value in lengths):
        raise BadHead("The length of the body cannot be read.")
    return int(lengths[0]) if lengths else 0


def _authority(text: str, default: int | None) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or port.endswith("]"):
        host, port = text, str(default or "")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port[:6]) <= 0xFFFF:
        raise BadHead("The host or its port cannot be read.")
    return host, int(port)


def _token(headers: list[tuple[bytes, bytes]]) -> str:
    for name, value in headers:
        scheme, _, encoded = value.partition(b" ")
        if name.lower() == b"proxy-authorization" and scheme.lower() == b"basic":
            try:
                return base64.b64decode(encoded.strip(), validate=True).decode("ascii").partition(":")[2]
            except (binascii.Error, ValueError):
                return ""
    return ""
