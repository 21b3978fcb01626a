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
CHUNKS = 40
"""Chunks of one live answer."""
PAUSE_MS = 50
_LATE = 1e-6


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
    """Return CPU, added latency and memory of that many runs at 20 chunks a second each."""
    late: list[float] = []
    characters = 0

    def seen(text: str) -> None:
        nonlocal characters
        characters += len(text)
        late.append((time.monotonic_ns() - int(text[:STAMP])) * _LATE)

    async def one(number: int) -> None:
        await asyncio.sleep(number / runs * CHUNKS * PAUSE_MS / 1000)
        await client.ask(f"paced {CHUNKS} {PAUSE_MS}", seen)

    cpu, began = time.process_time(), time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(runs):
            group.create_task(one(number))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - began
    chunks = runs * CHUNKS
    if characters != chunks * STAMP:
        raise RuntimeError(f"{characters / STAMP:.0f} of {chunks} chunks came")
    late.sort()
    return {
        "cpu_s": cpu,
        "wall_s": wall,
        "chunk_us": cpu / chunks * 1e6,
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
