"""The steady load: idle clients, live runs and requests, for as long as it is asked, and what that costs."""

import asyncio
import random
import time
from contextlib import suppress
from functools import partial
from statistics import fmean
from typing import Any

from bench.load.clients import Caller, Stream, age_ms, follow
from bench.load.numbers import middle, percentile, slope
from bench.load.service import Service

MODEL = "openai/scripted"
CHUNKS = 400
_IDLE_AT_ONCE = 8
_REQUESTS_A_SECOND = 20.0
_SAMPLE_SECONDS = 2.0
_ASK_SECONDS = 300.0
_TOLD = 12  # sizes of a process in the report, the first and the last among them
_NOTHING: dict[str, str] = {}


class Steady:
    """`live` runs, one answer after another, `idle` clients on runs that wait for a person, and requests."""

    def __init__(self, service: Service, *, idle: int, live: int, pause_ms: int, asks: bool = True) -> None:
        self._service = service
        self._idle = idle
        self._live = live
        self._pause_ms = pause_ms
        self._asks = asks
        self._caller = Caller(service.port, service.token)
        self._threads: list[str] = []
        self._waiting: list[str] = []
        self._late: list[float] = []
        self._events = 0
        self._ended = 0
        self._requests: list[float] = []
        self._put_off = 0
        self._measuring = False

    async def measure(self, seconds: float, warm_up: float = 0.0) -> dict[str, Any]:
        """Bring the load up, let it run for `warm_up` seconds (caches fill and pools open), then measure."""
        streams = await self._idle_clients()
        work = [asyncio.create_task(self._one_after_another(number)) for number in range(self._live)]
        if self._asks:
            work.append(asyncio.create_task(self._ask()))
        # Until each run has begun, one after the other.
        await asyncio.sleep(CHUNKS * self._pause_ms / 1000 * 1.2 + warm_up)
        self._measuring = True
        began, cpu = time.monotonic(), self._service.cpu()
        memory: list[tuple[float, dict[str, float]]] = []
        while time.monotonic() - began < seconds:
            memory.append((time.monotonic() - began, self._service.rss()))
            await asyncio.sleep(_SAMPLE_SECONDS)
        self._measuring = False
        wall = time.monotonic() - began
        spent = {name: round(used - cpu[name], 2) for name, used in self._service.cpu().items()}
        for task in work:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.wait(work)
        for task in work:
            if not task.cancelled() and (fault := task.exception()) is not None:
                raise fault
        still = sum(not stream.over.done() for stream in streams)
        for stream in streams:
            stream.close()
        self._caller.close()
        return {
            "idle_clients": self._idle,
            "idle_clients_left": still,
            "live_runs": self._live,
            "seconds": round(wall, 1),
            "runs_ended": self._ended,
            "events": self._events,
            "events_a_second": self._events / wall,
            "late_p50_ms": middle(self._late),
            "late_p99_ms": percentile(self._late, 0.99),
            "late_most_ms": max(self._late, default=0.0),
            "late_over_250": sum(late > 250 for late in self._late),
            "requests": len(self._requests),
            "requests_put_off": self._put_off,
            "request_p50_ms": middle(self._requests),
            "request_p99_ms": percentile(self._requests, 0.99),
            "cpu_s": spent,
            "us_an_event": {name: used / max(1, self._events) * 1e6 for name, used in spent.items()},
            "rss": _growth(memory),
        }

    async def _idle_clients(self) -> list[Stream]:
        """Start as many runs that ask a person, each watched by one client."""
        gate = asyncio.Semaphore(_IDLE_AT_ONCE)
        streams: list[Stream] = []

        async def one() -> None:
            async with gate:
                caller = Caller(self._service.port, self._service.token)
                thread_id = (await caller.call("POST", "/v1/threads", {}))["id"]
                run = await caller.call(
                    "POST", f"/v1/threads/{thread_id}/runs", {"input": "ask", "model": MODEL}
                )
                await until_waiting(caller, run["id"])
                streams.append(
                    await follow(self._service.port, self._service.token, run["id"], self._take_nothing)
                )
                self._threads.append(thread_id)
                self._waiting.append(run["id"])
                caller.close()

        async with asyncio.TaskGroup() as group:
            for _ in range(self._idle):
                group.create_task(one())
        return streams

    async def _one_after_another(self, number: int) -> None:
        """Keep one run going: an answer of CHUNKS pieces, on a thread of its own, then the next."""
        await asyncio.sleep(number / max(1, self._live) * CHUNKS * self._pause_ms / 1000)
        caller = Caller(self._service.port, self._service.token)
        while True:
            thread_id = (await caller.call("POST", "/v1/threads", {}))["id"]
            task = {"input": f"paced {CHUNKS} {self._pause_ms}", "model": MODEL}
            run = await caller.call("POST", f"/v1/threads/{thread_id}/runs", task)
            told = partial(self._take, time.time())
            stream = await follow(self._service.port, self._service.token, run["id"], told)
            try:
                await stream.over
            finally:
                stream.close()
            self._ended += self._measuring

    def _take_nothing(self, frame: bytes) -> None:
        """An idle client has nothing to do with what it is told."""

    def _take(self, asked: float, frame: bytes) -> None:
        if not self._measuring:
            return
        age = age_ms(frame, asked)
        if age is not None:
            self._events += 1
            self._late.append(age)

    async def _ask(self) -> None:
        """Make the requests that a page makes, at an even pace, whatever the answers take."""
        chance = random.Random(1)
        callers = [Caller(self._service.port, self._service.token) for _ in range(10)]
        free = asyncio.Queue[Caller]()
        for caller in callers:
            free.put_nowait(caller)

        async def one(method: str, path: str, body: object) -> None:
            began = time.perf_counter()
            caller = await free.get()
            put_off = caller.put_off
            try:
                await caller.call(method, path, body)
            finally:
                free.put_nowait(caller)
            if self._measuring:
                self._put_off += caller.put_off - put_off
                self._requests.append((time.perf_counter() - began) * 1000)

        async with asyncio.TaskGroup() as group:
            due = time.monotonic()
            while True:
                thread = chance.choice(self._threads) if self._threads else ""
                run = chance.choice(self._waiting) if self._waiting else ""
                asked: list[tuple[str, str, object]] = [
                    ("GET", "/v1/threads?limit=20", None),
                    ("POST", "/v1/threads", _NOTHING),
                ]
                if thread:
                    asked += [
                        ("GET", f"/v1/threads/{thread}/messages", None),
                        ("GET", f"/v1/runs/{run}", None),
                    ]
                group.create_task(one(*chance.choice(asked)))
                due += 1 / _REQUESTS_A_SECOND
                await asyncio.sleep(max(0.0, due - time.monotonic()))


async def until_waiting(caller: Caller, run_id: str) -> None:
    """Wait until a run asks its person. Raises TimeoutError when that takes minutes."""
    status = ""
    async with asyncio.timeout(_ASK_SECONDS):
        while status != "awaiting_input":
            await asyncio.sleep(0.1)
            status = (await caller.call("GET", f"/v1/runs/{run_id}"))["status"]


def _growth(memory: list[tuple[float, dict[str, float]]]) -> dict[str, dict[str, Any]]:
    """Return the memory of each process (MB) at even distances, and its growth by a line through all."""
    told = [memory[round(place * (len(memory) - 1) / (_TOLD - 1))] for place in range(_TOLD)]
    found: dict[str, dict[str, Any]] = {}
    for name in ("api", "worker"):
        sizes = [sizes[name] for _, sizes in memory]
        a_second = slope([at for at, _ in memory], sizes)
        found[name] = {
            "told_mb": [round(sizes[name], 1) for _, sizes in told],
            "percent_an_hour": a_second * 3600 / fmean(sizes) * 100,
        }
    return found
