"""The worker of one process: takes jobs, carries runs, listens for stops, sweeps for lost runs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from procrastinate import App
from procrastinate.exceptions import ConnectorException

from factotum.agent.config import ProcessorConfig
from factotum.core.errors import FactotumError
from factotum.core.tasks import cancelled
from factotum.llm.port import ModelGateway
from factotum.protocol.budgets import Budget
from factotum.runs.approvals import ApprovalExpiry
from factotum.runs.assembly import AgentFactory
from factotum.runs.executor import RunExecutor
from factotum.runs.heartbeat import Heartbeat
from factotum.runs.keeping import Keeper
from factotum.runs.live import LiveRuns, heed
from factotum.runs.sweeper import Sweeper
from factotum.runs.titles import Titler
from factotum.runs.upkeep import Cleaner, QuestionExpiry
from factotum.services import Services, make_database
from factotum.store.database import Database
from factotum.worker.jobs import Taker, clear_stalled_jobs, connected, make_app, take_jobs, takers

log = logging.getLogger(__name__)

_CLEAR_SECONDS = 30.0
_CLEAN_SECONDS = 600.0
_CIRCUIT_SECONDS = 5.0
_PATIENCE_SECONDS = 5.0
_SWEEPS_A_LEASE = 8
"""A run of a dead worker waits at most its lease and an eighth of it: 17 seconds with the default."""
_LOOKS_A_LEASE = 3


class Worker:
    """Carries up to `settings.workers` runs at once until it is told to drain."""

    def __init__(self, services: Services, gateway: ModelGateway) -> None:
        self._services = services
        self._settings = services.settings
        self._owner = services.process
        self._live = LiveRuns()
        self._draining = asyncio.Event()
        self._keeper = Keeper()
        self._executor = RunExecutor(
            services.database,
            services.run_log,
            services.queue,
            self._agents(gateway),
            self._live,
            owner=self._owner,
            lease_seconds=self._settings.lease_seconds,
            titler=self._titler(gateway),
        )
        self._sweeper = Sweeper(services.database, services.queue)
        self._expiry = ApprovalExpiry(services.database, services.queue, services.run_log)
        self._questions = QuestionExpiry(
            services.database, services.queue, services.run_log, seconds=self._settings.question_seconds
        )
        self._cleaner = Cleaner(services.database, services.sandboxes, services.deployments)

    @property
    def live_runs(self) -> int:
        """How many runs this process carries now."""
        return len(self._live)

    def drain(self) -> None:
        """Take no new run, and hand the others over: at their next step, or when the grace is over."""
        self._draining.set()
        self._live.drain()

    async def run(self) -> None:
        """Work until drained. Raises Unavailable when the queue cannot be reached to begin.

        Should any part of the work break for a reason of ours, all of it ends, and that is raised.
        """
        app = make_app(
            self._services.addresses.database_url,
            pooler=self._settings.database_pooler,
            execute=self._executor.execute,
        )
        heartbeat = Heartbeat(
            self._connect, self._live, owner=self._owner, lease_seconds=self._settings.lease_seconds
        )
        async with connected(app), heartbeat:
            jobs = [self._taking(app, taker) for taker in takers(self._owner, self._settings.workers)]
            tasks = {
                *jobs,
                asyncio.create_task(self._draining.wait(), name="drain"),
                asyncio.create_task(heartbeat.ended(), name="heartbeat"),
                asyncio.create_task(self._listen(), name="signals"),
                *self._periodic(app),
            }
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self.drain()
                await self._leave_jobs(jobs)
                await self._keeper.aclose()
                await cancelled(*tasks)
        for task in tasks:
            if not task.cancelled() and (fault := task.exception()) is not None:
                raise fault

    async def _leave_jobs(self, jobs: "Sequence[asyncio.Task[None]]") -> None:
        """End the taking of jobs.

        Procrastinate takes a first cancellation as a wish to stop, and waits for its jobs through the grace.
        It loses one at times (see `cancelled`), so without a live run, or after the grace, comes another.
        """
        by = asyncio.get_running_loop().time() + self._settings.worker_grace
        left = set(jobs)
        for task in left:
            task.cancel()
        while left:
            _, left = await asyncio.wait(left, timeout=_PATIENCE_SECONDS)
            if not self._live or asyncio.get_running_loop().time() > by:
                for task in left:
                    task.cancel()

    def _periodic(self, app: App) -> "list[asyncio.Task[None]]":
        lease = self._settings.lease_seconds
        works: tuple[tuple[str, Callable[[], Awaitable[int]], float], ...] = (
            ("sweep", self._sweeper.sweep, lease / _SWEEPS_A_LEASE),
            ("expiry", self._expiry.sweep, lease / _LOOKS_A_LEASE),
            ("questions", self._questions.sweep, lease / _LOOKS_A_LEASE),
            ("clear", lambda: clear_stalled_jobs(app), _CLEAR_SECONDS),
            ("clean", self._cleaner.clean, _CLEAN_SECONDS),
            ("circuits", self._tell_circuits, _CIRCUIT_SECONDS),
        )
        return [
            asyncio.create_task(self._periodically(work, seconds), name=name) for name, work, seconds in works
        ]

    def _taking(self, app: App, taker: Taker) -> "asyncio.Task[None]":
        settings = self._settings
        taking = take_jobs(
            app, taker, self._draining, pooler=settings.database_pooler, grace=settings.worker_grace
        )
        return asyncio.create_task(taking, name=f"jobs:{taker.name}")

    def _agents(self, gateway: ModelGateway) -> AgentFactory:
        settings = self._settings
        return AgentFactory(
            database=self._services.database,
            gateway=gateway,
            models=self._services.catalogue,
            registry=self._services.tools.registry,
            sandboxes=self._services.sandboxes,
            frames=self._services.frames,
            defaults=ProcessorConfig(
                budget=Budget(
                    cost_usd=settings.budget_cost_usd,
                    tokens=settings.budget_tokens,
                    steps=settings.step_limit,
                    seconds=settings.budget_seconds,
                ),
                first_token_deadline=settings.first_token_deadline,
                between_tokens_deadline=settings.between_tokens_deadline,
            ),
            rules=settings.policy,
            approval_seconds=settings.approval_seconds,
            egress=self._services.egress,
            secret_box=self._services.secret_box,
            network=settings.network,
            keeper=self._keeper,
        )

    def _titler(self, gateway: ModelGateway) -> Titler | None:
        settings = self._settings
        if settings.titles == "off":
            return None
        # A script has no turn for it, unless it names a model of its own.
        asks = settings.titles == "model" and (settings.title_model or not settings.scripted_provider)
        return Titler(
            gateway, model=settings.title_model, ask=bool(asks), price=self._services.catalogue.price
        )

    def _connect(self) -> Database:
        return make_database(self._settings, self._services.addresses, "factotum-heartbeat", pool_size=2)

    async def _listen(self) -> None:
        """Stop and steer runs as soon as somebody asks; a hint that is lost is found by the heartbeat."""
        async for signal in self._services.signals.listen():
            if signal.kind == "reset_circuit":
                self._services.circuits.reset(signal.run_id)
            heed(self._live.get(signal.run_id), signal.kind)

    async def _tell_circuits(self) -> int:
        circuits = self._services.circuits.list()
        if circuits:
            await self._services.run_log.circuits.write(self._services.process, circuits)
        return len(circuits)

    async def _periodically(self, work: Callable[[], Awaitable[int]], seconds: float) -> None:
        while not self._draining.is_set():
            try:
                await work()
            except (FactotumError, ConnectorException) as fault:
                log.warning("periodic work waits: %s", fault)
            await asyncio.sleep(seconds)
