"""When the service dies without a word, its commands die with it."""

import asyncio
import sys
from pathlib import Path

from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.sandbox.local.sandbox import LocalSandbox
from factotum.testing.sandbox_conformance import content

SERVICE = """
import asyncio, sys
from pathlib import Path
from factotum.sandbox.local.provider import LocalSandboxProvider

async def main() -> None:
    sandbox = await LocalSandboxProvider(Path(sys.argv[1])).open("project")
    async def on_output(_stream: str, _data: bytes) -> None:
        print("running", flush=True)
    loop = "setsid bash -c 'while :; do date +%N >beat; done' &"
    loop += "until [ -s beat ]; do sleep .02; done; echo on; wait"
    await sandbox.exec(loop, timeout=100, on_output=on_output)

asyncio.run(main())
"""


async def test_kill_9_of_the_service_ends_its_commands(tmp_path: Path, sandbox: LocalSandbox) -> None:
    service = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        SERVICE,
        str(tmp_path),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert service.stdout is not None
    assert await asyncio.wait_for(service.stdout.readline(), 60) == b"running\n"
    service.kill()
    await service.wait()
    provider = LocalSandboxProvider(tmp_path)
    after = await provider.open("project")
    await asyncio.sleep(0.2)
    beat = await content(after, "beat")
    await asyncio.sleep(0.3)
    assert await content(after, "beat") == beat
    provider.close()
