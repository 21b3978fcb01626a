"""Puts an agent together for one attempt: its model, tools, prompt and limits, as its row and agent say."""

import asyncio
from dataclasses import dataclass, replace
from typing import Protocol

from factotum.agent.budget import unpriced_notice
from factotum.agent.config import ProcessorConfig
from factotum.agent.loop import AgentLoop
from factotum.agent.ports import EventSink
from factotum.agent.prompt import system_prompt
from factotum.agent.response_processor import ResponseProcessor
from factotum.agent.state import RunState
from factotum.agent.thread_manager import ThreadManager
from factotum.agent.tool_runner import ToolRunner
from factotum.llm.demo import DEMO_MODEL
from factotum.llm.port import ModelGateway
from factotum.llm.prices import Price
from factotum.protocol.dialect import Dialect
from factotum.protocol.events import SandboxChanged
from factotum.protocol.runs import Run, RunOptions
from factotum.runs.journal import PostgresJournal
from factotum.runs.reply import Reply
from factotum.sandbox.port import Sandbox, SandboxProvider
from factotum.store.agents import Agents
from factotum.store.database import Database
from factotum.store.records import Answer, ClaimedRun
from factotum.store.runs import Runs
from factotum.tools.registry import Registry


class ModelFacts(Protocol):
    """What must be known of a model to talk with it."""

    def supports_native_tools(self, model: str) -> bool:
        """Whether the model takes tools in its provider's own form."""
        ...

    def price(self, model: str) -> Price | None:
        """What is known of the model's price."""
        ...


@dataclass(frozen=True, slots=True)
class Seen:
    """A run as its creator sees it, the answer that it was resumed with, and its agent's instructions."""

    run: Run
    answer: Answer | None
    instructions: str


@dataclass(frozen=True, slots=True)
class AgentFactory:
    """Builds the loop of an attempt."""

    database: Database
    gateway: ModelGateway
    models: ModelFacts
    registry: Registry
    sandboxes: SandboxProvider
    defaults: ProcessorConfig

    async def read(self, claimed: ClaimedRun) -> Seen:
        """Read what the run needs. Raises NotFound when its creator may not see it any more."""
        async with self.database.tenant(claimed.caller) as tx:
            run = await Runs(tx).get(claimed.id)
            answer = await Runs(tx).answer(claimed.id)
            agent = await Agents(tx).get(run.agent_id) if run.agent_id else None
        return Seen(run, answer, agent.instructions if agent else "")

    def notice(self, seen: Seen) -> str:
        """Return what a person should know as the run begins, if anything."""
        config = self._config(seen.run)
        return unpriced_notice(seen.run.model, config.budget, config.price)

    def build(
        self, seen: Seen, claimed: ClaimedRun, journal: PostgresJournal, events: EventSink
    ) -> AgentLoop:
        """Put the loop together."""
        run = seen.run
        config = self._config(run)
        prompt = system_prompt(self.registry, config.dialect, seen.instructions)
        thread = ThreadManager(
            journal,
            run_id=run.id,
            model=run.model,
            system=prompt,
            tools=self.registry.schemas(),
            config=config,
        )
        opener = _SandboxOpener(self.sandboxes, run.project_id, events)
        runner = ToolRunner(self.registry, journal, events, opener, config.tool_execution_strategy)
        processor = ResponseProcessor(self.gateway, self.registry, events, config)
        return AgentLoop(
            _state(run, claimed, seen.answer),
            thread=thread,
            processor=processor,
            runner=runner,
            journal=journal,
            events=events,
            config=config,
        )

    def _config(self, run: Run) -> ProcessorConfig:
        options = run.options
        return replace(
            self.defaults,
            dialect=self._dialect(run.model, options),
            tool_execution_strategy=options.tool_execution,
            budget=options.limits.over(self.defaults.budget),
            price=self.models.price(run.model),
        )

    def _dialect(self, model: str, options: RunOptions) -> Dialect:
        if model == DEMO_MODEL:
            return "native"
        if options.dialect != "auto":
            return options.dialect
        return "native" if self.models.supports_native_tools(model) else "invoke"


def _state(run: Run, claimed: ClaimedRun, answer: Answer | None) -> RunState:
    reply = Reply.of(answer.value) if answer else None
    return RunState(
        run_id=run.id,
        model=run.model,
        attempt=claimed.attempt,
        step=run.step,
        usage=run.usage,
        took_over=claimed.took_over,
        question=answer.question if answer else None,
        answer=reply.text if reply else None,
        extension=reply.budget if reply else None,
    )


class _SandboxOpener:
    """Opens the project's sandbox when a tool first asks for it, and says so."""

    def __init__(self, provider: SandboxProvider, project_id: str, events: EventSink) -> None:
        self._provider = provider
        self._project_id = project_id
        self._events = events
        self._sandbox: Sandbox | None = None
        self._opening = asyncio.Lock()

    async def __call__(self) -> Sandbox:
        async with self._opening:
            if self._sandbox is None:
                self._sandbox = await self._provider.open(self._project_id)
                await self._events.emit(SandboxChanged(status="started"))
            return self._sandbox
