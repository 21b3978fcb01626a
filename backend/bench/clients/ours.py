"""Factotum: its gateway, and its whole path from the model to what goes into the run's log."""

from collections.abc import Sequence

from bench.clients.base import KEY, MODEL, Agent, Client, Seen
from factotum.agent.approvals import Gate
from factotum.agent.config import ProcessorConfig
from factotum.agent.loop import AgentLoop
from factotum.agent.policy import Policy
from factotum.agent.prompt import system_prompt
from factotum.agent.response_processor import ResponseProcessor
from factotum.agent.summariser import Summariser
from factotum.agent.thread_manager import ThreadManager
from factotum.agent.tool_runner import ToolRunner
from factotum.agent.window import Meter
from factotum.bus.pump import Answer, Append, LogPump
from factotum.bus.writer import RunLogWriter
from factotum.core.ids import new_id
from factotum.llm.endpoints import Endpoint
from factotum.llm.litellm_gateway import LiteLLMGateway
from factotum.llm.port import ModelRequest, TextChunk
from factotum.llm.tokens import counter_for
from factotum.protocol.budgets import Budget
from factotum.runs.telling import Teller
from factotum.testing.memory_journal import MemoryRun, MemoryThread
from factotum.testing.memory_sandbox import MemorySandbox
from factotum.tools.declare import tool
from factotum.tools.registry import Registry
from factotum.tools.tool import ToolContext, ToolOutput


class Gateway(Client):
    """The gateway alone: LiteLLM sends, we decode."""

    decode = True

    def __init__(self, base: str) -> None:
        super().__init__(base)
        self.gateway = LiteLLMGateway({"openai": Endpoint(base, KEY)}, decode=self.decode)

    async def warm(self) -> None:
        """See Client."""
        await self.gateway.warm()
        await super().warm()

    async def close(self) -> None:
        """See Client."""
        await self.gateway.close()
        await super().close()

    async def ask(self, question: str, seen: Seen) -> None:
        """See Client."""
        async for chunk in self.gateway.stream(_request(question)):
            if isinstance(chunk, TextChunk):
                seen(chunk.text)


class _Logs:
    """In place of Redis: takes the lines that would go over its connection."""

    def __init__(self) -> None:
        self._readers: dict[str, Seen] = {}
        self._pump = LogPump(self._append)

    def writer(self, seen: Seen) -> RunLogWriter:
        """Make the writer of a run whose texts `seen` is told."""
        run_id = new_id()
        self._readers[run_id] = seen
        return RunLogWriter(self._pump, run_id, 1, 0)

    async def _append(self, appends: Sequence[Append]) -> list[Answer]:
        for append in appends:
            seen = self._readers[append.run_id]
            for line in append.lines:
                if line.startswith(b"text.delta"):
                    seen(line.rsplit(b'"', 2)[1].decode())
        return [("ok", append.first_seq + len(append.lines) - 1) for append in appends]


class Factotum(Gateway, Agent):
    """Gateway, parser, draft, and the writer of the log up to Redis; as an agent, the loop over memory."""

    def __init__(self, base: str) -> None:
        super().__init__(base)
        self._logs = _Logs()

    async def ask(self, question: str, seen: Seen) -> None:
        """See Client."""
        writer = self._logs.writer(seen)
        processor = ResponseProcessor(
            self.gateway, Registry(()), Teller(writer), ProcessorConfig(dialect="invoke")
        )
        await processor.process(_request(question), processor.draft("m", f"openai/{MODEL}"))
        await writer.close()

    async def work(self, question: str) -> None:
        """See Client."""

        @tool(effect="pure", example={"text": "a"})
        async def look(context: ToolContext, text: str) -> ToolOutput:
            """Look something up.

            Args:
                text: What it is about.
            """
            del context
            return ToolOutput(self.look(text))

        async def sandbox() -> MemorySandbox:
            return MemorySandbox()

        registry, config = Registry([look]), ProcessorConfig(budget=Budget(steps=10_000))
        run = MemoryRun(MemoryThread(), question, model=f"openai/{MODEL}")
        state, journal, events = run.claim()
        thread = ThreadManager(
            journal,
            run_id=run.id,
            model=run.model,
            system=system_prompt(registry, "native"),
            tools=registry.schemas(),
            config=config,
        )
        await AgentLoop(
            state,
            thread=thread,
            processor=ResponseProcessor(self.gateway, registry, events, config),
            runner=ToolRunner(
                registry,
                journal,
                events,
                sandbox,
                config,
                Gate(Policy(), registry, run.approvals, asked_before=False),
            ),
            journal=journal,
            events=events,
            config=config,
            meter=Meter(counter_for(run.model), 1_000_000),
            summariser=Summariser(self.gateway, run.model, config),
        ).run()


class Fallback(Factotum):
    """The same over LiteLLM's own stream: what providers cost whose format we do not know."""

    decode = False


def _request(question: str) -> ModelRequest:
    return ModelRequest(f"openai/{MODEL}", [{"role": "user", "content": question}])
