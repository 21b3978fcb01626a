"""The local sandbox: what it takes to start one, to run a command in it, and to use a session.

Run from backend/: `.venv/bin/python -m bench.sandbox [--rounds 50]`. Wall time and the service's CPU; rows of
`the machine` are a bare bash or Python started by the same process: they tell what neighbours do to us.
"""

import argparse
import asyncio
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from typing import Any

import uvloop
from rich.console import Console
from rich.table import Table

from factotum.sandbox.local.bwrap_binary import find_bwrap
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.sandbox.local.sandbox import LocalSandbox

_PROJECT = "bench"
_EMPTY = ("--unshare-all", "--ro-bind", "/", "/")


async def measure(rounds: int) -> list[dict[str, Any]]:
    """Measure each case `rounds` times. Raises RuntimeError where no sandbox can be made."""
    with tempfile.TemporaryDirectory(prefix="ft-bench-") as folder:
        Path(folder).chmod(0o711)
        provider = LocalSandboxProvider(Path(folder) / "sandboxes")
        if (refusal := await provider.refusal()) is not None:
            raise RuntimeError(refusal)
        sandbox = await provider.open(_PROJECT)
        try:
            return [await _case(name, work, rounds) for name, work in _cases(provider, sandbox).items()]
        finally:
            await provider.delete(_PROJECT)
            await provider.aclose()


def _cases(
    provider: LocalSandboxProvider, sandbox: LocalSandbox
) -> dict[str, Callable[[], Awaitable[object]]]:
    found = find_bwrap()
    assert found is not None
    bwrap = str(found.program)

    async def cold() -> None:
        await provider.stop(_PROJECT)
        began[0] = time.perf_counter()
        await sandbox.exec("true")

    async def session() -> None:
        if not await sandbox.sessions.list():
            await sandbox.sessions.start("s")
            began[0] = time.perf_counter()
        cursor = await sandbox.sessions.run("s", "echo x")
        while (output := await sandbox.sessions.poll("s", cursor=cursor, wait=10)).info.busy:
            cursor = output.cursor

    return {
        "the machine: bash -c true": lambda: _bare("/bin/bash", "-c", "true"),
        "the machine: bwrap true": lambda: _bare(bwrap, *_EMPTY, "/usr/bin/true"),
        "the machine: python3 -c pass": lambda: _bare("/usr/bin/python3", "-I", "-S", "-c", "pass"),
        "start and first command": cold,
        "exec true": lambda: sandbox.exec("true"),
        "exec python3 -c pass": lambda: sandbox.exec("python3 -I -S -c pass"),
        "exec, 1 MB of output": lambda: sandbox.exec("head -c 1000000 /dev/zero"),
        "session: a command to its end": session,
    }


began = [0.0]
"""When the case of the moment began: a case may leave out its own preparation."""


async def _bare(*command: str) -> None:
    await asyncio.to_thread(subprocess.run, command, check=True)


async def _case(name: str, work: Callable[[], Awaitable[object]], rounds: int) -> dict[str, Any]:
    times: list[float] = []
    await work()
    before = resource.getrusage(resource.RUSAGE_SELF)
    for _ in range(rounds):
        began[0] = time.perf_counter()
        await work()
        times.append((time.perf_counter() - began[0]) * 1000)
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000 / rounds
    times.sort()
    row = {"p50_ms": median(times), "p95_ms": times[int(rounds * 0.95)], "least_ms": times[0]}
    return {"case": name, **row, "cpu_ms": cpu}


def figures(rounds: int) -> list[dict[str, Any]]:
    """Measure all cases."""
    return uvloop.run(measure(rounds))


def table(found: list[dict[str, Any]]) -> Table:
    """Show the figures."""
    shown = Table(caption="The local sandbox, ms", caption_justify="left", box=None, pad_edge=False)
    shown.add_column("case")
    for column in ("p50", "p95", "least", "CPU of the service"):
        shown.add_column(column, justify="right")
    for row in found:
        cells = (f"{row[key]:.1f}" for key in ("p50_ms", "p95_ms", "least_ms", "cpu_ms"))
        shown.add_row(row["case"], *cells)
    return shown


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--rounds", type=int, default=50)
    console = Console()
    console.print(f"load {os.getloadavg()[0]:.1f}", style="dim")
    console.print(table(figures(int(arguments.parse_args().rounds))))


if __name__ == "__main__":
    main()
