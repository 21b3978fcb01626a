"""Whether the parts that the service stands on answer: asked all at once, with a short deadline."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

from factotum.bus.redis import Redis
from factotum.core.errors import FactotumError
from factotum.core.frozen import Frozen
from factotum.core.tasks import cancelled
from factotum.sandbox.port import SandboxProvider
from factotum.store.activity import Activity
from factotum.store.database import Database

_SLOW = "No answer within the deadline."


class PartHealth(Frozen):
    """One part: whether it works, and what is wrong if it does not."""

    ok: bool
    detail: str = ""


class Readiness(Frozen):
    """`down`: requests fail. `degraded`: they work, but something that runs need is missing."""

    status: Literal["ok", "degraded", "down"]
    parts: dict[Literal["postgres", "redis", "worker", "sandbox"], PartHealth]


class HealthService:
    """Asks the parts how they are."""

    def __init__(
        self, database: Database, redis: Redis, sandboxes: SandboxProvider, *, deadline: float = 2.0
    ) -> None:
        """`deadline` (seconds) bounds each question."""
        self._database = database
        self._redis = redis
        self._sandboxes = sandboxes
        self._deadline = deadline
        self._proving: asyncio.Task[str | None] | None = None

    async def readiness(self) -> Readiness:
        """Ask all parts. Never raises for a part that is down."""
        async with asyncio.TaskGroup() as group:
            postgres = group.create_task(self._within(self._ask_postgres))
            redis = group.create_task(self._within(self._ask_redis))
            worker = group.create_task(self._within(self._ask_worker))
            sandbox = group.create_task(self._within(self._ask_sandbox))
        healthy = all(task.result().ok for task in (postgres, redis, worker, sandbox))
        status = "ok" if healthy else "degraded"
        return Readiness(
            status=status if postgres.result().ok else "down",
            parts={
                "postgres": postgres.result(),
                "redis": redis.result(),
                "worker": worker.result(),
                "sandbox": sandbox.result(),
            },
        )

    async def aclose(self) -> None:
        """End what is still being asked."""
        if self._proving is not None:
            await cancelled(self._proving)

    async def _within(self, ask: Callable[[], Awaitable[PartHealth]]) -> PartHealth:
        try:
            async with asyncio.timeout(self._deadline):
                return await ask()
        except TimeoutError:
            return PartHealth(ok=False, detail=_SLOW)
        except FactotumError as fault:
            return PartHealth(ok=False, detail=fault.message)

    async def _ask_postgres(self) -> PartHealth:
        async with self._database.system() as tx:
            await tx.one("select 1 as alive")
        return PartHealth(ok=True)

    async def _ask_redis(self) -> PartHealth:
        await self._redis.ping()
        return PartHealth(ok=True)

    async def _ask_worker(self) -> PartHealth:
        async with self._database.system() as tx:
            workers = await Activity(tx).live_workers()
        if not workers:
            return PartHealth(ok=False, detail="No worker has been heard of lately: runs wait.")
        return PartHealth(ok=True, detail="Workers are there.")

    async def _ask_sandbox(self) -> PartHealth:
        """A first trial takes longer than our deadline: it goes on behind it, for the next time."""
        if self._proving is None or self._proving.done():
            self._proving = asyncio.create_task(self._sandboxes.refusal(), name="sandbox-refusal")
        refusal = await asyncio.shield(self._proving)
        return PartHealth(ok=refusal is None, detail=refusal or "")
