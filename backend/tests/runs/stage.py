"""Everything that carries runs, on a real Postgres and a real Valkey, with a played model and tools."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, cast

import psycopg
from psycopg import sql
from psycopg.rows import DictRow, dict_row

from factotum.agent.config import ProcessorConfig
from factotum.bus.entries import Entry, decode_line, head_key, stream_key
from factotum.bus.frames import Frames
from factotum.bus.signals import Signals
from factotum.core.errors import InvalidInput
from factotum.core.ids import is_id
from factotum.llm.prices import FREE, Price, Tier
from factotum.protocol.events import (
    RUN_EVENT,
    MessageCreated,
    MessageDiscarded,
    ReasoningDelta,
    RunEvent,
    Snapshot,
    TextDelta,
    ToolArgumentsDelta,
)
from factotum.protocol.messages import Message, ToolResultPart
from factotum.protocol.policy import Rules
from factotum.protocol.runs import Run, RunOptions
from factotum.runs.assembly import AgentFactory
from factotum.runs.executor import RunExecutor
from factotum.runs.follow import Follower, Step
from factotum.runs.live import LiveRuns
from factotum.runs.queue import ProcrastinateQueue
from factotum.runs.service import NewRun, RunService
from factotum.runs.sweeper import Sweeper
from factotum.store.database import Database
from factotum.store.messages import Messages
from factotum.store.projects import Projects
from factotum.store.records import Caller
from factotum.store.threads import Threads
from factotum.testing.memory_sandbox import MemorySandboxProvider
from tests.bus.helpers import Bus
from tests.runs.played import Acts, PlayedGateway, registry

TABLES = ("projects", "threads", "messages", "runs", "tool_calls", "approvals", "agents")


class PlayedModels:
    """Every model is known but `nope`."""

    window = 128_000

    def check(self, model: str) -> None:
        """Refuse `nope`."""
        if model == "nope":
            raise InvalidInput("There is no such model.", code="model_unknown")

    def default(self) -> str:
        """The model of runs that name none."""
        return "played"

    def fallbacks(self, model: str) -> tuple[str, ...]:
        """None, unless the model is one that has some."""
        return ("spare",) if model == "with-spare" else ()

    def check_effort(self, model: str) -> None:
        """Refuse the model that does not reason."""
        if model == "plain":
            raise InvalidInput("It does not reason.", code="effort_unsupported")

    def context_window(self, model: str) -> int:
        """All read the same."""
        return self.window

    def price(self, model: str) -> Price | None:
        """A dollar for a thousand tokens read, two for a thousand written, of models that are `priced`."""
        if "priced" not in model:
            return None
        return replace(FREE, tiers=(Tier(0, 0.001, 0.002),))

    def supports_vision(self, model: str) -> bool:
        """Whether the name says that it can see."""
        return "sees" in model

    def supports_native_tools(self, model: str) -> bool:
        """All but those whose name says otherwise."""
        return "xml" not in model


class Stage:
    """One database, one bus, one model; as many executors as a test wants."""

    def __init__(self, database: Database, bus: Bus, caller: Caller, account_id: str, admin_url: str) -> None:
        self.database = database
        self.bus = bus
        self.caller = caller
        self.account_id = account_id
        self.admin_url = admin_url
        self.queue = ProcrastinateQueue()
        self.signals = Signals(bus.redis)
        self.models = PlayedModels()
        self.gateway = PlayedGateway()
        self.acts = Acts()
        self.sandboxes = MemorySandboxProvider()
        self.defaults = ProcessorConfig()
        self.rules = Rules()
        self.service = RunService(database, self.queue, bus.log, self.signals, self.models)
        self.follower = Follower(database, bus.log, bus.tail, idle_seconds=0.2)
        self.sweeper = Sweeper(database, self.queue, queued_seconds=0)
        self.tasks: list[asyncio.Task[None]] = []
        self.lives: list[LiveRuns] = []

    async def aclose(self) -> None:
        """End what still hangs, as a lost lease would: nothing more is written."""
        for live in self.lives:
            for run in live:
                run.cancel("lost")
        if self.tasks:
            await asyncio.wait(self.tasks)

    def executor(
        self, owner: str = "worker-a", *, live: LiveRuns | None = None, lease: float = 60
    ) -> RunExecutor:
        """Make an executor with no heartbeat: its leases run out after `lease` seconds."""
        live = LiveRuns() if live is None else live
        self.lives.append(live)
        agents = AgentFactory(
            self.database,
            self.gateway,
            self.models,
            registry(self.acts),
            self.sandboxes,
            self.defaults,
            self.rules,
            frames=Frames(self.bus.redis),
        )
        return RunExecutor(
            self.database, self.bus.log, self.queue, agents, live, owner=owner, lease_seconds=lease
        )

    def start(self, run: Run, executor: RunExecutor | None = None) -> asyncio.Task[None]:
        """Begin to carry a run in the background."""
        task = asyncio.create_task((executor or self.executor()).execute(run.id))
        self.tasks.append(task)
        return task

    async def carry(self, run: Run, owner: str = "worker-b") -> Run:
        """Carry a run until its worker leaves it, and return it as it is then."""
        async with asyncio.timeout(20):
            await self.executor(owner).execute(run.id)
        return await self.get(run)

    async def thread(self) -> str:
        """Make a thread in a project of its own."""
        async with self.database.tenant(self.caller) as tx:
            project = await Projects(tx).create(self.account_id, "Work")
            return (await Threads(tx).create(project.id)).id

    async def submit(self, thread_id: str | None = None, text: str = "Do it.", **options: Any) -> Run:
        """Submit a run, on a new thread unless one is named."""
        new = NewRun(text, options=RunOptions(**options))
        return (await self.service.submit(self.caller, thread_id or await self.thread(), new))[0]

    async def get(self, run: Run) -> Run:
        """The run as it is now."""
        return await self.service.get(self.caller, run.id)

    async def answer(self, run: Run, text: str = "The left one.") -> None:
        """Answer a run's question."""
        await self.service.answer(self.caller, run.id, text)

    async def messages(self, run: Run) -> list[Message]:
        """All messages of a run's thread (up to 200)."""
        async with self.database.tenant(self.caller) as tx:
            return await Messages(tx).list(run.thread_id, limit=200)

    async def row(self, run: Run) -> dict[str, Any]:
        """The run's row as JSON, past row-level security."""
        (found,) = await self.sql("select to_jsonb(runs) as row from factotum.runs where id = %s", run.id)
        return found["row"]

    async def sql(self, query: str, *params: object, triggers: bool = True) -> list[dict[str, Any]]:
        """Run a statement as the owner; without `triggers` not even the last owner of an account is kept."""
        role = "" if triggers else " -c session_replication_role=replica"
        connection: psycopg.AsyncConnection[DictRow] = await psycopg.AsyncConnection[DictRow].connect(
            self.admin_url,
            autocommit=True,
            row_factory=dict_row,
            options=f"-c search_path=factotum,queue{role}",
        )
        async with connection:
            cursor = await connection.execute(sql.SQL(query), params)  # pyright: ignore[reportArgumentType] - written in tests only
            return await cursor.fetchall() if cursor.description else []

    async def jobs(self) -> list[str]:
        """The runs whose jobs wait, in order."""
        rows = await self.sql("select args from queue.procrastinate_jobs where status = 'todo' order by id")
        return [row["args"]["run_id"] for row in rows]

    async def let_lease_run_out(self, run: Run) -> None:
        """Do as if the run's worker had been silent for long."""
        await self.sql("update factotum.runs set lease_until = now() - interval '1 s' where id = %s", run.id)

    async def dump(self) -> str:
        """All rows of all tables of ours."""
        rows = {
            table: await self.sql(f"select to_jsonb(t)::text as row from factotum.{table} t order by 1")
            for table in TABLES
        }
        return json.dumps(rows, indent=1)

    async def events(self, run: Run) -> list[RunEvent]:
        """The run's whole log."""
        return [RUN_EVENT.validate_json(entry.data) for entry in await self.bus.stored(run.id)]

    async def kept(self, run: Run) -> list[Entry]:
        """What the stream of a log that jumped holds."""
        rows = await cast(Any, self.bus.redis.client).xrange(stream_key(run.id))
        return [decode_line(int(number.split(b"-")[0]), fields[b"e"]) for number, fields in rows]

    async def cut_log(self, run: Run, last: int) -> None:
        """Do as if nothing after number `last` had reached the log."""
        await asyncio.sleep(0.3)  # What the dead attempt had on its way has arrived then.
        entries = [entry for entry in await self.bus.stored(run.id) if entry.seq <= last]
        together = cast(Any, self.bus.redis.client).pipeline(transaction=True)
        together.delete(stream_key(run.id))
        for entry in entries:
            line = {"e": entry.type.encode() + b" " + entry.data}
            together.xadd(stream_key(run.id), line, id=f"{entry.seq}-0")
        together.hset(head_key(run.id), "seq", str(last))
        await together.execute()

    async def lose_log(self, run: Run) -> None:
        """Do as if Redis had lost the log."""
        await self.bus.redis.client.delete(stream_key(run.id), head_key(run.id))

    async def types(self, run: Run, *, deltas: bool = False) -> list[str]:
        """The types of the log's events, without deltas."""
        kinds = [event.type for event in await self.events(run)]
        return [kind for kind in kinds if deltas or not kind.endswith(".delta")]

    async def follow(self, run: Run, after: int = 0, follower: Follower | None = None) -> list[Step]:
        """All steps that a client sees until the end, without signs of life."""
        async with (
            asyncio.timeout(20),
            aclosing((follower or self.follower).follow(self.caller, run.id, after)) as steps,
        ):
            return [step async for step in steps if step]

    async def assert_whole(self, run: Run, *, first: int = 1) -> None:
        """Check the laws that hold for a run that nobody carries: log, messages and ledger say the same."""
        messages = await self.messages(run)
        assert [message.position for message in messages] == list(range(1, len(messages) + 1))
        own = [message for message in messages if message.run_id == run.id]
        entries = await self.bus.stored(run.id)
        assert [entry.seq for entry in entries] == list(range(first, first + len(entries)))
        assert _told(entries) == own
        results = [p.call_id for m in own for p in m.parts if isinstance(p, ToolResultPart)]
        made = [call.call_id for m in own for call in m.calls]
        assert len(set(results)) == len(results)
        assert set(results) <= set(made)
        ledger = await self.sql("select call_id, state from factotum.tool_calls where run_id = %s", run.id)
        assert {row["call_id"] for row in ledger if row["state"] == "finished"} == set(results)
        assert _open_drafts(await self.events(run)) == set()


def _told(entries: Sequence[Entry]) -> list[Message]:
    """Read a log as a client does: its messages, each of which may be told once only."""
    told: list[Message] = []
    for entry in entries:
        match RUN_EVENT.validate_json(entry.data):
            case MessageCreated(message=message):
                assert message.id not in {each.id for each in told}
                told.append(message)
            case MessageDiscarded(message_id=message_id):
                assert message_id not in {each.id for each in told}
                assert is_id(message_id)
            case _:
                pass
    return sorted(told, key=lambda message: message.position)


def _open_drafts(events: Sequence[RunEvent]) -> set[str]:
    drafts: set[str] = set()
    for event in events:
        if isinstance(event, TextDelta | ReasoningDelta | ToolArgumentsDelta):
            drafts.add(event.message_id)
        elif isinstance(event, MessageCreated):
            drafts.discard(event.message.id)
        elif isinstance(event, MessageDiscarded):
            assert event.message_id in drafts, "only what was shown is withdrawn"
            drafts.remove(event.message_id)
    return drafts


def entries_of(steps: Sequence[Step]) -> list[Entry]:
    """The log's entries among steps."""
    return [entry for step in steps if not isinstance(step, Snapshot) for entry in step]


async def staged(
    database: Database, url: str, caller: Caller, account: str, admin_url: str
) -> AsyncIterator[Stage]:
    """Yield a stage on one bus, and close both."""
    bus = Bus(url, poll_seconds=0.5)
    stage = Stage(database, bus, caller, account, admin_url)
    yield stage
    await stage.aclose()
    await bus.aclose()
