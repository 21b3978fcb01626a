"""What a thread of 10,000 messages costs in the page: to open it, and while an answer is written in it.

    python -m bench.page

The service is as in bench/load, the page the built one, in a Chromium without a GPU. CPU is that of the
page's main thread; frames are counted by `requestAnimationFrame` while 20 pieces of text come a second.
"""

import asyncio
import json
import os
from pathlib import Path

import uvloop
from rich.console import Console
from rich.table import Table

from bench.__main__ import machine
from bench.load.clients import Caller
from bench.load.growth import fill
from bench.load.service import served
from factotum.store.database import Database

MESSAGES = 10_000
_TASK = "paced 400 50"
_BACKEND = Path(__file__).resolve().parents[1]
_BOUNDS = {
    "open_cpu_s": "< 1",
    "nodes": "<= 400",
    "nodes_while_streaming": "<= 400",
    "frames_a_second": "60",
}


async def _measure() -> dict[str, float]:
    async with served() as service:
        caller = Caller(service.port, service.token)
        thread_id = (await caller.call("POST", "/v1/threads", {}))["id"]
        database = Database(service.database_url)
        await database.open()
        try:
            await fill(database, thread_id, MESSAGES, _TASK)
        finally:
            await database.close()
        process = await asyncio.create_subprocess_exec(
            str(_BACKEND / ".venv-sandbox/bin/python"),
            str(_BACKEND / "bench/page_browser.py"),
            f"http://127.0.0.1:{service.port}",
            service.token,
            thread_id,
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await asyncio.wait_for(process.communicate(), 180)
        caller.close()
        return dict(json.loads(said))


def main() -> None:
    """Measure and print."""
    console = Console(width=100)
    console.print(f"{machine()}; load {os.getloadavg()[0]:.1f} before", style="dim")
    figures = uvloop.run(_measure())
    table = Table(title=f"A thread of {MESSAGES:,} messages in the page", title_justify="left")
    for heading in ("what", "measured", "aim"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for name, value in figures.items():
        table.add_row(name, f"{value:.3g}" if value < 100 else f"{value:.0f}", _BOUNDS.get(name, ""))
    console.print(table)


if __name__ == "__main__":
    main()
