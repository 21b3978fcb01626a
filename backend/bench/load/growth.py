"""How the cost grows: with the runs that are live, and with the length of the thread that a run works on."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from bench.load.clients import Caller, follow
from bench.load.service import Service
from bench.load.steady import MODEL, Steady
from factotum.api.auth import LOCAL_CALLER
from factotum.protocol.messages import TextPart
from factotum.store.database import Database
from factotum.store.messages import Messages

LENGTHS = (10, 100, 1_000, 10_000)
RUNS = (1, 10, 100)
_QUESTION = "burst 5"
_REPEATS = 5
_A_TRANSACTION = 500


async def with_runs(
    service: Service, seconds: float, pause_ms: int, counts: Sequence[int] = RUNS
) -> list[dict[str, Any]]:
    """Measure 1, 10 and 100 live runs, without anybody else."""
    return [
        await Steady(service, idle=0, live=count, pause_ms=pause_ms, asks=False).measure(seconds)
        for count in counts
    ]


async def with_length(service: Service, lengths: Sequence[int] = LENGTHS) -> list[dict[str, Any]]:
    """Measure a run of one short answer, and reading the newest messages, on threads of so many messages."""
    database = Database(service.database_url)
    await database.open()
    try:
        return [await _one_length(service, database, length) for length in lengths]
    finally:
        await database.close()


async def _one_length(service: Service, database: Database, length: int) -> dict[str, Any]:
    caller = Caller(service.port, service.token)
    thread_id = (await caller.call("POST", "/v1/threads", {}))["id"]
    await fill(database, thread_id, length)
    cpu = service.cpu()
    times: list[float] = []
    first: list[float] = []
    for _ in range(_REPEATS):
        began = time.perf_counter()
        run = await caller.call("POST", f"/v1/threads/{thread_id}/runs", {"input": "Go on.", "model": MODEL})
        first_text: list[float] = []

        def told(frame: bytes, first_text: list[float] = first_text) -> None:
            if b"text.delta" in frame and not first_text:
                first_text.append(time.perf_counter())

        stream = await follow(service.port, service.token, run["id"], told)
        async with asyncio.timeout(120):
            await stream.over
        times.append((time.perf_counter() - began) * 1000)
        first.append(((first_text or [time.perf_counter()])[0] - began) * 1000)
    spent = {name: (used - cpu[name]) / _REPEATS * 1000 for name, used in service.cpu().items()}
    reads: list[float] = []
    for _ in range(_REPEATS * 4):
        began = time.perf_counter()
        await caller.call("GET", f"/v1/threads/{thread_id}/messages?before=end")
        reads.append((time.perf_counter() - began) * 1000)
    caller.close()
    return {
        "messages": length,
        "run_ms": min(times),
        "first_text_ms": min(first),
        "read_ms": min(reads),
        "cpu_ms_a_run": spent,
    }


async def fill(database: Database, thread_id: str, length: int, question: str = _QUESTION) -> None:
    """Store so many messages, of which the first, `question`, tells the model what to play."""
    for begin in range(0, length, _A_TRANSACTION):
        async with database.tenant(LOCAL_CALLER) as tx:
            messages = Messages(tx)
            for number in range(begin, min(length, begin + _A_TRANSACTION)):
                text = question if number == 0 else f"{number} is a number."
                role = "user" if number % 2 == 0 else "assistant"
                await messages.append(thread_id, role, [TextPart(text=text)])
