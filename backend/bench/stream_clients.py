"""The clients that `llm_stream.py` compares: each asks one question and counts the chunks of the answer."""

import asyncio
import importlib
from abc import ABC, abstractmethod
from importlib.util import find_spec
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import orjson

from factotum.agent.config import ProcessorConfig
from factotum.agent.response_processor import ResponseProcessor
from factotum.bus.entries import encode_line
from factotum.llm.endpoints import Endpoint
from factotum.llm.litellm_gateway import LiteLLMGateway
from factotum.llm.port import ModelRequest, TextChunk
from factotum.protocol.events import RunEvent
from factotum.tools.registry import Registry

MODEL: Final = "gpt-4o-mini"
"""A name that price lists know; the scripted provider plays it."""
KEY: Final = "scripted"


class Client(Protocol):
    """One way to ask a model; made with the address of an OpenAI server, `/v1` included."""

    async def warm(self, question: str) -> None:
        """Make the first call."""
        ...

    async def ask(self, question: str) -> int:
        """Ask, read the answer to its end, and return the number of its chunks."""
        ...

    async def close(self) -> None:
        """Close what is open."""
        ...


class _Base(ABC):
    def __init__(self, base: str) -> None:
        self.base = base

    @abstractmethod
    async def ask(self, question: str) -> int: ...

    async def warm(self, question: str) -> None:
        await self.ask(question)

    async def close(self) -> None:
        await asyncio.sleep(0)


class Socket(_Base):
    """The limit: a bare socket, lines cut by hand, orjson."""

    async def ask(self, question: str) -> int:
        """See Client."""
        address = urlsplit(self.base)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        body = orjson.dumps({"model": MODEL, "stream": True, "messages": _messages(question)})
        head = (
            f"POST {address.path}/chat/completions HTTP/1.1\r\nHost: {address.netloc}\r\n"
            f"Authorization: Bearer {KEY}\r\nContent-Type: application/json\r\nConnection: close\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        count, rest = 0, b""
        while data := await reader.read(65_536):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if line.startswith(b"data: {"):
                    choices = orjson.loads(line[6:])["choices"]
                    count += bool(choices and choices[0]["delta"].get("content"))
        writer.close()
        return count


class Aiohttp(_Base):
    """The usual client at its best: aiohttp's lines and orjson."""

    async def ask(self, question: str) -> int:
        """See Client."""
        aiohttp = importlib.import_module("aiohttp")
        body = {"model": MODEL, "stream": True, "messages": _messages(question)}
        headers = {"Authorization": f"Bearer {KEY}"}
        count = 0
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.base}/chat/completions", json=body, headers=headers) as response,
        ):
            async for line in response.content:
                if line.startswith(b"data: {"):
                    choices = orjson.loads(line[6:])["choices"]
                    count += bool(choices and choices[0]["delta"].get("content"))
        return count


class Gateway(_Base):
    """Our gateway: LiteLLM sends, we decode."""

    decode = True

    def __init__(self, base: str) -> None:
        super().__init__(base)
        endpoints = {"openai": Endpoint(base, KEY)}
        self.gateway = LiteLLMGateway(endpoints, decode=self.decode)

    async def warm(self, question: str) -> None:
        """See Client."""
        await self.gateway.warm()
        await self.ask(question)

    async def ask(self, question: str) -> int:
        """See Client."""
        count = 0
        async for chunk in self.gateway.stream(_request(question)):
            count += isinstance(chunk, TextChunk)
        return count

    async def close(self) -> None:
        """See Client."""
        await self.gateway.close()


class GatewayFallback(Gateway):
    """Our gateway with LiteLLM's own stream: what providers cost whose format we do not know."""

    decode = False


class _Sink:
    """Encodes every event as the log would, and counts."""

    def __init__(self) -> None:
        self.count = 0

    async def emit(self, event: RunEvent) -> None:
        """Take one event."""
        encode_line(event)
        self.count += 1


class WholePath(Gateway):
    """The gateway, the parser, the draft, and events encoded as the log writes them."""

    async def ask(self, question: str) -> int:
        """See Client."""
        sink = _Sink()
        processor = ResponseProcessor(self.gateway, Registry(()), sink, ProcessorConfig(dialect="invoke"))
        await processor.process(_request(question), processor.draft("m"))
        return sink.count


class LiteLLM(_Base):
    """LiteLLM as its documentation shows it."""

    async def warm(self, question: str) -> None:
        """See Client."""
        await LiteLLMGateway().warm()
        await self.ask(question)

    async def ask(self, question: str) -> int:
        """See Client."""
        litellm = importlib.import_module("litellm")
        stream = await litellm.acompletion(
            model=f"openai/{MODEL}",
            messages=_messages(question),
            stream=True,
            api_base=self.base,
            api_key=KEY,
        )
        return sum([bool(chunk.choices[0].delta.content) async for chunk in stream])


class PydanticAI(_Base):
    """pydantic-ai's agent without tools."""

    def __init__(self, base: str) -> None:
        super().__init__(base)
        models = importlib.import_module("pydantic_ai.models.openai")
        providers = importlib.import_module("pydantic_ai.providers.openai")
        model = models.OpenAIChatModel(MODEL, provider=providers.OpenAIProvider(base_url=base, api_key=KEY))
        self._agent = importlib.import_module("pydantic_ai").Agent(model)

    async def ask(self, question: str) -> int:
        """See Client."""
        async with self._agent.run_stream(question) as result:
            return sum([1 async for _ in result.stream_text(delta=True, debounce_by=None)])


class OpenAIAgents(_Base):
    """openai-agents' runner without tools."""

    def __init__(self, base: str) -> None:
        super().__init__(base)
        self._agents: Any = importlib.import_module("agents")
        self._agents.set_tracing_disabled(True)
        client = importlib.import_module("openai").AsyncOpenAI(base_url=base, api_key=KEY)
        model = self._agents.OpenAIChatCompletionsModel(model=MODEL, openai_client=client)
        self._agent = self._agents.Agent(name="bench", model=model)

    async def ask(self, question: str) -> int:
        """See Client."""
        result = self._agents.Runner.run_streamed(self._agent, question)
        return sum(
            [
                getattr(event.data, "type", "") == "response.output_text.delta"
                async for event in result.stream_events()
                if event.type == "raw_response_event"
            ]
        )


class LangGraph(_Base):
    """A langgraph of one model node."""

    def __init__(self, base: str) -> None:
        super().__init__(base)
        graph: Any = importlib.import_module("langgraph.graph")
        model = importlib.import_module("langchain_openai").ChatOpenAI(
            model=MODEL, base_url=base, api_key=KEY
        )

        async def node(state: dict[str, Any]) -> dict[str, Any]:
            return {"messages": [await model.ainvoke(state["messages"])]}

        builder = graph.StateGraph(graph.MessagesState)
        builder.add_node("model", node)
        builder.add_edge(graph.START, "model")
        self._graph = builder.compile()

    async def ask(self, question: str) -> int:
        """See Client."""
        stream = self._graph.astream({"messages": [("user", question)]}, stream_mode="messages")
        return sum([bool(chunk.content) async for chunk, _ in stream])


CLIENTS: Final[dict[str, type[_Base]]] = {
    "socket + orjson": Socket,
    "aiohttp + orjson": Aiohttp,
    "ours: decoded": Gateway,
    "ours: whole path": WholePath,
    "ours: fallback": GatewayFallback,
    "litellm": LiteLLM,
    "pydantic-ai": PydanticAI,
    "openai-agents": OpenAIAgents,
    "langgraph": LangGraph,
}
_NEEDS: Final = {
    "pydantic-ai": ("pydantic_ai",),
    "openai-agents": ("agents",),
    "langgraph": ("langgraph", "langchain_openai"),
}


def available() -> list[str]:
    """Return the clients that are installed; peers are never a dependency of ours."""
    return [name for name in CLIENTS if all(find_spec(module) for module in _NEEDS.get(name, ()))]


def _messages(question: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": question}]


def _request(question: str) -> ModelRequest:
    return ModelRequest(f"openai/{MODEL}", [{"role": "user", "content": question}])
