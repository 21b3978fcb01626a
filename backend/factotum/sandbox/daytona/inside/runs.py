"""Commands: each has an id that the service chose, output it may ask for again, and an end."""

import asyncio
import os
from collections import deque
from typing import Any

from .machine import Job, Machine
from .pipes import Reader
from .refusal import Refusal

_WINDOW = 256 * 1024
_MOST = 64
_FORGOTTEN_SECONDS = 120.0
_LOOK_SECONDS = 5.0

Answer = tuple[dict[str, Any], bytes]


class Run:
    """One command. What the service has not acknowledged is kept; when that is much, the command waits."""

    def __init__(self, job: Job, streams: list[tuple[str, int]]) -> None:
        self.job = job
        self.timed_out = False
        self.ending: Any = None
        self.asked_at = asyncio.get_running_loop().time()
        self._chunks: deque[tuple[str, bytes]] = deque()
        self._first = 0
        self._end = 0
        self._open = len(streams)
        self._news = asyncio.Event()
        self._readers = [Reader(end, self._taker(name), self._closed) for name, end in streams]
        job.ended.add_done_callback(lambda _: self._news.set())

    @property
    def is_over(self) -> bool:
        """Whether it has ended and all it said is here."""
        return self.job.ended.done() and self._open == 0

    async def poll(self, ack: int, wait: float) -> Answer:
        """Forget what comes before `ack`; return what comes after it, once there is something."""
        self.asked_at = asyncio.get_running_loop().time()
        self._forget(ack)
        until = self.asked_at + wait
        while not self._chunks and not self.is_over:
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), until - asyncio.get_running_loop().time())
            except TimeoutError:
                break
        self.asked_at = asyncio.get_running_loop().time()
        over = self.is_over
        head: dict[str, Any] = {
            "chunks": [[name, len(data)] for name, data in self._chunks],
            "first": self._first,
            "over": over,
        }
        if over:
            result = self.job.ended.result()
            head["code"], head["timed_out"] = self.job.code, self.timed_out
            head["refused"] = result if isinstance(result, str) else ""
        return head, b"".join(data for _, data in self._chunks)

    def _taker(self, name: str) -> Any:
        def take(data: bytes) -> None:
            self._chunks.append((name, data))
            self._end += len(data)
            if self._end - self._first >= _WINDOW:
                for reader in self._readers:
                    reader.hold()
            self._news.set()

        return take

    def _forget(self, ack: int) -> None:
        while self._chunks and self._first + len(self._chunks[0][1]) <= ack:
            self._first += len(self._chunks.popleft()[1])
        if self._end - self._first < _WINDOW:
            for reader in self._readers:
                reader.go_on()

    def _closed(self) -> None:
        self._open -= 1
        self._news.set()


class Runs:
    """Every command that runs, or ended and was not yet forgotten."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._runs: dict[str, Run] = {}

    def start(
        self, name: str, folder: str, environment: dict[str, str], seconds: float, command: str
    ) -> None:
        """Start a command; one that has been started with this id goes on."""
        if name in self._runs:
            return
        if len(self._runs) >= _MOST:
            raise Refusal("sandbox_full", f"{_MOST} commands run in this sandbox.", "Wait for one to end.")
        (out, out_in), (err, err_in) = os.pipe(), os.pipe()
        try:
            job = self._machine.run("command", folder, environment, command, (out_in, err_in))
        finally:
            os.close(out_in)
            os.close(err_in)
        run = self._runs[name] = Run(job, [("stdout", out), ("stderr", err)])

        def expire() -> None:
            if not job.ended.done():
                run.timed_out = True
                run.ending = asyncio.ensure_future(self._machine.end(job))

        timer = asyncio.get_running_loop().call_later(seconds, expire)
        job.ended.add_done_callback(lambda _: timer.cancel())

    async def poll(self, name: str, ack: int, wait: float) -> Answer:
        """Return what a command wrote after `ack`, and how it ended."""
        if name not in self._runs:
            raise Refusal("run_unknown", "There is no such command.")
        return await self._runs[name].poll(ack, wait)

    def forget(self, names: list[str]) -> None:
        """Forget commands that have ended and whose service knows it."""
        for name in names:
            if name in self._runs and self._runs[name].is_over:
                del self._runs[name]

    async def kill(self, name: str) -> None:
        """End a command with all its processes, and forget it."""
        run = self._runs.get(name)
        if run is not None:
            await self._machine.end(run.job)
            self._runs.pop(name, None)

    async def watch(self) -> None:
        """End commands about which nobody asks any more: their service is gone."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            before = asyncio.get_running_loop().time() - _FORGOTTEN_SECONDS
            for name in [name for name, run in self._runs.items() if run.asked_at < before]:
                await self.kill(name)
