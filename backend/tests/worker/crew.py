"""Workers that a test starts, drains and ends, with a played model and sandboxes in memory."""

import asyncio
from typing import Any, cast

from factotum.features.deployments import DeploymentService
from factotum.protocol.runs import Run
from factotum.sandbox.sites.shelf import Shelf
from factotum.services import Addresses, Services
from factotum.settings import Settings
from factotum.worker.worker import Worker
from tests.runs.stage import Stage
from tests.waiting import until


class Crew:
    """The workers of a test; each is a process's worth of work, in this process."""

    def __init__(self, stage: Stage, database_url: str, redis_url: str, settings: Settings) -> None:
        self.stage = stage
        self.settings = settings
        self.addresses = Addresses(database_url, redis_url)
        self.tasks: list[asyncio.Task[None]] = []
        self.workers: list[Worker] = []

    def services(self, **changes: Any) -> Services:
        """Put the stage's parts together as the service does."""
        stage = self.stage
        settings = self.settings.model_copy(update={"lease_seconds": 1.5, "worker_grace": 5} | changes)
        shelf = Shelf(settings.data_folder / "deployments")
        return Services(
            settings=settings,
            addresses=self.addresses,
            database=stage.database,
            redis=stage.bus.redis,
            run_log=stage.bus.log,
            tail=stage.bus.tail,
            signals=stage.signals,
            queue=stage.queue,
            catalogue=cast(Any, stage.models),
            sandboxes=stage.sandboxes,
            runs=stage.service,
            follower=stage.follower,
            shelf=shelf,
            deployments=DeploymentService(stage.database, (), shelf),
        )

    def start(self, **changes: Any) -> Worker:
        """Start a worker; `changes` are settings."""
        worker = Worker(self.services(**changes), self.stage.gateway)
        self.workers.append(worker)
        self.tasks.append(asyncio.create_task(worker.run(), name=f"worker-{len(self.tasks)}"))
        return worker

    async def ended(self, worker: Worker, seconds: float = 20) -> None:
        """Wait until a drained worker has ended, and raise what it raised."""
        async with asyncio.timeout(seconds):
            await self.tasks[self.workers.index(worker)]

    async def becomes(self, run: Run, *statuses: str, seconds: float = 20) -> Run:
        """Wait until the run has one of the statuses."""

        async def has() -> bool:
            return (await self.stage.get(run)).status in statuses

        await until(has, seconds)
        return await self.stage.get(run)

    async def aclose(self) -> None:
        """End all workers."""
        for worker in self.workers:
            worker.drain()
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=20)
