"""When the service dies without a word, its commands die with it."""

import asyncio
import sys
from pathlib import Path

from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.sandbox.local.sandbox import LocalSandbox
from factotum.testing.sandbox_conformance import content

WITH_SESSION = """
import asyncio, sys
from pathlib import Path
from factotum.sandbox.local.provider import LocalSandboxProvider

async def main() -> None:
    sandbox = await LocalSandboxProvider(Path(sys.argv[1])).open("project")
    await sandbox.sessions.start("web")
    await sandbox.exec("echo kept >file")
    print("running", flush=True)
    await asyncio.sleep(100)

asyncio.run(main())
"""

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


async def killed(program: str, folder: Path) -> None:
    """Have a service run, and kill it once it says that it does."""
    service = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        program,
        str(folder),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert service.stdout is not None
    assert await asyncio.wait_for(service.stdout.readline(), 60) == b"running\n"
    service.kill()
    await service.wait()


async def test_kill_9_of_the_service_ends_its_commands(tmp_path: Path, sandbox: LocalSandbox) -> None:
    await killed(SERVICE, tmp_path)
    provider = LocalSandboxProvider(tmp_path)
    after = await provider.open("project")
    await asyncio.sleep(0.2)
    beat = await content(after, "beat")
    await asyncio.sleep(0.3)
    assert await content(after, "beat") == beat
    provider.close()


async def test_after_a_kill_9_whoever_goes_on_is_told_once_that_sessions_are_gone(
    tmp_path: Path, sandbox: LocalSandbox
) -> None:
    await killed(WITH_SESSION, tmp_path)
    provider = LocalSandboxProvider(tmp_path)
    after = await provider.open("project")
    first = await after.exec("cat file")
    assert first.output == b"kept\n"
    assert "started again" in first.notice
    assert "sessions and servers are gone" in first.notice
    assert (await after.exec("true")).notice == ""
    await provider.aclose()
    third = LocalSandboxProvider(tmp_path)  # there were none this time
    assert (await (await third.open("project")).exec("true")).notice == ""
    await third.aclose()


async def test_an_orderly_end_with_sessions_is_told_too(tmp_path: Path, sandbox: LocalSandbox) -> None:
    before, after = LocalSandboxProvider(tmp_path), LocalSandboxProvider(tmp_path)
    for name in ("lost", "ended", "stopped"):
        opened = await before.open(name)
        await opened.sessions.start("web")
        await opened.sessions.start("more")
        await opened.sessions.kill("more")
    await (await before.open("ended")).sessions.kill("web")
    await before.stop("stopped")
    # While it lives, another service on this machine is told nothing.
    assert (await (await after.open("lost")).exec("true")).notice == ""
    await after.aclose()
    await before.aclose()
    last = LocalSandboxProvider(tmp_path)
    told = {
        name: (await (await last.open(name)).exec("true")).notice for name in ("lost", "ended", "stopped")
    }
    assert {name for name, notice in told.items() if notice} == {"lost"}
    await last.delete("lost")
    assert not (tmp_path / "lost").exists()
    await last.aclose()
