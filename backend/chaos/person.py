"""One person with a client that never gives up: gives tasks, follows every step, answers questions.

What the client saw is kept as it came, for the checks: each event once, by its number, and what a reset said.
"""

import asyncio
import json
import random
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from chaos.cluster import Cluster
from chaos.tasks import LETTERS, prompt

JsonObject = dict[str, Any]

_ENDED = {"finished", "failed", "stopped"}
_FOREVER = 600.0
_ANSWER = "Leave it and go on"


@dataclass(slots=True)
class Transcript:
    """What one client saw of one run. `seen` are (sequence number, event), in the order they came."""

    run_id: str
    letter: str
    seen: list[tuple[int, JsonObject]] = field(default_factory=list[tuple[int, JsonObject]])
    connects: int = 0
    resets: int = 0
    cursor: int = 0
    over: bool = False


@dataclass(slots=True)
class Person:
    """`cuts`: set to break the connection of every client of this person once."""

    cluster: Cluster
    http: httpx.AsyncClient
    chance: random.Random
    slow: bool = False
    cuts: int = 0
    thread_id: str = ""
    project_id: str = ""
    run_ids: list[str] = field(default_factory=list[str])
    transcripts: list[Transcript] = field(default_factory=list[Transcript])

    async def work(self) -> None:
        """Give a new thread one task a letter, at once, and follow each to its end with two clients."""
        thread = await self._call("POST", "/v1/threads", {})
        self.thread_id, self.project_id = thread["id"], thread["project_id"]
        for letter in LETTERS:
            self.run_ids.append(await self._submit(letter))
        clients = [
            [Transcript(run_id, letter) for run_id, letter in zip(self.run_ids, LETTERS, strict=True)]
            for _ in range(2)
        ]
        self.transcripts = [transcript for client in clients for transcript in client]
        async with asyncio.timeout(_FOREVER), asyncio.TaskGroup() as group:
            for client in clients:
                group.create_task(self._follow_all(client))

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
        async with self.http.stream("GET", url, headers=headers) as response:
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
                if self.slow:
                    await asyncio.sleep(0.05)

    def _take(self, transcript: Transcript, event: JsonObject) -> None:
        transcript.seen.append((event["seq"], event))
        transcript.cursor = event["seq"]
        transcript.resets += event["type"] == "reset"
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
        """Make one request at any API process, again and again until it is answered; also with a conflict."""
        async with asyncio.timeout(_FOREVER):
            while True:
                try:
                    response = await self.http.request(
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
                if response.status_code < 500:
                    raise AssertionError(f"{method} {path}: {response.status_code} {response.text}")
                await asyncio.sleep(0.2)

    def _address(self) -> str:
        return self.chance.choice(self.cluster.addresses)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.cluster.token}"}


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
