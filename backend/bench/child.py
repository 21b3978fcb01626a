"""One measurement of one client, in a process of its own: prints a JSON object.

`python -m bench.child NAME BASE chunk|turn|live AMOUNT`. CPU is the process's own (user and system).
"""

import asyncio
import json
import resource
import sys
import time

import uvloop

from bench.clients import open_client
from bench.clients.base import STAMP, Agent, Client

Figures = dict[str, float]

SHORT, LONG = 200, 2_200
"""Chunks of two answers; a chunk costs what one more of them adds."""
PAUSE_MS = 50
STARTS_PER_SECOND = 20
WINDOW_SECONDS = 5.0
_MARGIN_SECONDS = 3.0


async def chunk(client: Client, repeats: int) -> Figures:
    """Return the CPU that one more chunk of a burst costs, in microseconds, the least of some repeats."""
    costs: list[float] = []
    for _ in range(repeats):
        short, long = await _burst(client, SHORT), await _burst(client, LONG)
        costs.append((long - short) / (LONG - SHORT) * 1e6)
    return {"chunk_us": min(costs)}


async def _burst(client: Client, chunks: int) -> float:
    characters = 0

    def seen(text: str) -> None:
        nonlocal characters
        characters += len(text)

    cpu = time.process_time()
    await client.ask(f"burst {chunks}", seen)
    spent = time.process_time() - cpu
    if characters != chunks * STAMP:
        raise RuntimeError(f"{characters} of {chunks * STAMP} characters came")
    return spent


async def turn(client: Client, turns: int) -> Figures:
    """Return the CPU of a turn around the 20th and at the end of a run, in milliseconds."""
    if not isinstance(client, Agent):
        raise TypeError(f"{type(client).__name__} runs no agent")
    await client.work("turns 3")
    client.turns.clear()
    await client.work(f"turns {turns}")
    if len(client.turns) != turns:
        raise RuntimeError(f"{len(client.turns)} of {turns} turns were taken")
    costs = [(later - earlier) * 1e3 for earlier, later in zip(client.turns, client.turns[1:], strict=False)]
    early, late = _median(costs[10:30]), _median(costs[-20:])
    return {"turn_20_ms": early, "turn_200_ms": late, "growth": late / early}


async def live(client: Client, runs: int) -> Figures:
    """Return CPU, added latency and memory of that many runs at 20 chunks a second each.

    They begin one after the other; what is told is of the seconds in which all of them are live. A chunk's
    CPU is by the chunks that were sent in these seconds; who does not keep up has read fewer.
    """
    ramp = runs / STARTS_PER_SECOND
    chunks = round((ramp + WINDOW_SECONDS + _MARGIN_SECONDS) * 1000 / PAUSE_MS)
    begins = time.monotonic() + ramp + _MARGIN_SECONDS / 2
    ends = begins + WINDOW_SECONDS
    late: list[float] = []
    characters = 0

    def seen(text: str) -> None:
        nonlocal characters
        characters += len(text)
        sent = int(text[:STAMP]) * 1e-9
        if begins <= sent < ends:
            late.append((time.monotonic() - sent) * 1e3)

    async def one(number: int) -> None:
        await asyncio.sleep(number / STARTS_PER_SECOND)
        await client.ask(f"paced {chunks} {PAUSE_MS}", seen)

    async def spent() -> float:
        await asyncio.sleep(max(0.0, begins - time.monotonic()))
        cpu, began = time.process_time(), time.monotonic()
        await asyncio.sleep(max(0.0, ends - time.monotonic()))
        return (time.process_time() - cpu) / (time.monotonic() - began)

    async with asyncio.TaskGroup() as group:
        share = group.create_task(spent())
        for number in range(runs):
            group.create_task(one(number))
    if characters != runs * chunks * STAMP:
        raise RuntimeError(f"{characters / STAMP:.0f} of {runs * chunks} chunks came")
    late.sort()
    return {
        "core": share.result(),
        "chunk_us": share.result() / (runs * 1000 / PAUSE_MS) * 1e6,
        "p50_ms": late[len(late) // 2],
        "p99_ms": late[len(late) * 99 // 100],
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


async def measure(name: str, base: str, kind: str, amount: int) -> Figures:
    """Open one client, warm it up, measure it, close it."""
    client = open_client(name, base)
    await client.warm()
    try:
        return await {"chunk": chunk, "turn": turn, "live": live}[kind](client, amount)
    finally:
        await client.close()


def main() -> None:
    """Measure and print."""
    name, base, kind, amount = sys.argv[1:]
    print(json.dumps(uvloop.run(measure(name, base, kind, int(amount)))))


if __name__ == "__main__":
    main()
