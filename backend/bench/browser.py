"""The browser in the local sandbox: what its start takes, and each action, driver and pictures included.

Run from backend/: `.venv/bin/python -m bench.browser [--rounds 20]`. The page is a file: 200 links, a form.
`bare answer` is what an action takes that does nothing in the page.
"""

import argparse
import os
import resource
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import median
from typing import Any

import uvloop
from rich.console import Console
from rich.table import Table

from factotum.sandbox.browser.client import SESSION, Browser
from factotum.sandbox.browser.readiness import refusal
from factotum.sandbox.browser.wire import Frame
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.sandbox.local.sandbox import LocalSandbox
from factotum.settings import default_sandbox_python

_STARTS = 5
_PAGE = (
    "<title>Bench</title><h1>Bench</h1><form><input aria-label=Name></form><button onclick='n.textContent++'>"
    "Count</button><b id=n>0</b>"
    + "".join(f"<p><a href='#{n}'>link {n}</a> and words</p>" for n in range(200))
)
_CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "bare answer (dialog)": ("dialog", {"accept": True, "text": ""}),
    "go to a page": ("go_to", {"url": "file:///workspace/bench.html", "new_tab": False}),
    "look": ("look", {}),
    "click": (
        "click",
        {"element": "", "text": "Count", "x": None, "y": None, "button": "left", "double": False},
    ),
    "type": ("type", {"text": "Ada", "element": "", "clear": True, "submit": False}),
    "scroll": ("scroll", {"direction": "down", "screens": 1, "to_text": "", "element": ""}),
    "extract markdown": ("extract", {"what": "markdown", "element": "", "start": 0, "most": 20_000}),
    "screenshot": ("screenshot", {"path": "bench.png", "whole_page": False, "numbered": True}),
}


async def measure(rounds: int) -> list[dict[str, Any]]:
    """Measure each case. Raises RuntimeError where there can be no browser."""
    site = default_sandbox_python()
    if (why := refusal(site)) is not None:
        raise RuntimeError(why)
    with tempfile.TemporaryDirectory(prefix="ft-bench-") as folder:
        Path(folder).chmod(0o711)
        provider = LocalSandboxProvider(Path(folder) / "sandboxes", python_site=site)
        if (why := await provider.refusal()) is not None:
            raise RuntimeError(why)
        sandbox = await provider.open("bench")
        try:
            await sandbox.write("bench.html", _once(_PAGE.encode()), limit=100_000)
            await sandbox.exec("true")
            found = [await _case(sandbox, "start and first page", "go to a page", _STARTS, anew=True)]
            return found + [await _case(sandbox, name, name, rounds) for name in _CASES]
        finally:
            await provider.delete("bench")
            await provider.aclose()


async def _case(
    sandbox: LocalSandbox, shown: str, name: str, rounds: int, *, anew: bool = False
) -> dict[str, Any]:
    browser, pictures = Browser(sandbox), [0]

    async def show(frame: Frame) -> None:
        pictures[0] += len(frame.picture())

    times: list[float] = []
    before = resource.getrusage(resource.RUSAGE_SELF)
    for _ in range(rounds):
        if anew and any(info.name == SESSION for info in await sandbox.sessions.list()):
            await sandbox.sessions.kill(SESSION)
        began = time.perf_counter()
        await browser.do(*_CASES[name], seconds=60, show=show)
        times.append((time.perf_counter() - began) * 1000)
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000 / rounds
    times.sort()
    row = {"p50_ms": median(times), "p95_ms": times[int(rounds * 0.95)], "least_ms": times[0]}
    return {"case": shown, **row, "cpu_ms": cpu, "picture_kb": pictures[0] / rounds / 1000}


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


def table(found: list[dict[str, Any]]) -> Table:
    """Show the figures."""
    shown = Table(caption="The browser, ms and kB", caption_justify="left", box=None, pad_edge=False)
    shown.add_column("case")
    for column in ("p50", "p95", "least", "CPU of the service", "kB of pictures"):
        shown.add_column(column, justify="right")
    for row in found:
        keys = ("p50_ms", "p95_ms", "least_ms", "cpu_ms", "picture_kb")
        shown.add_row(row["case"], *(f"{row[key]:.1f}" for key in keys))
    return shown


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--rounds", type=int, default=20)
    console = Console()
    console.print(f"load {os.getloadavg()[0]:.1f}", style="dim")
    console.print(table(uvloop.run(measure(int(arguments.parse_args().rounds)))))


if __name__ == "__main__":
    main()
