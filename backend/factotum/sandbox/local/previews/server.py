"""Serves previews: takes a request at `LABEL.HOST`, and carries it to the one port that the label allows.

Nothing of the API is here: another port, other host names, no cookie, no token of a user. A label leads to a
port *inside* one sandbox, through that sandbox's own network, which has no way to this machine or to another
sandbox.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from factotum.core.errors import FactotumError
from factotum.core.tasks import cancelled
from factotum.sandbox.local.previews.doors import Doors, reach
from factotum.sandbox.local.previews.heads import (
    HEAD_LIMIT,
    BadHead,
    is_interim,
    mend_answer,
    read_request,
    refusal,
)
from factotum.sandbox.local.previews.pages import show
from factotum.sandbox.local.previews.passes import Pass, Passes
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.sandbox.local.sandbox import Sign
from factotum.sandbox.port import Connection
from factotum.sandbox.sites.shelf import Shelf, SignSite

_log = logging.getLogger(__name__)

_END = b"\r\n\r\n"
_CHUNK = 65536
_HEAD_SECONDS = 15.0
_ANSWER_SECONDS = 120.0
_IDLE_SECONDS = 600.0
_MOST = 256

Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class PreviewServer:
    """One listener for all previews."""

    def __init__(
        self,
        provider: LocalSandboxProvider | None,
        address: str = "http://{label}.localhost:{port}/",
        *,
        key: bytes | None = None,
        doors: Doors | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        """`address` is a form with `{label}` and `{port}`. `key` is what other processes sign with too, and
        `doors` lead to their sandboxes. `shelf` has the published sites that are shown besides."""
        self.passes = Passes(key)
        self.port = 0
        self._provider = provider
        self._address = address
        self._doors = doors
        self._shelf = shelf
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def serving(self, host: str, port: int, *, shared: bool = False) -> AsyncGenerator[None]:
        """Serve until the block is left; 0 takes a free port. Raises OSError when the port is in use.

        A `shared` port may be served by several processes of one user: the kernel gives each connection to
        one of them.
        """
        self._server = await asyncio.start_server(
            self._greet, host, port, limit=HEAD_LIMIT, reuse_port=shared or None
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._sign(self.address, self.site_address)
        try:
            yield
        finally:
            self._sign(None, None)
            self._server.close()
            await cancelled(*self._open)

    def address(self, project_id: str, port: int, seconds: int) -> str:
        """Return the address of a preview."""
        return self._address.format(label=self.passes.make(project_id, port, seconds), port=self.port)

    def site_address(self, site_id: str, seconds: int) -> str:
        """Return the address of a published site."""
        return self._address.format(label=self.passes.make_site(site_id, seconds), port=self.port)

    def _sign(self, ports: Sign | None, sites: SignSite | None) -> None:
        if self._provider is not None:
            self._provider.sign_preview = ports
        if self._shelf is not None:
            self._shelf.sign = sites

    def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) >= _MOST:
            writer.transport.abort()
            return
        task = asyncio.create_task(self._handle(reader, writer), name="preview")
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer(reader, writer)
        except (OSError, TimeoutError, FactotumError) as error:
            _log.debug("a preview's connection ended", extra={"said": str(error)})
        finally:
            writer.transport.abort() if writer.is_closing() else writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_HEAD_SECONDS):
                head = (await reader.readuntil(_END)).removesuffix(_END)
            first = read_request(head)
            label = first.host.partition(".")[0].lower()
            site_id = self.passes.read_site(label)
            if site_id is not None and self._shelf is not None:
                await show(self._shelf, site_id, first, writer)
                return
            allowed = self.passes.read(label)
            if allowed is None:
                await _say(writer, "403 Forbidden", "This address is not valid, or its time is over.")
                return
            request = read_request(head, allowed.port)
        except asyncio.IncompleteReadError:
            return
        except (asyncio.LimitOverrunError, BadHead):
            await _say(writer, "400 Bad Request", "This is no request that a preview takes.")
            return
        connection = await self._connect(allowed)
        if connection is None:
            await _say(
                writer,
                "502 Bad Gateway",
                f"Nothing listens on port {allowed.port} of the sandbox: the server has ended, or the "
                "sandbox was stopped while nobody used it. Ask the agent to start it again.",
            )
            return
        try:
            with contextlib.suppress(OSError):  # it may have answered and gone before it was asked
                await connection.write(request.passed_on)
            await _carry((reader, writer), connection, is_websocket=request.is_websocket)
        finally:
            await connection.close()

    async def _connect(self, allowed: Pass) -> Connection | None:
        """Reach the port here, else in whichever process of this machine has it."""
        here = None if self._provider is None else await reach(self._provider, allowed)
        return here if here is not None or self._doors is None else await self._doors.connect(allowed)


async def _carry(client: Pair, connection: Connection, *, is_websocket: bool) -> None:
    """Carry the rest of a request in, and the answer out, until the answer ends."""
    reader, writer = client
    inward = asyncio.create_task(_inward(reader, connection), name="preview-in")
    try:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                head, rest = await _head(connection)
            writer.write(mend_answer(head, is_websocket=is_websocket) + rest)
        except BadHead:
            await _say(writer, "502 Bad Gateway", "What listens there does not speak HTTP.")
            return
        idle = _IDLE_SECONDS if is_websocket else _ANSWER_SECONDS
        while True:
            async with asyncio.timeout(idle):
                await writer.drain()
                data = await connection.read(_CHUNK)
            if not data:
                return
            writer.write(data)
    finally:
        await cancelled(inward)


async def _head(connection: Connection) -> tuple[bytes, bytes]:
    """Return the answer's head, and what came after it. Raises BadHead.

    What only announces an answer is not passed on: the answer would follow it as it is, unmended.
    """
    held = b""
    while True:
        while _END not in held and len(held) <= HEAD_LIMIT and (data := await connection.read(_CHUNK)):
            held += data
        head, end, held = held.partition(_END)
        if not end:
            raise BadHead("no head")
        if not is_interim(head):
            return head, held


async def _inward(reader: asyncio.StreamReader, connection: Connection) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            await connection.write(data)
        await connection.finish()


async def _say(writer: asyncio.StreamWriter, status: str, text: str) -> None:
    writer.write(refusal(status, text))
    await writer.drain()
