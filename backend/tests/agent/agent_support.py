"""An agent over memory: what the tests of the loop share, and the laws that every run must keep."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, cast

from pydantic import Field, JsonValue

from factotum.agent.approvals import Gate
from factotum.agent.config import ProcessorConfig
from factotum.agent.loop import AgentLoop
from factotum.agent.outcome import RunOutcome
from factotum.agent.policy import Policy, offered
from factotum.agent.prompt import system_prompt
from factotum.agent.response_processor import ResponseProcessor
from factotum.agent.summariser import Summariser
from factotum.agent.thread_manager import ThreadManager
from factotum.agent.tool_runner import ToolRunner
from factotum.agent.transcript import tokens_of
from factotum.agent.window import Meter
from factotum.core.errors import Conflict
from factotum.llm.port import ModelGateway, ModelRequest
from factotum.llm.tokens import counter_for
from factotum.protocol.events import PlanUpdated, RunEvent
from factotum.protocol.messages import ImageRef, Message, ToolResultPart
from factotum.protocol.policy import Rules
from factotum.protocol.runs import Plan, PlanItem, Usage
from factotum.sandbox.port import Sandbox
from factotum.testing.memory_journal import Fate, MemoryRun, MemoryThread
from factotum.testing.memory_sandbox import MemorySandbox
from factotum.testing.scripted_gateway import asks_for_summary
from factotum.tools.builtin.browser_hand_over import browser_hand_over
from factotum.tools.builtin.talk import ask, complete
from factotum.tools.declare import tool
from factotum.tools.registry import Registry
from factotum.tools.tool import Effect, Picture, Tool, ToolContext, ToolError, ToolOutput

Text = Annotated[str, Field(min_length=1)]


COUNT = lru_cache(10_000)(counter_for("gpt-5").count)
WIDE = 128_000
COUNT("The vocabulary is read here, not on an event loop.")

_did: ContextVar[list[str]] = ContextVar("did")


@tool(effect="pure", example={"text": "a"})
async def look(context: ToolContext, text: Text) -> ToolOutput:
    """Look something up.

    Args:
        text: What it is about.
    """
    _did.get().append(f"look {text}")
    return ToolOutput(f"saw {text}")


@tool(effect="idempotent", example={"text": "a"})
async def put(context: ToolContext, text: Text) -> ToolOutput:
    """Put something in its place.

    Args:
        text: What it is about.
    """
    _did.get().append(f"put {text}")
    await context.output("stdout", f"putting {text}\n")
    return ToolOutput(f"put {text}")


@tool(effect="unsafe", example={"text": "a"})
async def send(context: ToolContext, text: Text, copies: int = 1) -> ToolOutput:
    """Send something away.

    Args:
        text: What it is about.
        copies: How many.
    """
    _did.get().append(f"send {text}")
    return ToolOutput(f"sent {text} x{copies}")


@tool(effect="pure", example={"text": "a"})
async def page(context: ToolContext, text: Text) -> ToolOutput:
    """Read a long page.

    Args:
        text: What it is about.
    """
    return ToolOutput("\n".join(f"{number}: {text} is long." for number in range(150)))


def picture(name: str) -> Picture:
    """Make an image for a model; no provider would take it for one."""
    data = b"\x89PNG" + name.encode()
    ref = ImageRef(
        id=hashlib.sha256(data).hexdigest(), path=f"{name}.png", media_type="image/png", width=4, height=3
    )
    return Picture(ref, data)


@tool(effect="pure", example={"text": "a"}, needs_vision=True)
async def show(context: ToolContext, text: Text) -> ToolOutput:
    """Show an image.

    Args:
        text: Its name.
    """
    return ToolOutput(f"shown {text}", pictures=(picture(text),))


@tool(effect="pure", example={})
async def fail(context: ToolContext) -> ToolOutput:
    """Fail in a way that can be mended."""
    raise ToolError("It does not fit.", hint="Take another.", code="no_fit")


@tool(effect="idempotent", example={})
async def plan(context: ToolContext) -> ToolOutput:
    """Set a plan."""
    await context.emit(PlanUpdated(plan=Plan(items=(PlanItem(text="one"),))))
    return ToolOutput("planned")


NAMED: Mapping[str, Tool] = {
    tool.name: tool for tool in (ask, complete, look, put, send, page, show, fail, plan, browser_hand_over)
}
"""The tools by name, to write calls of them; one of each effect, and some that fail or ask."""

_REGISTRY = Registry(NAMED.values())


@dataclass(slots=True)
class World:
    """A run in memory, what its tools really did (`done` outlives every attempt), and how it is made."""

    config: ProcessorConfig = field(default_factory=ProcessorConfig)
    run: MemoryRun = field(default_factory=lambda: MemoryRun(MemoryThread(), "Do it."))
    done: list[str] = field(default_factory=list[str])
    settled: dict[str, int] = field(default_factory=dict[str, int])
    extra: tuple[Tool, ...] = ()
    rules: tuple[Rules, ...] = ()
    decisions: Mapping[str, str] = field(default_factory=dict[str, str])
    sandbox: MemorySandbox = field(default_factory=MemorySandbox)
    window: int = WIDE

    @property
    def messages(self) -> list[Message]:
        return self.run.thread.messages

    @property
    def events(self) -> list[RunEvent]:
        return self.run.events

    def registry(self) -> Registry:
        return Registry([*NAMED.values(), *self.extra]) if self.extra else _REGISTRY

    def loop(self, gateway: ModelGateway, *, took_over: bool = False, fate: Fate | None = None) -> AgentLoop:
        """Begin an attempt at the run."""
        _did.set(self.done)
        state, journal, events = self.run.claim(took_over=took_over, fate=fate)
        policy = Policy(*self.rules)
        registry = self.registry()
        registry = Registry(*offered(policy, registry.offered())) if self.rules else registry

        async def open_sandbox() -> Sandbox:
            return self.sandbox

        return AgentLoop(
            state,
            thread=ThreadManager(
                journal,
                run_id=self.run.id,
                model=self.run.model,
                system=system_prompt(registry, self.config.xml, native=self.config.native),
                tools=registry.schemas(),
                config=self.config,
            ),
            processor=ResponseProcessor(gateway, registry, events, self.config),
            runner=ToolRunner(
                registry,
                journal,
                events,
                open_sandbox,
                self.config,
                Gate(policy, registry, self.run.approvals, asked_before=state.attempt > 1),
            ),
            journal=journal,
            events=events,
            config=self.config,
            meter=Meter(counter_for("gpt-5"), self.window),
            summariser=Summariser(gateway, self.run.model, self.config),
        )

    async def work(
        self, gateway: ModelGateway, *, took_over: bool = False, fate: Fate | None = None
    ) -> RunOutcome:
        """Make one attempt, and leave the run as its worker would."""
        loop = self.loop(gateway, took_over=took_over, fate=fate)
        outcome = await loop.run()
        while not await self.left(loop, outcome):
            outcome = await loop.run()
        return outcome

    async def left(self, loop: AgentLoop, outcome: RunOutcome) -> bool:
        """Leave the run as its worker would; False: a message forbids it, and the loop goes on with that."""
        try:
            self.run.leave(self.run.attempt, outcome)
        except Conflict as conflict:
            if conflict.stable_code != "run_steered":
                raise
            await loop.make_way()
            return False
        return True

    def results(self) -> dict[str, ToolResultPart]:
        """The stored results by call id."""
        parts = [part for message in self.messages for part in message.parts]
        return {part.call_id: part for part in parts if isinstance(part, ToolResultPart)}

    def result_texts(self) -> list[str]:
        return [part.output for part in self.results().values()]

    def told(self) -> list[str]:
        """The types of the durable events, in order."""
        return [event.type for event in self.events if not event.type.endswith("delta")]

    def shown_text(self) -> str:
        """What the text deltas show, over all messages."""
        return "".join(event.text for event in self.events if event.type == "text.delta")


def check_laws(world: World) -> None:
    """What must hold of a run's log at its end, whatever died on the way."""
    messages = world.messages
    assert [message.position for message in messages] == list(range(1, len(messages) + 1))
    assert all(n == 1 for n in Counter(message.id for message in messages).values())
    called = [call.call_id for message in messages for call in message.calls]
    answered = [
        part.call_id for message in messages for part in message.parts if isinstance(part, ToolResultPart)
    ]
    assert sorted(called) == sorted(answered)
    assert len(set(called)) == len(called)
    assert all(record.state == "finished" for record in world.run.ledger.values())
    assert [event.seq for event in world.events] == list(range(1, len(world.events) + 1))
    check_shown(world)


def check_shown(world: World) -> None:
    """A client that only follows the events ends with the messages of the log and no ghost of a draft."""
    drafts: set[str] = set()
    stored: dict[str, Message] = {}
    for event in world.events:
        match event.type:
            case "text.delta" | "reasoning.delta" | "tool.arguments.delta":
                assert event.message_id not in stored
                drafts.add(event.message_id)
            case "message.created":
                drafts.discard(event.message.id)
                stored[event.message.id] = event.message
            case "message.discarded":
                assert event.message_id not in stored
                drafts.discard(event.message_id)
            case _:
                pass
    assert not drafts
    opening, *own = world.messages
    assert opening.role == "user"
    stored.pop(opening.id, None)  # An attempt that took over may tell it again.
    closing = world.run.outcome.closing if world.run.outcome is not None else None
    if closing is not None:
        # The worker's own part stores it and tells of it.
        own = [message for message in own if _result_of(message) != closing.call_id]
    assert list(stored.values()) == own or sorted(stored) == sorted(message.id for message in own)


def _result_of(message: Message) -> str | None:
    return next((part.call_id for part in message.parts if isinstance(part, ToolResultPart)), None)


def check_prefixes(requests: Sequence[ModelRequest], decisions: int = 0) -> None:
    """Each request begins with all of the one before, so that providers' prompt caches hit.

    Not so only where one of so many decisions on the context was taken in between. An attempt that does a
    step again may make a request that was made before.
    """
    anew = 0
    own = [request for request in requests if not asks_for_summary(request)]
    for place, (earlier, later) in enumerate(pairwise(own), 1):
        assert list(later.tools) == list(earlier.tools)
        begins_with = list(later.messages[: len(earlier.messages)]) == list(earlier.messages)
        anew += not (begins_with or later in own[:place])
    assert anew <= decisions


def decisions(world: World) -> list[Message]:
    """The messages that say how the log is read."""
    return [message for message in world.messages if message.is_about_context]


def check_window(world: World, requests: Sequence[ModelRequest]) -> None:
    """No request is longer than the window, none tears a call from its result, and each has the task."""
    for request in requests:
        if asks_for_summary(request):
            continue
        if world.window < WIDE:
            assert tokens_of([*request.messages, *request.tools], COUNT) <= world.window
        calls = [
            call["id"]
            for message in request.messages
            for call in cast("list[dict[str, str]]", message.get("tool_calls") or [])
        ]
        results = [message["tool_call_id"] for message in request.messages if message["role"] == "tool"]
        assert sorted(calls) == sorted(map(str, results))
        assert request.messages[1]["content"] == world.messages[0].text


def spent(usage: Usage) -> Usage:
    """Return the usage without how full the window was."""
    return usage.model_copy(update={"context": None})


def waiting_tool(effect: Effect, started: asyncio.Event, ended: asyncio.Event) -> Tool:
    """Make a tool that sets `started`, never comes back, and sets `ended` when it is made to end."""

    @tool(effect=effect, example={})
    async def waiting(context: ToolContext) -> ToolOutput:
        """Wait for ever."""
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError("it waits for ever")

    return waiting


def contents(request: ModelRequest) -> list[tuple[str, JsonValue]]:
    """The request's messages without the system prompt: role and content."""
    return [(str(message["role"]), message["content"]) for message in request.messages[1:]]
