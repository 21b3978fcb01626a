"""A model and tools that tests hold and release: the model says what the thread's place in a script says."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field

from factotum.llm.port import ModelChunk, ModelRequest, StopChunk, TextChunk, ToolCallChunk, UsageChunk
from factotum.protocol.runs import Question, Usage
from factotum.testing.scripted_gateway import asks_for_summary, turns_in
from factotum.tools.builtin import BUILTIN
from factotum.tools.declare import tool
from factotum.tools.registry import Registry
from factotum.tools.tool import Ask, ToolContext, ToolOutput

USAGE = Usage(input_tokens=10, output_tokens=5, cost_usd=0.25)


class Gate:
    """A place where a model or a tool waits. It tells how many came, and lets all through once it is open."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.released = asyncio.Event()
        self.waiting = 0
        self.cancelled = 0

    async def wait(self) -> None:
        """Wait to be let through."""
        self.waiting += 1
        self.reached.set()
        try:
            await self.released.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


Item = ModelChunk | Gate | Exception
Turn = Sequence[Item]


def says(text: str, *middle: Gate) -> Turn:
    """An answer without calls, in two pieces; gates stand between them."""
    half = len(text) // 2
    return [TextChunk(text[:half]), *middle, TextChunk(text[half:]), UsageChunk(USAGE), StopChunk("stop")]


def calls(*wanted: tuple[str, Mapping[str, object]], text: str = "") -> Turn:
    """A message with native calls."""
    chunks: list[Item] = [TextChunk(text)] if text else []
    for index, (name, arguments) in enumerate(wanted):
        chunks.append(ToolCallChunk(index, f"provider-{index}", name, ""))
        chunks.append(ToolCallChunk(index, None, None, json.dumps(arguments)))
    return [*chunks, UsageChunk(USAGE), StopChunk("tool_calls")]


def completes(summary: str = "Done.") -> Turn:
    """A message that ends the run by the `complete` tool."""
    return calls(("complete", {"summary": summary}))


def asks(question: str = "Which?") -> Turn:
    """A message that asks a person."""
    return calls(("ask", {"question": question}))


class PlayedGateway:
    """Plays `turns`: the n-th for a request that holds n assistant messages, whichever worker sends it.

    Those that a summary stands for count too; asked for a summary, it plays `summary`.
    """

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.summary: Turn = says("Task: as said.")
        self.requests: list[ModelRequest] = []

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelChunk]:
        """Yield the turn's chunks; wait at its gates; raise its errors."""
        self.requests.append(request)
        turn = self.summary if asks_for_summary(request) else self.turns[turns_in(request.messages)]
        for item in turn:
            if isinstance(item, Gate):
                await item.wait()
            elif isinstance(item, Exception):
                raise item
            else:
                yield item


@dataclass
class Acts:
    """What the test's tools did: (tool, key, call id), and gates by key where they wait half-way."""

    executed: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    gates: dict[str, Gate] = field(default_factory=dict[str, Gate])

    def count(self, key: str) -> int:
        """How often a tool was executed with `key`."""
        return Counter(each[1] for each in self.executed)[key]

    async def run(self, name: str, key: str, context: ToolContext) -> ToolOutput:
        """Note the execution, wait if there is a gate, and answer."""
        self.executed.append((name, key, context.call_id))
        await context.output("stdout", f"{name} {key}\n")
        if key == "page":
            await context.show_page(b"\xff\xd8\xffpage", "https://a.test/", "A")
        if key in self.gates:
            await self.gates[key].wait()
        return ToolOutput(f"{name} {key}: ok")


def registry(acts: Acts) -> Registry:
    """The built-in tools, and one of each effect that a test can hold."""

    @tool(effect="unsafe")
    async def act(context: ToolContext, key: str) -> ToolOutput:
        """Do something that must not be done twice.

        Args:
            key: What to do.
        """
        return await acts.run("act", key, context)

    @tool(effect="idempotent")
    async def put(context: ToolContext, key: str) -> ToolOutput:
        """Do something that may be done twice.

        Args:
            key: What to do.
        """
        return await acts.run("put", key, context)

    @tool(effect="pure")
    async def look(context: ToolContext, key: str) -> ToolOutput:
        """Look at something.

        Args:
            key: What to look at.
        """
        return await acts.run("look", key, context)

    @tool(effect="pure", ends_turn=True)
    async def wonder(context: ToolContext, key: str) -> ToolOutput:
        """Ask, after a while.

        Args:
            key: What to ask.
        """
        await acts.run("wonder", key, context)
        return ToolOutput("", Ask(Question(reason="question", text=key)))

    return Registry([*BUILTIN, act, put, look, wonder])
