"""Opens all that previews need in one process: the common key, this process's door, and a listener."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from factotum.sandbox.local.previews.doors import Doors
from factotum.sandbox.local.previews.key import shared_key
from factotum.sandbox.local.previews.server import PreviewServer
from factotum.sandbox.local.provider import LocalSandboxProvider


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
async def serve(provider: LocalSandboxProvider, place: PreviewPlace) -> AsyncGenerator[PreviewServer]:
    """Show ports of all local sandboxes of this machine. Raises OSError when the port is in use."""
    key = await asyncio.to_thread(shared_key, place.folder)
    doors = Doors(await asyncio.to_thread(_made, place.folder / "doors"))
    server = PreviewServer(provider, place.address, key=key, doors=doors)
    async with doors.serving(provider), server.serving(place.host, place.port, shared=place.shared):
        yield server


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    return folder
