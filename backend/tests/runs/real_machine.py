"""A stage whose runs have real sandboxes and the real tools."""

import asyncio
from pathlib import Path

from factotum.core.ids import new_id
from factotum.protocol.messages import ToolResultPart
from factotum.protocol.runs import Run
from factotum.runs.assembly import AgentFactory
from factotum.runs.executor import RunExecutor
from factotum.runs.keeping import Keeper
from factotum.runs.live import LiveRuns
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.tools.builtin import builtin_registry
from factotum.tools.registry import Registry
from tests.runs.played import Turn
from tests.runs.stage import Stage
from tests.waiting import until


class Machine:
    """A stage with real sandboxes and tools. What runs is found by its first argument, from outside."""

    def __init__(
        self, stage: Stage, sandboxes: LocalSandboxProvider, registry: Registry | None = None
    ) -> None:
        self.stage = stage
        self.registry = registry or builtin_registry()
        self.sandboxes = sandboxes
        self.live = LiveRuns()
        self.keeper = Keeper()

    def begin(self, run: Run) -> asyncio.Task[None]:
        """Carry a run in the background."""
        stage = self.stage
        agents = AgentFactory(
            stage.database,
            stage.gateway,
            stage.models,
            self.registry,
            self.sandboxes,
            stage.defaults,
            keeper=self.keeper,
        )
        executor = RunExecutor(
            stage.database, stage.bus.log, stage.queue, agents, self.live, owner=new_id(), lease_seconds=60
        )
        return stage.start(run, executor)

    async def carry(self, *turns: Turn, thread_id: str | None = None) -> Run:
        """Carry a run of these turns to its end."""
        run = await self.submit(*turns, thread_id=thread_id)
        async with asyncio.timeout(60):
            await self.begin(run)
        return await self.stage.get(run)

    async def submit(self, *turns: Turn, thread_id: str | None = None) -> Run:
        """Submit a run that will say these turns; the model's others of the thread come before."""
        self.stage.gateway.turns = [*self.stage.gateway.turns, *turns]
        return await self.stage.submit(thread_id)

    async def last_output(self, run: Run) -> str:
        """Return what the newest call but `complete` answered."""
        parts = [p for m in await self.stage.messages(run) for p in m.parts if isinstance(p, ToolResultPart)]
        return next(part.output for part in reversed(parts) if part.output and part.name != "complete")

    async def count(self, name: str) -> int:
        """How many processes have this name for their first argument."""
        return await asyncio.to_thread(_named, name)

    async def appears(self, name: str) -> None:
        """Wait until one does."""

        async def is_there() -> bool:
            return await self.count(name) > 0

        await until(is_there, 40)


def _named(name: str) -> int:
    found = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += path.read_bytes().split(b"\0")[0] == name.encode()
        except OSError:
            continue
    return found
