"""One person with clients that never give up: gives tasks, follows every step, answers questions, reads.

What the clients saw is kept as it came, for the checks: each event by its number, and what a reset said.
"""

import asyncio
import json
import random
import socket
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx

from chaos.cluster import Cluster
from chaos.history import JsonObject, Read, Transcript
from chaos.tasks import LETTERS, prompt
from factotum.core.tasks import cancelled

_ENDED = {"finished", "failed", "stopped"}
_FOREVER = 600.0
_ANSWER = "Leave it and go on"
_READ_SECONDS = 1.0
_SLOW_SECONDS = 0.06


@dataclass(slots=True)
class Person:
    """`cuts`: set to break the connection of every client of this person once. `slow` clients have a small
    window and read later than the stream comes."""

    cluster: Cluster
    chance: random.Random
    slow: bool = False
    cuts: int = 0
    stalled_until: float = 0
    thread_id: str = ""
    project_id: str = ""
    run_ids: list[str] = field(default_factory=list[str])
    transcripts: list[Transcript] = field(default_factory=list[Transcript])
    reads: list[Read] = field(default_factory=list[Read])
    _http: httpx.AsyncClient = field(init=False)

    async def work(self) -> None:
        """Give a new thread one task a letter, at once, and follow each to its end with two clients.

        Afterwards a third reads all of them from the beginning.
        """
        async with _client(slow=self.slow) as self._http, asyncio.timeout(_FOREVER):
            thread = await self._call("POST", "/v1/threads", {})
            self.thread_id, self.project_id = thread["id"], thread["project_id"]
            for letter in LETTERS:
                self.run_ids.append(await self._submit(letter))
            first, second, late = (
                [Transcript(run_id, letter) for run_id, letter in zip(self.run_ids, LETTERS, strict=True)]
                for _ in range(3)
            )
            self.transcripts = [*first, *second, *late]
            reading = asyncio.create_task(self._read_on())
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._follow_all(first))
                    group.create_task(self._follow_all(second))
            finally:
                await cancelled(reading)
            await self._follow_all(late)

    async def _submit(self, letter: str) -> str:
        """Give a task; a run that asks something meanwhile is answered first."""
        task = {"input": prompt(letter), "model": "openai/scripted"}
        key = {"Idempotency-Key": uuid.uuid4().hex}
        while True:
            run = await self._call("POST", f"/v1/threads/{self.thread_id}/runs", task, headers=key)
            if "id" in run:
                return run["id"]
            for run_id in self.run_ids:
                await self._answer_if_asked(run_id)

    async def _read_on(self) -> None:
        """Read the thread's messages again and again, at any process."""
        while True:
            began = time.time()
            page = await self._call("GET", f"/v1/threads/{self.thread_id}/messages?limit=200")
            ids = tuple(message["id"] for message in page["items"])
            self.reads.append(Read(began, time.time(), ids))
            await asyncio.sleep(_READ_SECONDS * (0.5 + self.chance.random()))

    async def _follow_all(self, transcripts: list[Transcript]) -> None:
        for transcript in transcripts:
            await self._follow(transcript)

    async def _follow(self, transcript: Transcript) -> None:
        while not transcript.over:
            transcript.connects += 1
            try:
                await self._stream(transcript)
            except (httpx.HTTPError, ConnectionError):
                await asyncio.sleep(0.1 + self.chance.random() * 0.3)
            # What a lost event would have said is asked for, as a page does when it comes back.
            await self._answer_if_asked(transcript.run_id)

    async def _stream(self, transcript: Transcript) -> None:
        url = f"{self._address()}/v1/runs/{transcript.run_id}/events"
        headers = {**self._headers(), "Last-Event-ID": str(transcript.cursor)}
        cuts = self.cuts
        async with self._http.stream("GET", url, headers=headers) as response:
            if response.status_code == 204:
                transcript.over = True
                return
            if response.status_code != 200:
                await asyncio.sleep(0.2)
                return
            async for event in _events(response):
                self._take(transcript, event)
                if event["type"] == "run.awaiting":
                    await self._answer_if_asked(transcript.run_id)
                if transcript.over or self.cuts != cuts:
                    return
                await self._dawdle()

    async def _dawdle(self) -> None:
        if self.slow:
            await asyncio.sleep(_SLOW_SECONDS)
        stalled = self.stalled_until - time.monotonic()
        if stalled > 0:
            await asyncio.sleep(stalled)

    def _take(self, transcript: Transcript, event: JsonObject) -> None:
        transcript.seen.append((event["seq"], event))
        transcript.cursor = event["seq"]
        transcript.resets += event["type"] == "reset"
        if event["type"] == "message.created":
            transcript.acknowledged[event["message"]["id"]] = time.time()
        status = event["run"]["status"] if event["type"] == "reset" else event["type"].removeprefix("run.")
        transcript.over = status in _ENDED

    async def _answer_if_asked(self, run_id: str) -> None:
        run = await self._call("GET", f"/v1/runs/{run_id}")
        if run["status"] == "awaiting_input":
            await self._call("POST", f"/v1/runs/{run_id}/input", {"text": _ANSWER})

    async def _call(
        self,
        method: str,
        path: str,
        body: JsonObject | None = None,
        *,
        headers: dict[str, str] | None = None,
    ) -> JsonObject:
        """Make one request at any API process, again and again until it is answered; also with a conflict.

        Raises AssertionError for any other refusal, and for a failure that does not say when to try again.
        """
        while True:
            try:
                response = await self._http.request(
                    method,
                    self._address() + path,
                    json=body,
                    headers={**self._headers(), **(headers or {})},
                )
            except (httpx.HTTPError, ConnectionError):
                await asyncio.sleep(0.2)
                continue
            if response.is_success or response.status_code == 409:
                return response.json()
            if response.status_code != 503 or "retry-after" not in response.headers:
                raise AssertionError(f"{method} {path}: {response.status_code} {response.text}")
            await asyncio.sleep(0.2)

    def _address(self) -> str:
        return self.chance.choice(self.cluster.addresses)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.cluster.token}"}


def _client(*, slow: bool) -> httpx.AsyncClient:
    options = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)] if slow else None
    return httpx.AsyncClient(timeout=30, transport=httpx.AsyncHTTPTransport(socket_options=options))


async def _events(response: httpx.Response) -> AsyncIterator[JsonObject]:
    """Yield the events of a stream; its heartbeats and hints are passed over."""
    data: list[str] = []
    async for line in response.aiter_lines():
        if line.startswith("data:"):
            data.append(line[5:].lstrip())
        elif not line and data:
            event = json.loads("\n".join(data))
            data = []
            if "seq" in event:
                yield event
