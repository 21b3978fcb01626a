"""One run's events to many clients over HTTP, beside a bare socket server that does the same, in one run."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.load.clients import Caller, Stream, age_ms, follow
from bench.load.numbers import middle, percentile
from bench.load.service import Service, family
from bench.load.steady import MODEL, until_waiting
from factotum.bus.redis import Redis
from factotum.bus.run_log import RunLog
from factotum.protocol.events import ToolFinished

PACED_A_SECOND = 2_000
"""Deliveries a second in all, as in the measurements this is compared with."""
BURST = 300
_ATTEMPT = 1_000
_SETTLE_SECONDS = 120.0
_LOOK_SECONDS = 0.5
_QUIET_SHARE = 0.05


class _Client:
    """Follows one run, and comes back where it was when its stream ends, as every client must."""

    def __init__(self, crowd: "_Crowd", after: int) -> None:
        self._crowd = crowd
        self._after = after
        self._stream: Stream | None = None

    async def connect(self, port: int, token: str, run_id: str) -> None:
        """Open the stream."""
        self._stream = await follow(port, token, run_id, self._take, after=self._after)

    @property
    def has_lost_it(self) -> bool:
        """Whether its stream has ended."""
        return self._stream is not None and self._stream.over.done()

    def close(self) -> None:
        """End it."""
        if self._stream is not None:
            self._stream.close()

    def _take(self, frame: bytes) -> None:
        age = age_ms(frame)
        if age is not None:
            self._after = int(frame.partition(b"id: ")[2].partition(b"\n")[0])
            self._crowd.late.append(age)


class _Crowd:
    """Clients of one stream: what came to them, by how late it was in milliseconds."""

    def __init__(self, port: int, token: str, run_id: str, clients: int, *, after: int) -> None:
        self.late: list[float] = []
        self._where = (port, token, run_id)
        self._clients = [_Client(self, after) for _ in range(clients)]

    async def open(self) -> None:
        """Connect them all."""
        for client in self._clients:
            await client.connect(*self._where)
        await asyncio.sleep(1.0)

    async def have(self, events: int) -> None:
        """Wait until every client has got so many. Raises TimeoutError."""
        async with asyncio.timeout(_SETTLE_SECONDS):
            while len(self.late) < events * len(self._clients):
                await asyncio.sleep(0.02)
                for client in self._clients:
                    if client.has_lost_it:
                        await client.connect(*self._where)

    def close(self) -> None:
        """End them all."""
        for client in self._clients:
            client.close()


async def ours(service: Service, clients: int, events: int, pause: float) -> dict[str, Any]:
    """Deliver `events` to so many clients of the API; return its CPU a delivery and how late they were."""
    caller = Caller(service.port, service.token)
    thread_id = (await caller.call("POST", "/v1/threads", {}))["id"]
    run_id = (await caller.call("POST", f"/v1/threads/{thread_id}/runs", {"input": "ask", "model": MODEL}))[
        "id"
    ]
    await until_waiting(caller, run_id)
    redis = Redis(service.redis_url)
    log = RunLog(redis)
    last = await log.open(run_id, _ATTEMPT, 0)
    crowd = _Crowd(service.port, service.token, run_id, clients, after=last)
    try:
        writer = log.writer(run_id, _ATTEMPT, last)
        await crowd.open()
        await _quiet(service)
        before = service.cpu()["api"]
        loop = asyncio.get_running_loop()
        due = loop.time()
        for number in range(events):
            await writer.emit(
                ToolFinished(call_id="c", name="n", outcome="ok", output=f"{number:020d}", duration_ms=number)
            )
            due += pause
            await asyncio.sleep(max(0.0, due - loop.time()))
        await crowd.have(events)
        spent = service.cpu()["api"] - before
        await writer.close()
    finally:
        crowd.close()
        caller.close()
        await log.aclose()
        await redis.aclose()
    return _figures(crowd, spent)


async def _quiet(service: Service) -> None:
    """Wait until the API has opened all streams: a thousand requests are seconds of work, and not fan-out."""
    async with asyncio.timeout(_SETTLE_SECONDS):
        spent = 0.0
        while (now := service.cpu()["api"]) - spent > _QUIET_SHARE * _LOOK_SECONDS:
            spent = now
            await asyncio.sleep(_LOOK_SECONDS)


def _bare_server() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bench.load.sockets"],
        cwd=Path(__file__).resolve().parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


async def bare(clients: int, events: int, pause: float) -> dict[str, Any]:
    """The same from a bare socket server in a process of its own."""
    with _bare_server() as server:
        assert server.stdin is not None
        assert server.stdout is not None
        port = int((await asyncio.to_thread(server.stdout.readline)).strip())
        crowd = _Crowd(port, "", "x", clients, after=0)
        await crowd.open()
        before = _seconds(server.pid)
        server.stdin.write(f"{events} {pause}\n")
        server.stdin.flush()
        await crowd.have(events)
        spent = _seconds(server.pid) - before
        crowd.close()
        server.stdin.close()
    return _figures(crowd, spent)


async def measure(service: Service, sizes: list[int], seconds: float) -> list[dict[str, Any]]:
    """Measure both ways at each number of clients, paced and in a burst, one after the other."""
    found: list[dict[str, Any]] = []
    for clients in sizes:
        pause = clients / PACED_A_SECOND
        for kind, events, wait in (("paced", max(5, round(seconds / pause)), pause), ("burst", BURST, 0.0)):
            if kind == "burst" and clients < 10:
                continue
            figures = {
                "ours": await ours(service, clients, events, wait),
                "bare": await bare(clients, events, wait),
            }
            found.append({"clients": clients, "kind": kind, "events": events, **figures})
    return found


def _figures(crowd: _Crowd, spent: float) -> dict[str, Any]:
    return {
        "us_a_delivery": spent / len(crowd.late) * 1e6,
        "a_core_second": len(crowd.late) / spent if spent else 0.0,
        "late_p50_ms": middle(crowd.late),
        "late_p99_ms": percentile(crowd.late, 0.99),
    }


def _seconds(pid: int) -> float:
    """Return the CPU seconds of a process, finer than its ticks where the kernel tells."""
    total = 0.0
    for each in family(pid):
        for schedule in Path(f"/proc/{each}/task").glob("*/schedstat"):
            total += int(schedule.read_text().split()[0]) / 1e9
    return total or time.process_time()
