"""A process of the service in which a sandbox runs: shows its server through a door, until its input ends.

Arguments: the data folder, the project's id, a word that the server answers with, and its port.
"""

import asyncio
import sys
from pathlib import Path

from factotum.sandbox.local.previews.opening import PreviewPlace, serve
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.testing.sandbox_conformance import chunks
from factotum.testing.sandbox_conformance.ports import opened
from tests.sandbox.test_previews import SERVER


async def main(folder: Path, project: str, word: str, port: int) -> None:
    """Start the server, print its address, and wait."""
    provider = LocalSandboxProvider(folder / "sandboxes")
    place = PreviewPlace(
        folder / "previews", "127.0.0.1", 0, "http://{label}.localhost:{port}/", shared=False
    )
    try:
        async with serve(provider, place):
            sandbox = await provider.open(project)
            await sandbox.write("server.py", chunks(SERVER.encode()), limit=9999)
            await sandbox.sessions.start("web")
            await sandbox.sessions.run("web", f"python3 server.py {word} {port} 2>/dev/null")
            await opened(sandbox, port)
            sys.stdout.write(await sandbox.preview(port, seconds=600) + "\n")
            sys.stdout.flush()
            await asyncio.to_thread(sys.stdin.read)
    finally:
        await provider.aclose()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])))
