"""The egress proxy: what a sandbox sends comes here by a Unix socket, and goes out if its run may.

A host is compared with the run's rules before its name is resolved; then the guard resolves it once, and the
connection goes to that address. What is not allowed sends nothing out, not even a question to a DNS server.
A tunnel is read only when it leads to a host of one of the run's secrets, which are put in here.
"""

import asyncio
import os
import socket
import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from factotum.core.addresses import Guard, normal_host
from factotum.core.errors import FactotumError
from factotum.core.tasks import cancelled
from factotum.protocol.network import NetworkLayers
from factotum.sandbox.egress.authority import Authority
from factotum.sandbox.egress.grants import Connection, Grant, OnConnection, Verdict
from factotum.sandbox.egress.heads import BadHead, Head, parse
from factotum.sandbox.egress.interception import Interception
from factotum.sandbox.egress.relay import Relay, Stream
from factotum.sandbox.egress.swapping import HeldSecret, Swap, swap_for

SOCKET = "proxy.sock"
_CONNECTIONS = 1024
_HEAD_BYTES = 32_768
_HEAD_SECONDS = 15.0
_CONNECT_SECONDS = 10.0
_LONGEST_SECONDS = 3600.0
_MAIL_PORTS = frozenset({25, 465, 587})
_REASONS = {400: "Bad Request", 403: "Forbidden", 407: "Proxy Authentication Required", 502: "Bad Gateway"}


@dataclass
class _Refusal(Exception):
    """Why a request is not carried out: a status, a code for the log, and what to tell."""

    status: int
    code: str
    text: str


class EgressProxy:
    """The proxy of one process; `folder` holds its socket, and is what sandboxes see of it.

    `trusted`: the authorities of the hosts that secrets go to, the system's unless they are given.
    """

    def __init__(
        self, folder: Path, guard: Guard | None = None, *, trusted: ssl.SSLContext | None = None
    ) -> None:
        self.folder = folder
        self._guard = guard or Guard()
        self._trusted = trusted
        self._authority = Authority()
        self._grants: dict[str, Grant] = {}
        self._serving: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen. Raises OSError."""
        listener = await asyncio.to_thread(_listen, self.folder)
        await asyncio.to_thread(self._authority.publish, self.folder)
        if self._trusted is None:
            self._trusted = await asyncio.to_thread(ssl.create_default_context)
        self._trusted.set_alpn_protocols(["http/1.1"])
        self._server = await asyncio.start_unix_server(self._accept, sock=listener, limit=_HEAD_BYTES)

    async def aclose(self) -> None:
        """End every connection, and listen no more."""
        if self._server is not None:
            self._server.close()
        await cancelled(*self._serving)
        await asyncio.to_thread(_remove, self.folder)

    def grant(self, rules: NetworkLayers, note: OnConnection, secrets: Sequence[HeldSecret] = ()) -> Grant:
        """Let a run out, as its rules say and with the use of `secrets`, until `revoke`."""
        made = Grant(rules, note, secrets, self._authority.environment)
        self._grants[made.token] = made
        return made

    async def revoke(self, grant: Grant) -> None:
        """Let the run out no more, and end its connections: they have been noted then."""
        self._grants.pop(grant.token, None)
        await cancelled(*grant.serving)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._serving) >= _CONNECTIONS:
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(self._serve(Stream(reader, writer)))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, inner: Stream) -> None:
        try:
            await self._answer(inner)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            return  # whoever asked is gone, or asks for nothing
        finally:
            await inner.close()

    async def _answer(self, inner: Stream) -> None:
        async with asyncio.timeout(_HEAD_SECONDS):
            data = await inner.reader.readuntil(b"\r\n\r\n")
        try:
            head = parse(data)
        except BadHead as bad:
            await _refuse(inner, _Refusal(400, "request_invalid", str(bad)))
            return
        grant = self._grants.get(head.token)
        if grant is None:
            text = "The run that this belongs to has ended, or it has no network. Ask from a new command."
            await _refuse(inner, _Refusal(407, "no_grant", text))
            return
        task = asyncio.current_task()
        assert task is not None
        grant.serving.add(task)
        try:
            await self._carry(inner, head, grant)
        finally:
            grant.serving.discard(task)

    async def _carry(self, inner: Stream, head: Head, grant: Grant) -> None:
        began, at = time.monotonic(), datetime.now(UTC)
        carrier: Relay | Interception | None = None
        swap: Swap | None = None
        verdict: Verdict = "refused"
        reason, host = "", head.host[:253]
        spent = grant.refusal()
        grant.live += 1
        grant.made += 1
        try:
            if spent:
                raise _Refusal(403, spent, "This run has used up what it may of the network.")
            host = self._allowed(head, grant)
            swap = _swap(head, host, grant)
            outer = await self._connected(host, head.port, tls=swap is not None)
            verdict = "allowed"
            carrier = _carrier(inner, outer, host, swap, grant)
            try:
                await self._through(carrier, inner, outer, head, host)
            finally:
                await outer.close()
        except _Refusal as refusal:
            verdict, reason = "failed" if refusal.status == 502 else "refused", refusal.code
            await _refuse(inner, refusal)
        finally:
            grant.live -= 1
            if spent != "connections_spent":
                told = carrier.ended or reason if carrier is not None else reason
                sent, received = (carrier.sent, carrier.received) if carrier is not None else (0, 0)
                seconds = round(time.monotonic() - began, 3)
                port, method = head.port, head.method
                used = tuple(sorted(swap.used)) if swap is not None else ()
                grant.note(Connection(at, method, host, port, verdict, told, sent, received, seconds, used))

    async def _through(
        self, carrier: Relay | Interception, inner: Stream, outer: Stream, head: Head, host: str
    ) -> None:
        if isinstance(carrier, Interception):
            context = await self._authority.context_for(host)
            inner.pause()  # what follows our answer is for TLS to read
            await _begin(inner, outer, head)
            await carrier.run(context, _LONGEST_SECONDS)
            return
        await _begin(inner, outer, head)
        await carrier.run(None if head.method == "CONNECT" else head.body_bytes, _LONGEST_SECONDS)

    def _allowed(self, head: Head, grant: Grant) -> str:
        """Return the host in its one form, if the run's rules allow it."""
        try:
            host = normal_host(head.host)
        except FactotumError as fault:
            raise _Refusal(400, fault.stable_code, fault.message) from None
        if head.port in _MAIL_PORTS:
            raise _Refusal(403, "port_not_allowed", f"Port {head.port} is for mail and cannot be reached.")
        if not grant.rules.allows(host):
            text = f"The network rules of this run do not allow {host}. Nothing was sent there."
            raise _Refusal(403, "host_not_allowed", text)
        return host

    async def _connected(self, host: str, port: int, *, tls: bool) -> Stream:
        try:
            pinned = await self._guard.pin(host, port)
        except FactotumError as fault:
            status = 502 if fault.stable_code == "host_unknown" else 403
            raise _Refusal(status, fault.stable_code, fault.message) from None
        for address in pinned.addresses:
            try:
                async with asyncio.timeout(_CONNECT_SECONDS):
                    if not tls:
                        return Stream(*await asyncio.open_connection(address, port))
                    trusted = self._trusted
                    opened = asyncio.open_connection(address, port, ssl=trusted, server_hostname=host)
                    return Stream(*await opened)
            except ssl.SSLError:
                text = f"{host} is not who it should be, or speaks no TLS: no secret goes there."
                raise _Refusal(502, "tls_failed", text) from None
            except (OSError, TimeoutError):
                continue
        raise _Refusal(502, "host_unreachable", f"{host} does not answer on port {port}.")


def _swap(head: Head, host: str, grant: Grant) -> Swap | None:
    """Return what to do about the run's secrets for this host. Raises _Refusal where they would show."""
    swap = swap_for(host, grant.secrets)
    if swap is not None and head.method != "CONNECT":
        text = f"A secret is kept for {host}, so nothing goes there in clear. Ask for https://{host} instead."
        raise _Refusal(403, "secret_needs_tls", text)
    return swap


def _carrier(
    inner: Stream, outer: Stream, host: str, swap: Swap | None, grant: Grant
) -> Relay | Interception:
    def spend(size: int) -> bool:
        return _spend(grant, size)

    return Relay(inner, outer, spend) if swap is None else Interception(inner, outer, host, swap, spend)


async def _begin(inner: Stream, outer: Stream, head: Head) -> None:
    if head.method == "CONNECT":
        inner.writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await inner.writer.drain()
    else:
        outer.writer.write(head.forwarded)
        await outer.writer.drain()


async def _refuse(inner: Stream, refusal: _Refusal) -> None:
    body = f"{refusal.text} ({refusal.code})\n".encode()
    lines = [
        f"HTTP/1.1 {refusal.status} {_REASONS[refusal.status]}",
        f"X-Factotum-Error: {refusal.code}",
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    inner.writer.write("\r\n".join([*lines, "", ""]).encode() + body)
    with suppress(OSError):
        await inner.writer.drain()
        inner.writer.write_eof()
        async with asyncio.timeout(1):  # a reset, of what it still sends, would lose the answer
            await inner.reader.read()


def _spend(grant: Grant, size: int) -> bool:
    grant.used_bytes += size
    return grant.refusal() != "bytes_spent"


def _listen(folder: Path) -> socket.socket:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    held = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        (folder / SOCKET).unlink(missing_ok=True)
        # By the descriptor: a socket's path may have 107 characters, and the data folder's more.
        listener.bind(f"/proc/self/fd/{held}/{SOCKET}")
        (folder / SOCKET).chmod(0o666)
        listener.listen(_CONNECTIONS)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    finally:
        os.close(held)
    return listener


def _remove(folder: Path) -> None:
    with suppress(OSError):
        (folder / SOCKET).unlink(missing_ok=True)
        Authority.withdraw(folder)
        folder.rmdir()
