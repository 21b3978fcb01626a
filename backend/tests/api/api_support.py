"""Short ways to prepare runs and read streams for the API's tests."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from factotum.bus.writer import RunLogWriter
from factotum.protocol.events import (
    RUN_EVENT,
    FileChanged,
    MessageCreated,
    RunEvent,
    RunFinished,
    RunStarted,
    TextDelta,
    ToolFinished,
    ToolStarted,
)
from factotum.protocol.messages import TextPart
from factotum.protocol.runs import AwaitReason, Question, Usage
from factotum.services import Services
from factotum.store.leases import Leases
from factotum.store.messages import Messages
from factotum.store.records import Caller
from factotum.store.runs import Runs
from tests.api.conftest import Api
from tests.fixtures_store import ALICE

END = RunFinished(reason="complete", usage=Usage(output_tokens=7))


@dataclass(frozen=True)
class Frame:
    """One server-sent event, and the bytes that it came as."""

    id: int
    event: str
    data: str
    raw: bytes

    @property
    def parsed(self) -> RunEvent:
        """The event of the run."""
        return RUN_EVENT.validate_json(self.data)


async def new_thread(client: httpx.AsyncClient) -> str:
    """Make a thread and return its id."""
    return str((await client.post("/v1/threads", json={})).json()["id"])


async def new_run(client: httpx.AsyncClient, thread_id: str | None = None, **body: Any) -> dict[str, Any]:
    """Submit a run and return it."""
    thread_id = thread_id or await new_thread(client)
    answer = await client.post(f"/v1/threads/{thread_id}/runs", json={"input": "Do it", **body})
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


async def claim(services: Services, run_id: str) -> RunLogWriter:
    """Take a run as a worker does, and return the writer of its log."""
    async with services.database.system() as tx:
        claimed = await Leases(tx).claim(run_id, "worker-1", 60)
    assert claimed is not None
    last = await services.run_log.open(run_id, claimed.attempt, claimed.log_seq)
    return services.run_log.writer(run_id, claimed.attempt, last)


async def await_input(
    services: Services, run_id: str, caller: Caller = ALICE, reason: AwaitReason = "question"
) -> None:
    """Let a claimed run ask its caller something."""
    question = Question(reason=reason, text="Which?", choices=("a", "b"))
    async with services.database.tenant(caller) as tx:
        await Runs(tx).await_input(run_id, 1, question=question, log_seq=2)


async def finish(services: Services, run_id: str, writer: RunLogWriter, caller: Caller = ALICE) -> None:
    """End a claimed run in the database, then in its log."""
    async with services.database.tenant(caller) as tx:
        await Runs(tx).finish(
            run_id, 1, status="finished", usage=END.usage, log_seq=writer.seq + 1, finish_reason="complete"
        )
    await writer.emit(END)
    await writer.close()


async def play(api: Api, run: dict[str, Any]) -> None:
    """Write the log of a small but whole run, as a worker would, and end it."""
    writer = await claim(api.services, run["id"])
    await writer.emit(RunStarted(attempt=1, model="m"))
    for word in ("Zwölf ", "Boxkämpfer\n\ndata: x\r\n", "\u2028 jagen"):
        await writer.emit(TextDelta(message_id="m1", text=word))
        await writer.flush()
    async with api.services.database.tenant(ALICE) as tx:
        message = await Messages(tx).append(
            run["thread_id"], "assistant", [TextPart(text="Zwölf")], run_id=run["id"]
        )
    await writer.emit(MessageCreated(message=message))
    await writer.emit(ToolStarted(call_id="c", message_id="m1", name="shell", arguments={"command": "ls"}))
    await writer.emit(FileChanged(path="a.txt", action="created", size_bytes=1))
    await writer.emit(ToolFinished(call_id="c", name="shell", outcome="ok", output="", duration_ms=1))
    await finish(api.services, run["id"], writer)


def frames_of(raw: bytes) -> list[Frame]:
    """Take a stream apart; comments and `retry` are left out."""
    assert raw.endswith(b"\n\n")
    found: list[Frame] = []
    for block in raw.split(b"\n\n")[:-1]:
        if block.startswith((b":", b"retry:")):
            continue
        first, second, third = block.split(b"\n")
        assert first.startswith(b"id: ")
        assert second.startswith(b"event: ")
        assert third.startswith(b"data: ")
        found.append(Frame(int(first[4:]), second[7:].decode(), third[6:].decode(), block + b"\n\n"))
    return found


async def read_all(client: httpx.AsyncClient, run_id: str, **options: Any) -> bytes:
    """Read a stream to its end."""
    answer = await client.get(f"/v1/runs/{run_id}/events", **options)
    assert answer.status_code == 200, answer.text
    return answer.content


class Live:
    """An open stream, read as it comes."""

    def __init__(self, response: httpx.Response) -> None:
        self.raw = b""
        self._chunks = response.aiter_raw()

    async def until(self, text: bytes) -> bytes:
        """Read until `text` has come and the frame is whole; return all there is."""
        async with asyncio.timeout(10):
            while text not in self.raw or not self.raw.endswith(b"\n\n"):
                self.raw += await anext(self._chunks)
        return self.raw

    async def end(self) -> bytes:
        """Read to the end."""
        async with asyncio.timeout(15):
            async for chunk in self._chunks:
                self.raw += chunk
        return self.raw


@asynccontextmanager
async def following(client: httpx.AsyncClient, run_id: str, **options: Any) -> AsyncGenerator[Live]:
    """Open a stream."""
    async with client.stream("GET", f"/v1/runs/{run_id}/events", **options) as response:
        assert response.status_code == 200
        yield Live(response)
