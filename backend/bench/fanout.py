"""What a delivered event costs in CPU: append, publish and tail over many runs, and one run to many readers.

Run from backend/: `.venv/bin/python -m bench.fanout [--redis URL] [--seconds S]`. Writer and reader are two
processes, so that each one's CPU can be told. Without --redis a Valkey is started for the time it takes.
"""

import argparse
import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from datetime import datetime
from pathlib import Path

import uvloop

from factotum.bus.redis import Redis
from factotum.bus.run_log import RunLog
from factotum.bus.tail import LiveTail
from factotum.bus.writer import RunLogWriter
from factotum.core.ids import derived_id, new_id
from factotum.embedded.data_folder import DataFolder
from factotum.embedded.valkey import EmbeddedValkey
from factotum.protocol.events import RunFinished, TextDelta, ToolFinished
from factotum.protocol.runs import Usage

RATE = 2_000
"""Events a second in all, as in the measurements this is compared with."""


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator[tuple[RunLog, LiveTail]]:
    """Open the bus and close it again."""
    redis = Redis(url)
    log = RunLog(redis)
    tail = LiveTail(redis, log)
    yield log, tail
    await tail.aclose()
    await log.aclose()
    await redis.aclose()


async def write(url: str, salt: str, runs: int, seconds: float, kind: str) -> None:
    """Emit RATE events a second over all runs, evenly; print the CPU of one event in microseconds."""
    async with opened(url) as (log, _):
        per_run = max(1, round(RATE * seconds / runs))
        interval = seconds / per_run

        writers: list[RunLogWriter] = []
        for number in range(runs):
            run_id = derived_id(salt, number)
            writers.append(log.writer(run_id, 1, await log.open(run_id, 1, 0)))

        async def one(number: int) -> None:
            begin = started + interval * number / runs
            for index in range(per_run):
                await asyncio.sleep(begin + index * interval - loop.time())
                await writers[number].emit(_event(kind, index))

        loop = asyncio.get_running_loop()
        started = loop.time()
        cpu = time.process_time()
        async with asyncio.TaskGroup() as group:
            for number in range(runs):
                group.create_task(one(number))
        spent = time.process_time() - cpu
        for writer in writers:
            await writer.emit(RunFinished(reason="complete", usage=Usage()))
            await writer.close()
        print(f"{spent / (per_run * runs) * 1e6:.1f}")


def _event(kind: str, index: int) -> TextDelta | ToolFinished:
    if kind == "delta":
        return TextDelta(message_id="m", text=f"{index:020d}")
    return ToolFinished(call_id="c", name="n", outcome="ok", output=f"{index:020d}", duration_ms=index)


async def tail_many(url: str, runs: int, seconds: float, kind: str) -> str:
    """Follow all runs with one subscriber each while another process writes them."""
    salt = new_id()
    late: list[float] = []
    async with opened(url) as (_, tail):

        async def one(number: int) -> int:
            count = 0
            async with aclosing(tail.subscribe(derived_id(salt, number), 0)) as entries:
                async for entry in entries:
                    count += 1
                    if count % 4 == 0:
                        late.append(_age_ms(entry.data))
            return count

        async with asyncio.TaskGroup() as group:
            readers = [group.create_task(one(number)) for number in range(runs)]
            await asyncio.sleep(1.0)
            cpu = time.process_time()
            arguments = [url, salt, str(runs), str(seconds), kind]
            writer = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bench.fanout", "--write", *arguments, stdout=subprocess.PIPE
            )
        output, _ = await writer.communicate()
        spent = time.process_time() - cpu
    events = sum(reader.result() for reader in readers)
    late.sort()
    return (
        f"{runs:5d} runs, {kind:7s} {events:6d} events: writer {output.decode().strip():>6s} us, "
        f"reader {spent / events * 1e6:5.1f} us an event; "
        f"p50 {late[len(late) // 2]:.1f} ms, p99 {late[len(late) * 99 // 100]:.1f} ms"
    )


def _age_ms(data: bytes) -> float:
    at = data.partition(b'"at":"')[2].partition(b'"')[0].decode()
    return (time.time() - datetime.fromisoformat(at).timestamp()) * 1000


async def fan_out(url: str, subscribers: int, events: int) -> str:
    """Deliver one run's events to many subscribers in this process, each event written alone."""
    async with opened(url) as (log, tail):
        run_id = new_id()
        writer = log.writer(run_id, 1, await log.open(run_id, 1, 0))

        async def one() -> int:
            async with aclosing(tail.subscribe(run_id, 0)) as entries:
                return len([entry async for entry in entries])

        async with asyncio.TaskGroup() as group:
            readers = [group.create_task(one()) for _ in range(subscribers)]
            await asyncio.sleep(1.5)
            cpu = time.process_time()
            for index in range(events):
                await writer.emit(_event("durable", index))
            await writer.emit(RunFinished(reason="complete", usage=Usage()))
        spent = time.process_time() - cpu
        await writer.close()
    delivered = sum(reader.result() for reader in readers)
    return (
        f"{subscribers:5d} subscribers of one run: {spent / delivered * 1e6:5.2f} us a delivery, "
        f"{delivered / spent:,.0f} a core-second"
    )


def server_cpu(pid: int) -> float:
    """Return the CPU seconds a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def measure(url: str, seconds: float, pid: int | None) -> None:
    """Run all measurements and print them."""
    for runs in (100, 1_000):
        for kind in ("durable", "delta"):
            before = server_cpu(pid) if pid else 0.0
            line = uvloop.run(tail_many(url, runs, seconds, kind))
            server = f"; server {(server_cpu(pid) - before) / (RATE * seconds) * 1e6:.0f} us" if pid else ""
            print(line + server, flush=True)
    for subscribers, events in ((1, 2_000), (100, 500), (1_000, 100)):
        print(uvloop.run(fan_out(url, subscribers, events)), flush=True)


def main() -> None:
    """Measure, or write for a measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--redis", help="an address; a Valkey is started without it")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--write", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        url, salt, runs, seconds, kind = options.write
        uvloop.run(write(url, salt, int(runs), float(seconds), kind))
        return
    if options.redis:
        measure(options.redis, options.seconds, None)
        return
    folder = Path(tempfile.mkdtemp(prefix="ft-"))
    folder.chmod(0o711)
    with DataFolder(folder / "vk") as data:
        server = EmbeddedValkey(data)
        server.start()
        try:
            measure(server.url, options.seconds, server.pid)
        finally:
            server.stop()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
