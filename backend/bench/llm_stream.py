"""What a streamed chunk costs in CPU: a bare socket, our gateway, our whole path, LiteLLM, installed peers.

Run from backend/: `.venv/bin/python -m bench.llm_stream [--runs 100] [--rounds 3] [--only NAME ...]`. One
scripted provider on loopback serves all of them from a process of its own, and each client is a process too,
so that its CPU can be told. A burst is one answer of 2,000 chunks as fast as it comes, the median of some
rounds; a turn is one answer of one word; the live runs are paced at 20 chunks a second each. Lag is how late
the client's event loop is: what a chunk, and everything else in the process, waits.
"""

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.stream_clients import CLIENTS, Client, available

BURST = 2_000
PACED = 40
"""Chunks of one paced answer."""
PAUSE = 0.05
"""Seconds between two of them. The runs start one after the other over the time of one answer."""
TURNS = 50
CALLS = 2
"""Answers of one live run, one after the other."""


def script() -> dict[str, object]:
    """Return what the provider plays: the question names the scenario."""
    piece = "twenty characters, a"
    burst = {"text": piece, "repeat": BURST, "cut": 20}
    paced = {"text": piece, "repeat": PACED, "cut": 20, "delay": PAUSE}
    return {
        "scenarios": [
            {"match": "burst", "turns": [[burst]]},
            {"match": "paced", "turns": [[paced]]},
            {"match": "warm", "turns": [["Ready."]]},
        ]
    }


async def burst(client: Client, rounds: int) -> dict[str, float]:
    """Return the median CPU of a chunk in microseconds, after a call to warm up."""
    await client.warm("warm")
    spent: list[float] = []
    for _ in range(rounds):
        cpu = time.process_time()
        chunks = await client.ask("burst")
        spent.append((time.process_time() - cpu) / BURST * 1e6)
        if chunks < BURST:
            raise RuntimeError(f"{chunks} of {BURST} chunks came")
    cpu = time.process_time()
    for _ in range(TURNS):
        await client.ask("warm")
    turn = (time.process_time() - cpu) / TURNS * 1e3
    return {"us": statistics.median(spent), "turn": turn, "mb": _resident_mb()}


async def live(client: Client, runs: int) -> dict[str, float]:
    """Return seconds of wall and CPU, CPU of a chunk in microseconds and the loop's lag in ms."""
    await client.warm("warm")
    lags: list[float] = []

    async def probe() -> None:
        while True:
            due = time.perf_counter() + 0.01
            await asyncio.sleep(0.01)
            lags.append((time.perf_counter() - due) * 1000)

    async def run(number: int) -> int:
        await asyncio.sleep(number / runs * PACED * PAUSE)
        return sum([await client.ask("paced") for _ in range(CALLS)])

    probing = asyncio.create_task(probe())
    cpu, began = time.process_time(), time.perf_counter()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(run(number)) for number in range(runs)]
    cpu, wall = time.process_time() - cpu, time.perf_counter() - began
    probing.cancel()
    chunks = sum(task.result() for task in tasks)
    if chunks < runs * CALLS * PACED:
        raise RuntimeError(f"{chunks} of {runs * CALLS * PACED} chunks came")
    lags.sort()
    return {
        "cpu": cpu,
        "wall": wall,
        "us": cpu / (runs * CALLS * PACED) * 1e6,
        "p50": lags[len(lags) // 2],
        "p99": lags[len(lags) * 99 // 100],
        "mb": _resident_mb(),
    }


def _resident_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measure(name: str, base: str, kind: str, amount: int) -> dict[str, float]:
    """Open one client, measure it, close it."""
    client = CLIENTS[name](base)
    try:
        return await (burst(client, amount) if kind == "burst" else live(client, amount))
    finally:
        await client.close()


def _child(name: str, base: str, kind: str, amount: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.llm_stream", "--client", name, base, kind, str(amount)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=600)
    return json.loads(done.stdout.splitlines()[-1])


def report(base: str, names: list[str], rounds: int, runs: int) -> None:
    """Measure all clients against one server and print the tables."""
    print(f"Burst: {BURST:,} chunks of 20 characters, median of {rounds}")
    print(f"{'client':22s} {'us a chunk':>10s} {'x socket':>9s} {'ms a turn':>10s} {'MB':>6s}")
    first = 0.0
    for name in names:
        got = _child(name, base, "burst", rounds)
        first = first or got["us"]
        row = f"{got['us']:10.1f} {got['us'] / first:9.1f} {got['turn']:10.2f} {got['mb']:6.0f}"
        print(f"{name:22s} {row}", flush=True)
    ideal = (CALLS + 1) * PACED * PAUSE
    print(f"\nLive: {runs} runs, {CALLS} answers x {PACED} chunks, 50 ms apart; ideal wall {ideal:.1f} s")
    head = ("CPU s", "wall s", "us a chunk", "x socket", "lag p50 ms", "p99 ms", "MB")
    print(f"{'client':22s} " + " ".join(f"{title:>10s}" for title in head))
    first = 0.0
    for name in names:
        got = _child(name, base, "live", runs)
        first = first or got["us"]
        row = (got["cpu"], got["wall"], got["us"], got["us"] / first, got["p50"], got["p99"], got["mb"])
        print(f"{name:22s} " + " ".join(f"{value:10.2f}" for value in row), flush=True)


def main() -> None:
    """Measure all, or be one client of a measurement."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", choices=list(CLIENTS))
    parser.add_argument("--client", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.client:
        name, base, kind, amount = options.client
        print(json.dumps(asyncio.run(measure(name, base, kind, int(amount)))))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "script.json"
        path.write_text(json.dumps(script()))
        command = [sys.executable, "-m", "factotum.testing.provider", str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
            try:
                if server.stdout is None:
                    raise RuntimeError("the provider has no output")
                base = json.loads(server.stdout.readline())["openai_base"]
                report(base, options.only or available(), options.rounds, options.runs)
            finally:
                server.terminate()


if __name__ == "__main__":
    main()
