"""Other agent frameworks, each as its documentation shows it. This module imports nothing of ours."""

import importlib
from typing import Any

from bench.clients.base import KEY, MODEL, Agent, Seen


class PydanticAI(Agent):
    """pydantic-ai's agent."""

    def __init__(self, base: str) -> None:
        super().__init__(base)
        models = importlib.import_module("pydantic_ai.models.openai")
        providers = importlib.import_module("pydantic_ai.providers.openai")
        self._model = models.OpenAIChatModel(
            MODEL, provider=providers.OpenAIProvider(base_url=base, api_key=KEY)
        )
        self._library: Any = importlib.import_module("pydantic_ai")
        self._agent = self._library.Agent(self._model)

    async def ask(self, question: str, seen: Seen) -> None:
        """See Client."""
        async with self._agent.run_stream(question) as result:
            async for text in result.stream_text(delta=True, debounce_by=None):
                seen(text)

    async def work(self, question: str) -> None:
        """See Client."""
        agent = self._library.Agent(self._model)

        @agent.tool_plain
        def look(text: str) -> str:
            """Look something up."""
            return self.look(text)

        async def watch(_: Any, events: Any) -> None:
            async for _event in events:
                pass

        limits = self._library.UsageLimits(request_limit=None)
        await agent.run(question, event_stream_handler=watch, usage_limits=limits)


class OpenAIAgents(Agent):
    """openai-agents' runner over chat completions."""

    def __init__(self, base: str) -> None:
        super().__init__(base)
        self._agents: Any = importlib.import_module("agents")
        self._agents.set_tracing_disabled(True)
        client = importlib.import_module("openai").AsyncOpenAI(base_url=base, api_key=KEY)
        self._model = self._agents.OpenAIChatCompletionsModel(model=MODEL, openai_client=client)
        self._agent = self._agents.Agent(name="bench", model=self._model)

    async def ask(self, question: str, seen: Seen) -> None:
        """See Client."""
        result = self._agents.Runner.run_streamed(self._agent, question)
        async for event in result.stream_events():
            if event.type == "raw_response_event" and event.data.type == "response.output_text.delta":
                seen(event.data.delta)

    async def work(self, question: str) -> None:
        """See Client."""

        @self._agents.function_tool
        def look(text: str) -> str:
            """Look something up."""
            return self.look(text)

        agent = self._agents.Agent(name="bench", model=self._model, tools=[look])
        async for _ in self._agents.Runner.run_streamed(agent, question, max_turns=10_000).stream_events():
            pass


class LangGraph(Agent):
    """langgraph's ready-made agent over langchain-openai, its messages streamed."""

    def __init__(self, base: str) -> None:
        super().__init__(base)
        self._model = importlib.import_module("langchain_openai").ChatOpenAI(
            model=MODEL, base_url=base, api_key=KEY
        )
        self._make = importlib.import_module("langgraph.prebuilt").create_react_agent
        self._graph: Any = self._make(self._model, [])

    async def ask(self, question: str, seen: Seen) -> None:
        """See Client."""
        async for chunk, _ in self._graph.astream({"messages": [("user", question)]}, stream_mode="messages"):
            if chunk.content:
                seen(chunk.content)

    async def work(self, question: str) -> None:
        """See Client."""

        async def look(text: str) -> str:
            """Look something up."""
            return self.look(text)

        graph = self._make(self._model, [look])
        asked = {"messages": [("user", question)]}
        async for _ in graph.astream(asked, {"recursion_limit": 10_000}, stream_mode="messages"):
            pass
