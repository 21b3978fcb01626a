"""Requests that LiteLLM need not shape again: the same goes out, and what is new or wrong goes to it."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from llm_support import TOOL, Wired, ask, collect
from pydantic import JsonValue

from factotum.llm.endpoints import Endpoint
from factotum.llm.faults import ModelFault
from factotum.llm.forms import Forms
from factotum.llm.litellm_gateway import LiteLLMGateway
from factotum.llm.port import ModelChunk, ReasoningChunk, TextChunk, ToolCallChunk
from factotum.llm.ready import ReadyMessage, all_serialised
from factotum.llm.wire import joined
from factotum.testing.provider.server import ScriptedProvider

CALL = {"id": "c1", "type": "function", "function": {"name": "shell", "arguments": "{}"}}
HISTORY: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "hello"},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": "ok"},
    {"role": "assistant", "content": "Fine. Ünïcode \u2028 too."},
    {"role": "user", "content": "hello again"},
]
TURNS = (2, 2, 4, 4, 6, 6)


@pytest.fixture
def shaped(warm_litellm: None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Take down what LiteLLM is asked to shape."""
    import litellm

    calls: list[str] = []
    real: Any = litellm.acompletion  # pyright: ignore[reportUnknownMemberType] - LiteLLM's own signature

    async def acompletion(**arguments: Any) -> Any:
        calls.append(arguments["model"])
        return await real(**arguments)

    monkeypatch.setattr(litellm, "acompletion", acompletion)
    return calls


async def _sent(decode: bool, prefix: str = "openai") -> list[JsonValue]:
    """Play a run of some turns and return the requests that came in."""
    async with ScriptedProvider({"turns": [["Yes."]] * len(TURNS)}) as server:
        endpoint = Endpoint(server.openai_base, "key", speaks="openai")
        gateway = LiteLLMGateway({prefix: endpoint}, decode=decode)
        messages = [ReadyMessage(message) for message in HISTORY]
        for length in TURNS:
            await collect(gateway, ask(f"{prefix}/scripted", messages=messages[:length]))
        await gateway.close()
        return [exchange.body for exchange in server.journal.exchanges]


async def test_the_same_is_sent_as_by_litellm(shaped: list[str]) -> None:
    """Only requests with a new shape of message are shaped by LiteLLM, and the provider cannot tell."""
    ours = await _sent(decode=True)
    assert len(shaped) == 3
    shaped.clear()
    assert ours == await _sent(decode=False)
    assert len(shaped) == len(TURNS)


async def _sent_by_threads(*, decode: bool) -> list[JsonValue]:
    async with ScriptedProvider({"turns": [["Yes."]] * 4}) as server:
        gateway = LiteLLMGateway({"openai": Endpoint(server.openai_base, "key")}, decode=decode)
        for thread in ("one", 'an"other', None, "one"):
            await collect(gateway, ask("openai/scripted", cache_key=thread))
        await gateway.close()
        return [exchange.body for exchange in server.journal.exchanges]


async def test_another_thread_is_the_same_form(shaped: list[str]) -> None:
    ours = await _sent_by_threads(decode=True)
    assert len(shaped) == 2
    keys = [body.get("prompt_cache_key") for body in ours if isinstance(body, dict)]
    assert keys == ["one", 'an"other', None, "one"]
    assert ours == await _sent_by_threads(decode=False)


async def test_another_question_is_another_form(shaped: list[str], wired: Wired) -> None:
    gateway, _ = await wired({"turns": [["Yes."]] * 4})
    for tools in ([TOOL], [], [TOOL], []):
        await collect(gateway, ask("openai/scripted", tools=tools))
    assert len(shaped) in {2, 4}  # 4: LiteLLM reads these streams itself


async def test_a_refusal_is_told_as_litellm_tells_it(shaped: list[str]) -> None:
    """The response that is here is handed to LiteLLM, which makes its fault of it; nothing is sent twice."""
    refusal = {"status": 401, "message": "no such key"}
    scenarios = [
        {"match": "bad", "turns": [{"error": refusal}]},
        {"match": "hello", "turns": [["Yes."]]},
    ]
    async with ScriptedProvider({"scenarios": scenarios}) as server:
        gateway = LiteLLMGateway({"openai": Endpoint(server.openai_base, "key")})
        await collect(gateway, ask("openai/scripted"))
        with pytest.raises(ModelFault) as refused:
            await collect(gateway, ask("openai/scripted", "bad"))
        assert len(server.journal.exchanges) == 2
        fresh = LiteLLMGateway({"openai": Endpoint(server.openai_base, "key")})
        with pytest.raises(ModelFault) as told:
            await collect(fresh, ask("openai/scripted", "bad"))
        await fresh.close()
        assert (refused.value.kind, refused.value.message) == (told.value.kind, told.value.message)
        assert (await collect(gateway, ask("openai/scripted")))[0] == TextChunk("Yes.")
        await gateway.close()
    assert len(shaped) == 4


@pytest.fixture
async def impatient() -> AsyncIterator[str]:
    """Serve answers, and close each connection after one of them without saying so."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n%b" % (
        len(_BODY),
        _BODY,
    )

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split()[0]))
        writer.write(answer)
        await writer.drain()
        await reader.read(1)  # the next request of this connection gets no answer
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    server.close()
    await server.wait_closed()


_BODY = (
    b'data: {"choices":[{"index":0,"delta":{"content":"One."},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
)


async def test_a_connection_that_was_closed_costs_no_call(shaped: list[str], impatient: str) -> None:
    gateway = LiteLLMGateway({"openai": Endpoint(impatient, "key")})
    for _ in range(3):
        assert (await collect(gateway, ask("openai/scripted")))[0] == TextChunk("One.")
    await gateway.close()


def test_forms_are_learned_by_shape_and_bounded() -> None:
    forms = Forms(most=1)
    messages = [ReadyMessage({"role": "user", "content": "a"})]

    def learn(arguments: dict[str, Any], body: dict[str, Any], provider: str = "openai") -> None:
        sent = httpx.Request("POST", "http://host/v1", content=json.dumps(body))
        forms.learn(arguments, messages, sent, provider, "m")

    learn({"model": "x"}, {"messages": messages}, provider="mistral")
    assert forms.find({"model": "x"}) is None
    learn({"model": "x"}, {"model": "m", "messages": messages})
    form = forms.find({"model": "x"})
    assert form is not None
    body = form.body([*messages, {"role": "user", "content": "b"}], None)
    assert body is not None
    both = [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]
    assert json.loads(body) == {"model": "m", "messages": both}
    assert form.body([{"role": "user", "content": None}], None) is None
    assert form.body([{"role": "user", "content": [{"type": "text", "text": "a"}]}], None) is None
    assert form.body([{"role": "user", "content": "\ud800"}], None) is None
    learn({"model": "y"}, {"messages": messages})
    assert forms.find({"model": "x"}) is None
    learn({"model": "y"}, {"messages": [{"role": "developer", "content": "a"}]})
    assert forms.find({"model": "y"}) is None
    learn({"model": "y"}, {"messages": messages})
    assert forms.find({"model": "y"}) is None
    learn({"model": "z", "prompt_cache_key": "a"}, {"model": "m", "messages": messages})
    assert forms.find({"model": "z", "prompt_cache_key": "a"}) is None


def test_messages_are_serialised_once() -> None:
    message = ReadyMessage({"role": "user", "content": "a"})
    assert all_serialised([message])[0] is all_serialised([message])[0]
    assert all_serialised([message]) == all_serialised([dict(message)])


def test_neighbours_of_one_read_are_joined() -> None:
    signed = ReasoningChunk("", {"signature": "s"})
    first = ToolCallChunk(0, "id", "f", "")
    chunks: list[ModelChunk] = [
        *(
            TextChunk("a"),
            TextChunk("b"),
            ReasoningChunk("c"),
            ReasoningChunk("d"),
            signed,
            ReasoningChunk("e"),
        ),
        *(first, ToolCallChunk(0, None, None, "{"), ToolCallChunk(0, None, None, "}")),
        *(ToolCallChunk(1, None, None, "1"), TextChunk("z")),
    ]
    assert joined(chunks) == [
        *(TextChunk("ab"), ReasoningChunk("cd"), signed, ReasoningChunk("e"), first),
        *(ToolCallChunk(0, None, None, "{}"), ToolCallChunk(1, None, None, "1"), TextChunk("z")),
    ]
    assert joined(chunks[:1]) == chunks[:1]
