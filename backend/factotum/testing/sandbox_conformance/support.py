"""What the tests of the suite share."""

import asyncio
from collections.abc import AsyncIterator, Awaitable

from factotum.core.errors import FactotumError
from factotum.sandbox.port import Sandbox, SessionOutput


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    """Give `parts` as the content of a write."""
    for part in parts:
        yield part


async def content(sandbox: Sandbox, path: str, *, offset: int = 0, limit: int | None = None) -> bytes:
    """Read a file whole."""
    return b"".join([part async for part in sandbox.read(path, offset=offset, limit=limit)])


async def failure(work: Awaitable[object]) -> FactotumError:
    """Return the error that `work` raises; fail if it raises none."""
    try:
        await work
    except FactotumError as error:
        return error
    raise AssertionError("an error was expected, and none was raised")


async def appears(sandbox: Sandbox, path: str, *, within: float = 30.0) -> None:
    """Wait until a command has made `path`, at most `within` seconds."""
    for _ in range(round(within / 0.02)):
        if any(entry.path == path for entry in await sandbox.list()):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{path} did not appear")


async def assert_still(sandbox: Sandbox, path: str) -> None:
    """Fail if something still writes to `path`."""
    before = await content(sandbox, path)
    await asyncio.sleep(0.2)
    assert await content(sandbox, path) == before


async def said(sandbox: Sandbox, session: str, cursor: int = 0, *, within: float = 30.0) -> SessionOutput:
    """Return what a session's command wrote after `cursor`, once the command has ended."""
    data = b""
    async with asyncio.timeout(within):
        while True:
            output = await sandbox.sessions.poll(session, cursor=cursor, wait=within)
            data, cursor = data + output.data, output.cursor
            if not output.info.busy and not output.data:
                return SessionOutput(data, cursor, output.missed_bytes, output.info)


async def heard(sandbox: Sandbox, session: str, text: bytes, *, within: float = 30.0) -> bytes:
    """Return what a session wrote as soon as `text` is in it."""
    async with asyncio.timeout(within):
        while True:
            output = await sandbox.sessions.poll(session)
            if text in output.data:
                return output.data
            await asyncio.sleep(0.02)


async def idle(sandbox: Sandbox, session: str, *, within: float = 60.0) -> None:
    """Wait until no command runs in a session."""
    async with asyncio.timeout(within):
        while True:
            if not (await sandbox.sessions.poll(session, limit=1)).info.busy:
                return
            await asyncio.sleep(0.05)
