"""The provider: it refuses where it cannot isolate, shows the agent its Python, and leaves nothing behind."""

import asyncio
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from factotum.core.errors import SandboxRefused, Unavailable
from factotum.sandbox.local import provider as provider_module
from factotum.sandbox.local.cgroups import Cgroups
from factotum.sandbox.local.engine import Engine
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.sandbox.local.sandbox import LocalSandbox
from factotum.sandbox.port import Sandbox, SandboxProvider
from factotum.testing.sandbox_conformance import chunks, content, failure
from tests.needs import needs_sandbox

PYTHON_SITE = Path(__file__).parents[2] / ".venv-sandbox"


async def test_it_is_the_port(provider: LocalSandboxProvider, sandbox: LocalSandbox) -> None:
    port: SandboxProvider = provider
    one: Sandbox = sandbox
    assert await port.refusal() is None
    assert (await port.open(one.project_id)).project_id == one.project_id


@pytest.mark.skipif(os.geteuid() != 0, reason="projects have users of their own for root alone")
async def test_the_user_of_a_deleted_project_is_free_again(tmp_path: Path) -> None:
    provider = LocalSandboxProvider(tmp_path)
    await needs_sandbox(provider)
    for name in ("stays", "goes"):
        await (await provider.open(name)).exec("touch mine")
    held = {entry.read_text(): entry for entry in (tmp_path / ".owners").iterdir()}
    await provider.delete("goes")
    for entry in held.values():
        os.utime(entry, (1_000_000_000, 1_000_000_000))
    await provider.thin_out(86_400)
    assert {name for name, entry in held.items() if not entry.read_text()} == {"goes"}
    assert (await (await provider.open("stays")).exec("stat -c %U mine; rm mine")).exit_code == 0
    await provider.aclose()


async def test_a_broken_python_is_refused(tmp_path: Path) -> None:
    provider = LocalSandboxProvider(tmp_path / "data", python_site=tmp_path)
    refusal = await provider.refusal()
    assert refusal is not None
    assert "pyvenv.cfg cannot be read" in refusal
    assert "make setup" in refusal
    error = await failure(provider.open("project"))
    assert isinstance(error, SandboxRefused)
    assert not (tmp_path / "data" / "project").exists()
    assert provider.limits_in_force == {}


async def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refusal = await LocalSandboxProvider(tmp_path / "file" / "data").refusal()
    assert refusal is not None
    assert "data folder" in refusal


def _says_root(_hidden: Path) -> str:
    return "echo user=0"


async def test_a_sandbox_that_is_not_closed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A trial that reports an open door stands for a kernel that leaves one: the verdict must stop everything.
    monkeypatch.setattr(provider_module, "probe_script", _says_root)
    provider = LocalSandboxProvider(tmp_path)
    refusal = await provider.refusal()
    assert refusal is not None
    assert "not closed" in refusal
    assert isinstance(await failure(provider.open("p")), SandboxRefused)
    monkeypatch.undo()
    assert await provider.refusal() == refusal  # kept for a while: probing costs a start


async def test_nothing_of_the_trial_is_left(tmp_path: Path, sandbox: LocalSandbox) -> None:
    provider = LocalSandboxProvider(tmp_path)
    assert await provider.refusal() is None
    assert [entry.name for entry in (tmp_path / ".system").iterdir() if "probe" in entry.name] == []
    assert set(provider.limits_in_force) >= {"memory", "processes", "disk"}
    provider.close()
    assert await provider.refusal() is not None


async def test_the_agents_python_has_its_packages(tmp_path: Path, sandbox: LocalSandbox) -> None:
    if not (PYTHON_SITE / "lib").is_dir() or not list(PYTHON_SITE.glob("lib/python*/site-packages/numpy")):
        pytest.skip("the sandbox's Python has no packages: `make setup` installs them")
    provider = LocalSandboxProvider(tmp_path, python_site=PYTHON_SITE)
    if (refusal := await provider.refusal()) is not None:
        assert os.geteuid() != 0, refusal
        pytest.skip(f"the virtual environment is of no use to this user: {refusal}")
    opened = await provider.open("p")
    script = (
        "import sys, numpy, matplotlib.pyplot as plt\n"
        "plt.plot(numpy.arange(3)); plt.savefig('plot.png'); print(sys.prefix, plt.get_backend())\n"
    )
    await opened.write("plot.py", chunks(script.encode()), limit=999)
    result = await opened.exec("python plot.py 2>/dev/null", timeout=100)
    assert result.output.lower() == b"/opt/venv agg\n"
    assert (await content(opened, "plot.png", limit=4)) == b"\x89PNG"
    result = await opened.exec("touch /opt/venv/x /opt/python/x || python3 -c 'import pandas' && echo fine")
    assert b"fine" in result.output
    provider.close()


async def test_deleting_a_project_ends_its_commands(
    provider: LocalSandboxProvider, sandbox: LocalSandbox
) -> None:
    said = asyncio.Event()

    async def on_output(_stream: str, _data: bytes) -> None:
        said.set()

    running = asyncio.create_task(sandbox.exec("echo on; sleep 60", timeout=60, on_output=on_output))
    await said.wait()
    started = time.monotonic()
    await provider.delete(sandbox.project_id)
    error = await failure(running)
    assert time.monotonic() - started < 20
    assert error.stable_code == "sandbox_lost"


async def test_cancelling_while_it_starts_leaves_nothing(sandbox: LocalSandbox) -> None:
    for delay in (0, 0.001, 0.003, 0.006, 0.01, 0.015, 0.02, 0.03):
        running = asyncio.create_task(sandbox.exec("while :; do date +%N >beat; done"))
        await asyncio.sleep(delay)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    await sandbox.write("beat", chunks(b"still"), limit=9)
    await asyncio.sleep(0.2)
    assert await content(sandbox, "beat") == b"still"


async def test_no_descriptor_and_no_process_is_left(sandbox: LocalSandbox) -> None:
    await sandbox.exec("true")
    before = await asyncio.to_thread(os.listdir, "/proc/self/fd")
    for _ in range(5):
        await sandbox.exec("sleep 100 & echo x")
        await sandbox.exec("sleep 100", timeout=0.05)
        await sandbox.write("f", chunks(b"x"), limit=9)
        await content(sandbox, "f")
        await sandbox.list(recursive=True)
    after = await asyncio.to_thread(os.listdir, "/proc/self/fd")
    assert len(after) <= len(before)
    children = await asyncio.to_thread(Path(f"/proc/self/task/{os.getpid()}/children").read_text)
    for child in children.split():
        assert "bwrap" not in Path(f"/proc/{child}/cmdline").read_text()


async def test_a_sandbox_that_does_not_start_says_so(tmp_path: Path, sandbox: LocalSandbox) -> None:
    provider = LocalSandboxProvider(tmp_path)
    opened = await provider.open("p")
    (tmp_path / "p" / "home").rmdir()
    error = await failure(opened.exec("true"))
    assert isinstance(error, Unavailable)
    assert str(tmp_path) not in error.message + error.hint
    assert (await (await provider.open("p")).exec("echo mended")).output == b"mended\n"
    provider.close()


async def test_limits_hold_without_control_groups(
    provider: LocalSandboxProvider, sandbox: LocalSandbox
) -> None:
    engine = provider._engine  # pyright: ignore[reportPrivateUsage] - a machine without groups is made of it
    assert engine is not None
    plain = Engine(replace(engine.machine, cgroups=Cgroups(())), concurrent=4)
    held = plain.machine.limits_in_force()
    assert (held["memory"], held["processes"]) == ("rlimit for each process", "rlimit")
    project = await plain.call(plain.machine.project, sandbox.project_id)
    without = LocalSandbox(project, plain)
    result = await without.exec("for i in $(seq 100); do sleep 1 & done 2>&1 | grep -c -i resource")
    assert int(result.output) >= 1
    result = await without.exec("python3 -c 'bytearray(1 << 29)'; python3 -c 'bytearray(1 << 26); print(1)'")
    assert b"MemoryError" in result.output
    assert result.output.endswith(b"1\n")
    plain.close()
