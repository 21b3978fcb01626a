"""Opens all that previews need in one process: the common key, this process's door, and a listener."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from factotum.sandbox.local.previews.doors import Doors
from factotum.sandbox.local.previews.key import shared_key
from factotum.sandbox.local.previews.server import PreviewServer
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.sandbox.sites.shelf import Shelf


@dataclass(frozen=True, slots=True)
class PreviewPlace:
    """Where previews are shown. Processes over one `folder` know each other's addresses and sandboxes.

    `shared`: other processes of the service listen on the same port.
    """

    folder: Path
    host: str
    port: int
    address: str
    shared: bool


@asynccontextmanager
async def serve(
    provider: LocalSandboxProvider | None, place: PreviewPlace, shelf: Shelf | None = None
) -> AsyncGenerator[PreviewServer]:
    """Show ports of all local sandboxes of this machine, and the sites of `shelf`.

    Raises OSError when the port is in use.
    """
    key = await asyncio.to_thread(shared_key, place.folder)
    doors = Doors(await asyncio.to_thread(_made, place.folder / "doors"))
    server = PreviewServer(provider, place.address, key=key, doors=doors, shelf=shelf)
    async with AsyncExitStack() as stack:
        if provider is not None:
            await stack.enter_async_context(doors.serving(provider))
        await stack.enter_async_context(server.serving(place.host, place.port, shared=place.shared))
        yield server


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    return folder
