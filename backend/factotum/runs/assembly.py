"""Puts an agent together for one attempt: its model, tools, prompt and limits, as its row and agent say."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol, TypeVar

from factotum.agent.approvals import APPROVAL_SECONDS, Gate
from factotum.agent.budget import unpriced_notice
from factotum.agent.config import ProcessorConfig
from factotum.agent.loop import AgentLoop
from factotum.agent.policy import Policy, offered
from factotum.agent.ports import EventSink
from factotum.agent.prompt import system_prompt
from factotum.agent.response_processor import ResponseProcessor
from factotum.agent.state import RunState
from factotum.agent.summariser import Summariser
from factotum.agent.thread_manager import ThreadManager
from factotum.agent.tool_runner import ToolRunner
from factotum.agent.window import Meter
from factotum.bus.frames import Frames
from factotum.features.networks import network_of
from factotum.features.policies import rules_of
from factotum.features.secret_box import SecretBox
from factotum.features.secrets import lent
from factotum.llm.demo import DEMO_MODEL
from factotum.llm.port import ModelGateway
from factotum.llm.prices import Price, dearest
from factotum.llm.tokens import counter_for
from factotum.protocol.dialect import Dialect
from factotum.protocol.events import SandboxChanged
from factotum.protocol.network import Network, NetworkLayers
from factotum.protocol.policy import Rules
from factotum.protocol.runs import Run, RunOptions
from factotum.runs.approval_book import PostgresApprovalBook
from factotum.runs.journal import PostgresJournal
from factotum.runs.keeping import Keeper
from factotum.runs.network import RunNetwork
from factotum.runs.reply import Reply
from factotum.sandbox.egress.proxy import EgressProxy
from factotum.sandbox.egress.swapping import HeldSecret
from factotum.sandbox.port import Sandbox, SandboxProvider
from factotum.store.agents import Agents
from factotum.store.database import Database
from factotum.store.records import Answer, ClaimedRun
from factotum.store.runs import Runs
from factotum.tools.registry import Registry

T = TypeVar("T")
_OFF = Network(mode="off")


class ModelFacts(Protocol):
    """What must be known of a model to talk with it."""

    def supports_native_tools(self, model: str) -> bool:
        """Whether the model takes tools in its provider's own form."""
        ...

    def supports_vision(self, model: str) -> bool:
        """Whether the model is known to read images."""
        ...

    def context_window(self, model: str) -> int:
        """How many tokens the model reads at once."""
        ...

    def price(self, model: str) -> Price | None:
        """What is known of the model's price."""
        ...


@dataclass(frozen=True, slots=True)
class Seen:
    """A run as its creator sees it, what it was answered, and its agent's instructions and rules.

    `secrets` are those of its account that its sandbox may use.
    """

    run: Run
    answer: Answer | None
    instructions: str
    rules: Rules
    network: Network | None = None
    secrets: tuple[HeldSecret, ...] = ()


@dataclass(frozen=True, slots=True)
class AgentFactory:
    """Builds the loop of an attempt. `rules` are the service's own; the agent's and the run's come on top."""

    database: Database
    gateway: ModelGateway
    models: ModelFacts
    registry: Registry
    sandboxes: SandboxProvider
    defaults: ProcessorConfig
    rules: Rules = field(default_factory=Rules)
    approval_seconds: float = APPROVAL_SECONDS
    egress: EgressProxy | None = None
    secret_box: SecretBox | None = None
    network: Network = _OFF
    frames: Frames | None = None
    keeper: Keeper = field(default_factory=Keeper)

    async def read(self, claimed: ClaimedRun) -> Seen:
        """Read what the run needs.

        Raises WrittenByNewer, and NotFound when its creator may not see it any more.
        """
        async with self.database.tenant(claimed.caller) as tx:
            run = await Runs(tx).get(claimed.id, whole=True)
            answer = await Runs(tx).answer(claimed.id)
            agent = await Agents(tx).get(run.agent_id) if run.agent_id else None
            network = network_of(agent.settings) if agent else None
            box = self.secret_box if self.egress is not None else None
            secrets = await lent(tx, box, claimed.account_id, self._layers(network, run.options.network))
        return Seen(
            run,
            answer,
            agent.instructions if agent else "",
            rules_of(agent.settings) if agent else Rules(),
            network,
            secrets,
        )

    def notice(self, seen: Seen) -> str:
        """Return what a person should know as the run begins, if anything."""
        config = self._config(seen.run)
        return unpriced_notice(seen.run.model, config.budget, config.price)

    def way_out(self, seen: Seen, claimed: ClaimedRun) -> RunNetwork:
        """Return the attempt's way to the network, to be entered around its loop."""
        layers = self._layers(seen.network, seen.run.options.network)
        return RunNetwork(self.database, claimed, self.egress, layers, seen.secrets)

    def build(
        self,
        seen: Seen,
        claimed: ClaimedRun,
        journal: PostgresJournal,
        events: EventSink,
        network: RunNetwork,
    ) -> AgentLoop:
        """Put the loop together."""
        run = seen.run
        config = replace(self._config(run), network=NetworkLayers([seen.network, run.options.network]))
        policy = Policy(self.rules, seen.rules, run.options.policy)
        registry = self._offered(policy, vision=config.vision)
        prompt = system_prompt(
            registry,
            config.xml,
            seen.instructions,
            native=config.native,
            network=bool(network.environment()),
            secrets={secret.name: secret.hosts for secret in seen.secrets},
        )
        thread = ThreadManager(
            journal,
            run_id=run.id,
            model=run.model,
            system=prompt,
            tools=registry.schemas(),
            config=config,
        )
        opener = _SandboxOpener(self, run, events, network)
        gate = Gate(
            policy,
            registry,
            PostgresApprovalBook(self.database, claimed),
            asked_before=claimed.attempt > 1,
            seconds=self.approval_seconds,
        )
        keep_frame = partial(self.frames.keep, run.id) if self.frames else None
        runner = ToolRunner(registry, journal, events, opener, config, gate, keep_frame)
        processor = ResponseProcessor(self.gateway, registry, events, config)
        return AgentLoop(
            _state(run, claimed, seen.answer),
            thread=thread,
            processor=processor,
            runner=runner,
            journal=journal,
            events=events,
            config=config,
            meter=Meter(counter_for(run.model), self.models.context_window(run.model)),
            summariser=Summariser(self.gateway, run.model, config),
        )

    def _layers(self, agent: Network | None, run: Network | None) -> NetworkLayers:
        return NetworkLayers([self.network, agent, run])

    def _offered(self, policy: Policy, *, vision: bool) -> Registry:
        known = self.registry.offered()
        usable = tuple(tool for tool in known if vision or not tool.needs_vision)
        shown, denied = offered(policy, usable)
        return Registry(shown, denied) if len(shown) < len(known) else self.registry

    def _config(self, run: Run) -> ProcessorConfig:
        options = run.options
        return replace(
            self.defaults,
            dialect=self._dialect((run.model, *(options.fallback_models or ())), options),
            xml_tool_calling=options.xml_tool_calling,
            native_tool_calling=options.native_tool_calling,
            execute_tools=options.execute_tools,
            execute_on_stream=options.execute_on_stream,
            tool_execution_strategy=options.tool_execution,
            xml_adding_strategy=options.xml_adding_strategy,
            max_xml_tool_calls=_chosen(options.max_xml_tool_calls, self.defaults.max_xml_tool_calls),
            native_max_auto_continues=_chosen(
                options.max_auto_continues, self.defaults.native_max_auto_continues
            ),
            fallback_models=options.fallback_models or (),
            effort=options.effort,
            cache_key=run.thread_id,
            budget=options.limits.over(self.defaults.budget),
            price=dearest(
                self.models.price(run.model), map(self.models.price, options.fallback_models or ())
            ),
            vision=all(map(self.models.supports_vision, (run.model, *(options.fallback_models or ())))),
        )

    def _dialect(self, models: Sequence[str], options: RunOptions) -> Dialect:
        """Return a dialect that all of the run's models can write: one may go on where another began."""
        if models[0] == DEMO_MODEL:
            return "native"
        if options.dialect != "auto":
            return options.dialect
        native = options.native_tool_calling is not False and all(
            map(self.models.supports_native_tools, models)
        )
        return "native" if native else "invoke"


def _chosen(value: int | None, default: T) -> int | T:
    return default if value is None else value


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

    def __init__(self, factory: AgentFactory, run: Run, events: EventSink, network: RunNetwork) -> None:
        self._network = network
        self._provider = factory.sandboxes
        self._keeper = factory.keeper
        self._run = run
        self._events = events
        self._sandbox: Sandbox | None = None
        self._opening = asyncio.Lock()

    async def __call__(self) -> Sandbox:
        async with self._opening:
            if self._sandbox is None:
                opened = await self._provider.open(
                    self._run.project_id, environment=self._network.environment()
                )
                await self._keeper.before(self._run.id, opened)
                self._sandbox = opened
                await self._events.emit(SandboxChanged(status="started"))
            return self._sandbox
