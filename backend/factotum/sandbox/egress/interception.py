"""One connection to a secret's host: TLS ends here, and each request goes on with its secrets, in our TLS.

Both sides are read and written anew, as HTTP/1.1, so nothing is carried that could be read two ways. A
request must be for the host that was connected to: its `Host` cannot send a secret to a neighbour on the
same server.
"""

import asyncio
import ssl
from collections.abc import Callable

import h11

from factotum.core.addresses import normal_host
from factotum.core.errors import FactotumError
from factotum.core.tasks import cancelled
from factotum.sandbox.egress.relay import IDLE_SECONDS, Stream
from factotum.sandbox.egress.swapping import Redactor, Swap
from factotum.sandbox.hop_by_hop import hop_by_hop

_CHUNK = 65536
_HEAD_BYTES = 65536
_NO_BODY = frozenset({204, 304})
_NOT_CARRIED = frozenset({b"expect", b"alt-svc"})

Header = tuple[bytes, bytes]
Count = Callable[[int], None]


class _Refused(Exception):
    """A request that does not go on: its status, a code for the log, and what to tell."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.text = text


class _Side:
    """One end: its bytes, and HTTP made of them. `count` is told the size of each piece that is read."""

    def __init__(self, role: type[h11.CLIENT] | type[h11.SERVER], stream: Stream, count: Count) -> None:
        self.http = h11.Connection(role, max_incomplete_event_size=_HEAD_BYTES)
        self._stream = stream
        self._count = count

    async def next(self) -> h11.Event | type[h11.PAUSED]:
        """Return the next event. Raises OSError and h11.RemoteProtocolError."""
        while True:
            event = self.http.next_event()
            if event is not h11.NEED_DATA:
                assert not isinstance(event, type) or event is h11.PAUSED
                return event
            data = await self._stream.reader.read(_CHUNK)
            self._count(len(data))
            self.http.receive_data(data)

    async def send(self, event: h11.Event) -> None:
        """Send an event. Raises OSError."""
        data = self.http.send(event)
        if data:
            self._stream.writer.write(data)
            await self._stream.writer.drain()

    @property
    def goes_on(self) -> bool:
        """Whether another request may follow; if so, it may from now on."""
        if self.http.our_state is not h11.DONE or self.http.their_state is not h11.DONE:
            return False
        self.http.start_next_cycle()
        return True


class Interception:
    """Carries the requests of one connection. `sent`, `received` and `ended` are as those of a Relay.

    `outer` speaks TLS with the real host already. `spend` is told of each piece's size and says whether there
    may be more.
    """

    def __init__(
        self, inner: Stream, outer: Stream, host: str, swap: Swap, spend: Callable[[int], bool]
    ) -> None:
        self.sent = 0
        self.received = 0
        self.ended = ""
        self._inner = inner
        self._outer = _Side(h11.CLIENT, outer, self._count_received)
        self._host = host
        self._swap = swap
        self._spend = spend
        self._idle: asyncio.Timeout | None = None
        self._until = 0.0

    async def run(self, context: ssl.SSLContext, seconds: float) -> None:
        """Be the host towards the sandbox, with the certificate of `context`, for at most `seconds`."""
        loop = asyncio.get_running_loop()
        self._until = loop.time() + seconds
        try:
            await self._inner.encrypt(context)
        except (OSError, TimeoutError):
            self.ended = "tls_failed"
            return
        client = _Side(h11.SERVER, self._inner, self._count_sent)
        try:
            async with asyncio.timeout(IDLE_SECONDS) as self._idle:
                await self._requests(client)
        except TimeoutError:
            self.ended = self.ended or ("too_long" if loop.time() >= self._until else "idle")
        except (OSError, h11.ProtocolError):
            # What h11 says of it may quote a header, so it is told to nobody.
            self.ended = self.ended or "broken"
        finally:
            await self._inner.flush_and_close()

    async def _requests(self, client: _Side) -> None:
        while True:
            try:
                request = await client.next()
                if not isinstance(request, h11.Request):
                    return
                head = self._outgoing(request)
            except _Refused as refused:
                self.ended = refused.code
                await _tell(client, refused)
                return
            except h11.RemoteProtocolError:
                self.ended = "request_invalid"
                await _tell(client, _Refused(400, self.ended, "This is not a request in HTTP/1.1."))
                return
            await self._exchange(client, head)
            if not (client.goes_on and self._outer.goes_on):
                return

    async def _exchange(self, client: _Side, head: h11.Request) -> None:
        """Carry one request and its answer, side by side: a host may answer before it has all."""
        await self._outer.send(head)
        forth = asyncio.create_task(self._send_body(client))
        back = asyncio.create_task(self._answer(client, bodiless=head.method == b"HEAD"))
        try:
            await asyncio.wait({forth, back}, return_when=asyncio.FIRST_COMPLETED)
            if not back.done() and (fault := forth.exception()) is not None:
                raise fault
            await back
        finally:
            await cancelled(forth, back)
            for task in (forth, back):
                _ = None if task.cancelled() else task.exception()

    async def _send_body(self, client: _Side) -> None:
        if client.http.they_are_waiting_for_100_continue:
            await client.send(h11.InformationalResponse(status_code=100, headers=[]))
        while isinstance(event := await client.next(), h11.Data):
            await self._outer.send(h11.Data(data=event.data))
        if isinstance(event, h11.EndOfMessage):
            await self._outer.send(h11.EndOfMessage())
            event = await client.next()
        if isinstance(event, h11.ConnectionClosed):
            raise ConnectionAbortedError  # nobody is left to hear the answer

    async def _answer(self, client: _Side, *, bodiless: bool) -> None:
        redactor: Redactor | None = None
        while True:
            match await self._outer.next():
                case h11.Response() as response:
                    bodiless = bodiless or response.status_code in _NO_BODY
                    readable = not bodiless and not _is_encoded(response)
                    redactor = self._swap.body() if readable else None
                    await client.send(self._incoming(response, keeps_length=not readable))
                case h11.Data() as data:
                    piece = bytes(data.data) if redactor is None else redactor.feed(bytes(data.data))
                    await client.send(h11.Data(data=piece))
                case h11.EndOfMessage():
                    await client.send(h11.Data(data=redactor.close() if redactor is not None else b""))
                    await client.send(h11.EndOfMessage())
                    return
                case h11.InformationalResponse():
                    continue
                case _:
                    raise ConnectionResetError

    def _outgoing(self, request: h11.Request) -> h11.Request:
        """Return the request as the host gets it. Raises _Refused."""
        if request.method == b"CONNECT" or not (request.target.startswith(b"/") or request.target == b"*"):
            raise _Refused(400, "request_invalid", "Ask for a path of the host.")
        named = b"".join(value for name, value in request.headers if name == b"host")
        if not _is_host(named, self._host):
            text = f"This connection is to {self._host}, and carries requests for it alone."
            raise _Refused(421, "host_mismatch", text)
        dropped = _NOT_CARRIED | hop_by_hop(request.headers) | {b"accept-encoding"}
        if any(name == b"transfer-encoding" for name, _ in request.headers):
            dropped |= {b"content-length"}  # a body with two lengths could be read two ways
        headers = [
            (name, self._swap.header(name, value))
            for name, value in request.headers.raw_items()
            if name.lower() not in dropped
        ]
        target = self._swap.target(request.target)
        if len(target) + sum(len(name) + len(value) + 4 for name, value in headers) > _HEAD_BYTES:
            raise _Refused(431, "head_too_large", "With its secrets the request's head is too long.")
        # A body that is not compressed can be searched for secrets.
        headers.append((b"Accept-Encoding", b"identity"))
        return h11.Request(method=request.method, target=target, headers=headers)

    def _incoming(self, response: h11.Response, *, keeps_length: bool) -> h11.Response:
        """Return the answer as the sandbox gets it, in chunks where its length may change."""
        dropped = _NOT_CARRIED | hop_by_hop(response.headers) | {b"transfer-encoding"}
        if not keeps_length:
            dropped |= {b"content-length"}
        headers = [
            (name, self._swap.redacted(value))
            for name, value in response.headers.raw_items()
            if name.lower() not in dropped
        ]
        reason = self._swap.redacted(response.reason)
        return h11.Response(status_code=response.status_code, headers=headers, reason=reason)

    def _count_sent(self, size: int) -> None:
        self.sent += size
        self._count(size)

    def _count_received(self, size: int) -> None:
        self.received += size
        self._count(size)

    def _count(self, size: int) -> None:
        if not self._spend(size):
            self.ended = "bytes_spent"
            raise ConnectionAbortedError
        if self._idle is not None and not self._idle.expired():
            loop = asyncio.get_running_loop()
            self._idle.reschedule(min(loop.time() + IDLE_SECONDS, self._until))


async def _tell(client: _Side, refused: _Refused) -> None:
    if client.http.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
        return
    body = f"{refused.text}\n".encode()
    headers: list[Header] = [
        (b"Content-Type", b"text/plain; charset=utf-8"),
        (b"Content-Length", str(len(body)).encode()),
        (b"Factotum-Reason", refused.code.encode()),
        (b"Connection", b"close"),
    ]
    await client.send(h11.Response(status_code=refused.status, headers=headers))
    await client.send(h11.Data(data=body))
    await client.send(h11.EndOfMessage())


def _is_host(named: bytes, host: str) -> bool:
    text = named.decode("latin-1")
    name, colon, port = text.rpartition(":")
    try:
        return normal_host(name if colon and port.isdigit() else text) == host
    except FactotumError:
        return False


def _is_encoded(response: h11.Response) -> bool:
    codings = [value.strip().lower() for name, value in response.headers if name == b"content-encoding"]
    return any(coding not in {b"", b"identity"} for coding in codings)
