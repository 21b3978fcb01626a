"""One request of a page over the wire, to a pinned address, read and decompressed in bounded pieces."""

import re
import ssl
import zlib
from typing import Protocol

import httpx

from factotum.clients.faults import FaultKind, ServiceFault
from factotum.clients.fetch import Answer, Page, Target

_CONNECT_SECONDS = 5.0
_READ_SECONDS = 15.0
_AGENT = "Mozilla/5.0 (compatible; Factotum)"
_ACCEPT = "text/html,application/xhtml+xml,text/markdown,application/pdf,text/*;q=0.9,*/*;q=0.5"
_CHARSET = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9_.:-]{1,40})", re.ASCII)
_PIECE = 65536
_GONE, _ILL = 404, 500


class Connector:
    """Opens a connection of its own for each request, so that none is taken up for another host.

    Made in a thread: it reads the authorities' certificates.
    """

    def __init__(self) -> None:
        self._tls = ssl.create_default_context()

    async def get(self, target: Target, limit: int) -> Answer:
        """Ask for a page, at the pinned addresses in turn until one answers. Raises ServiceFault."""
        host = target.pinned.host
        fault: ServiceFault | None = None
        for address in target.pinned.addresses:
            try:
                return await self._get(target, address, limit)
            except httpx.ConnectError as error:
                fault = _unreachable(host, error)
            except httpx.TimeoutException:
                fault = ServiceFault(host, "timeout", f"{host} did not answer in time.")
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise _unreachable(host, error) from None
        assert fault is not None
        raise fault

    async def _get(self, target: Target, address: str, limit: int) -> Answer:
        # The connection goes to the address; the host's name is in the Host header and in TLS, whose
        # certificate is checked against it.
        client = httpx.AsyncClient(
            verify=self._tls,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS),
        )
        request = client.build_request(
            "GET",
            httpx.URL(target.url).copy_with(host=address),
            headers={
                "Host": target.parts.netloc,
                "User-Agent": _AGENT,
                "Accept": _ACCEPT,
                "Accept-Encoding": "gzip, deflate",
                "Connection": "close",
            },
            extensions={"sni_hostname": target.pinned.host},
        )
        async with client:
            response = await client.send(request, stream=True)
            try:
                return await _answer(target, response, limit)
            finally:
                await response.aclose()


async def _answer(target: Target, response: httpx.Response, limit: int) -> Answer:
    host, status = target.pinned.host, response.status_code
    if response.has_redirect_location:
        return Answer(None, response.headers["location"])
    if not response.is_success:
        kind: FaultKind = "overloaded" if status >= _ILL else "not_found" if status == _GONE else "refused"
        raise ServiceFault(
            host, kind, f"{host} answered {status} {response.reason_phrase}".strip() + ".", status=status
        )
    body, truncated = await _body(response, host, limit)
    content_type = response.headers.get("content-type", "")
    charset = _CHARSET.search(content_type)
    media_type = content_type.partition(";")[0].strip().lower()
    return Answer(Page(target.url, media_type, charset[1] if charset else None, body, truncated))


async def _body(response: httpx.Response, host: str, limit: int) -> tuple[bytes, bool]:
    """Read at most `limit` bytes of what was sent, decompressed piece by piece: a bomb stops at the bound."""
    unpacked = _unpacker(response.headers.get("content-encoding", ""), host)
    body = bytearray()
    async for raw in response.aiter_raw(_PIECE):
        try:
            body += unpacked.decompress(raw, limit + 1 - len(body))
        except zlib.error:
            raise ServiceFault(host, "bad_answer", f"{host} sent what cannot be decompressed.") from None
        if len(body) > limit:
            return bytes(body[:limit]), True
    return bytes(body), False


class _Unpacker(Protocol):
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Plain:
    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        return data[:max_length]


class _Packed:
    """gzip or zlib, told apart by themselves; some servers send bare deflate, and mean that by "deflate"."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._begun = False

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Return at most `max_length` bytes; what is over is dropped, since nobody reads past the bound."""
        try:
            done = self._inner.decompress(data, max_length)
        except zlib.error:
            if self._begun:
                raise
            self._inner = zlib.decompressobj(-zlib.MAX_WBITS)
            done = self._inner.decompress(data, max_length)
        self._begun = True
        return done


def _unpacker(encoding: str, host: str) -> _Unpacker:
    match encoding.strip().lower():
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip" | "deflate":
            return _Packed()
        case _:
            raise ServiceFault(host, "bad_answer", f"{host} sent a compression that was not asked for.")


def _unreachable(host: str, error: Exception) -> ServiceFault:
    said = str(error) or type(error).__name__
    return ServiceFault(host, "unreachable", f"{host} cannot be reached: {said}")
