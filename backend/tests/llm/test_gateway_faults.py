"""How model calls fail through the LiteLLM gateway, over both wires: kinds, retries, deadlines, closing."""

import asyncio
import logging
import socket
import time

import pytest
from llm_support import Wired, ask, collect, hung_up

from factotum.llm.breaker import Breakers, CircuitOpen
from factotum.llm.endpoints import Endpoint, openai_compatible, scripted_endpoints
from factotum.llm.faults import ModelFault
from factotum.llm.litellm_gateway import LiteLLMGateway, RetryPolicy
from factotum.llm.port import ModelChunk, ModelRequest, StopChunk, TextChunk
from factotum.testing.provider.server import ScriptedProvider

_DEADLINE = 60.0
"""The first token's, in seconds; no test waits for it."""


async def _fault(gateway: LiteLLMGateway, model: str, **changes: object) -> ModelFault:
    with pytest.raises(ModelFault) as raised:
        await collect(gateway, ask(model, **changes))
    return raised.value


async def _until_fault(gateway: LiteLLMGateway, request: ModelRequest) -> tuple[list[ModelChunk], ModelFault]:
    given: list[ModelChunk] = []
    try:
        async for chunk in gateway.stream(request):
            given.append(chunk)
    except ModelFault as fault:
        return given, fault
    raise AssertionError(f"no fault after {given}")


async def _overdue(
    gateway: LiteLLMGateway, provider: ScriptedProvider, model: str, monkeypatch: pytest.MonkeyPatch
) -> ModelFault:
    """Call a provider that is silent, and put the loop's clock on to the deadline when it has the request.

    However slow the machine is, the deadline passes while the provider has the request, and never before.
    """
    calling = asyncio.create_task(_fault(gateway, model, first_token_deadline=_DEADLINE))
    await provider.journal.until(lambda journal: bool(journal.exchanges), timeout=_DEADLINE / 2)
    assert not calling.done()
    loop = asyncio.get_running_loop()
    usual = loop.time
    monkeypatch.setattr(loop, "time", lambda: usual() + _DEADLINE)
    return await calling


@pytest.mark.parametrize(
    ("error", "kind", "tries"),
    [
        ("rate_limited", "rate_limited", 3),
        ("server", "overloaded", 3),
        ("overloaded", "overloaded", 3),
        ("context_overflow", "context_overflow", 1),
        ("unauthorized", "unauthorized", 1),
        ("forbidden", "unauthorized", 1),
        ("quota", "unauthorized", 1),
        ("model_not_found", "model_not_found", 1),
        ("bad_request", "bad_request", 1),
        ("content_filter", "content_filtered", 1),
    ],
)
async def test_refusals(wired: Wired, model: str, error: str, kind: str, tries: int) -> None:
    """Each refusal has its kind; only those that may pass are tried again, twice."""
    gateway, provider = await wired([{"error": error}])
    fault = await _fault(gateway, model)
    assert fault.kind == kind
    assert fault.hint
    assert not fault.partial
    assert len(provider.journal.exchanges) == tries


async def test_rate_limit_then_success(wired: Wired, model: str) -> None:
    """Retry-After is honoured, and the answer comes as if nothing had happened."""
    refusal = {"kind": "rate_limited", "retry_after": 0.3, "times": 1}
    gateway, provider = await wired([{"items": ["Here."], "error": refusal}])
    began = time.monotonic()
    chunks = await collect(gateway, ask(model))
    assert chunks[0] == TextChunk("Here.")
    assert time.monotonic() - began >= 0.3
    assert len(provider.journal.exchanges) == 2


async def test_long_retry_after_is_not_waited_for(wired: Wired, model: str) -> None:
    """A provider that asks for minutes is told on, not waited for."""
    gateway, provider = await wired([{"error": {"kind": "rate_limited", "retry_after": 300}}])
    fault = await _fault(gateway, model)
    assert (fault.kind, fault.retry_after_seconds) == ("rate_limited", 300)
    assert len(provider.journal.exchanges) == 1


async def test_no_first_token(wired: Wired, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence before the first token ends the call at its deadline, without another try, and hangs up."""
    gateway, provider = await wired([[{"stall": "forever"}, "never"]])
    fault = await _overdue(gateway, provider, model, monkeypatch)
    assert (fault.kind, fault.partial) == ("first_token_timeout", False)
    await hung_up(provider)
    assert len(provider.journal.exchanges) == 1


async def test_headers_do_not_count_as_a_token(
    wired: Wired, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A provider that accepts the request and says nothing at all is under the same deadline."""
    gateway, provider = await wired([{"items": ["late"], "first_delay": 100 * _DEADLINE}])
    fault = await _overdue(gateway, provider, model, monkeypatch)
    assert fault.kind == "first_token_timeout"
    await hung_up(provider)


async def test_silence_between_tokens(wired: Wired, model: str) -> None:
    """A stall in mid-stream ends the call at its deadline; what came before it was given."""
    gateway, provider = await wired([["Once upon", {"stall": "forever"}]])
    given, fault = await _until_fault(gateway, ask(model, between_tokens_deadline=0.3))
    assert given == [TextChunk("Once upon")]
    assert (fault.kind, fault.partial) == ("stalled", True)
    await hung_up(provider)


@pytest.mark.parametrize("how", ["close", "reset", "end"])
async def test_broken_stream(wired: Wired, model: str, how: str) -> None:
    """However a stream is cut, it is broken: no end is made up, and nothing is tried again."""
    gateway, provider = await wired([["Once upon", {"stall": 0.05}, {"break": how}]])
    given, fault = await _until_fault(gateway, ask(model))
    assert given[0] == TextChunk("Once upon")
    assert not any(isinstance(chunk, StopChunk) for chunk in given)
    assert (fault.kind, fault.partial) == ("broken_stream", True)
    assert len(provider.journal.exchanges) == 1


async def test_error_in_mid_stream(wired: Wired, model: str) -> None:
    """A provider that fails in the middle is a fault of the stream, with its part told."""
    gateway, _ = await wired([["Once upon", {"error": "overloaded"}]])
    fault = await _fault(gateway, model)
    assert fault.kind in ("overloaded", "broken_stream")
    assert fault.partial
    assert fault.may_retry


async def test_rubbish_in_the_stream(wired: Wired, model: str) -> None:
    """Bytes that are no event break the stream."""
    gateway, _ = await wired([["Once", {"garbage": 'data: {"id":\n\n'}, {"break": "end"}]])
    assert (await _fault(gateway, model)).kind == "broken_stream"


async def test_a_web_page_instead_of_a_stream(wired: Wired, model: str) -> None:
    """A proxy's page is no answer."""
    gateway, _ = await wired([{"garbage": "<html>Bad gateway</html>"}])
    assert (await _fault(gateway, model)).kind in ("empty_response", "broken_stream")


async def test_empty_response_is_tried_again(wired: Wired, model: str) -> None:
    """Nothing at all is a fault, not an answer; the next try may give one."""
    gateway, provider = await wired([{"empty": True}])
    fault = await _fault(gateway, model)
    assert (fault.kind, fault.partial) == ("empty_response", False)
    assert len(provider.journal.exchanges) == 3


async def test_a_message_without_content_is_empty(wired: Wired, model: str) -> None:
    """A proper end of a message with nothing in it is empty too."""
    gateway, _ = await wired([{"items": [], "finish": "stop"}])
    assert (await _fault(gateway, model)).kind == "empty_response"


async def test_response_is_bounded(wired: Wired, model: str) -> None:
    """A model that never ends is cut at the bound, and hung up on."""
    gateway, provider = await wired([[{"text": "x" * 1000, "repeat": "forever"}]])
    fault = await _fault(gateway, model)
    assert fault.kind == "broken_stream"
    assert "bound" in fault.message
    await hung_up(provider)


async def test_cancelling_closes_the_connection(wired: Wired, model: str) -> None:
    """Stop means stopped: when the cancelled task has ended, the provider's connection is closed."""
    gateway, provider = await wired([["Once upon", {"stall": "forever"}]])
    started = asyncio.Event()

    async def read() -> None:
        async for _ in gateway.stream(ask(model)):
            started.set()

    task = asyncio.create_task(read())
    await asyncio.wait_for(started.wait(), 60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await hung_up(provider)


async def test_cancelling_before_the_first_token(wired: Wired, model: str) -> None:
    """The same while the request waits for its answer."""
    gateway, provider = await wired([{"items": ["late"], "first_delay": 30}])
    task = asyncio.create_task(collect(gateway, ask(model)))
    await provider.journal.until(lambda journal: len(journal.exchanges) == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await hung_up(provider)


async def test_closing_the_iterator_closes_the_connection(wired: Wired, model: str) -> None:
    """A reader that has enough closes the iterator, and that hangs up."""
    gateway, provider = await wired([[{"text": "x" * 100, "repeat": "forever", "delay": 0.01}]])
    stream = gateway.stream(ask(model))
    await anext(stream)
    await stream.aclose()
    await hung_up(provider)


async def test_unreachable_provider(decode: bool, model: str) -> None:
    """A refused connection is unreachable, tried three times; then the breaker holds calls back."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        gateway = LiteLLMGateway(
            scripted_endpoints(address),
            retries=RetryPolicy(initial_wait=0.01, longest_wait=0.02),
            breakers=Breakers(threshold=3, rest_seconds=60),
            decode=decode,
        )
        fault = await _fault(gateway, model)
        assert fault.kind == "unreachable"
        held = await _fault(gateway, model)
        assert isinstance(held, CircuitOpen)
        assert held.kind == "unreachable"
        assert held.retry_after_seconds
        assert held.retry_after_seconds == pytest.approx(60, abs=5)
        await gateway.close()


async def test_keys_and_prompts_stay_out(
    decode: bool, model: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither key nor prompt is logged, printed or told in a fault, even if the provider repeats the key."""
    key = "sk-verysecretkey1234567890"
    words = "the prompt nobody may read"
    caplog.set_level(logging.DEBUG)
    said = f"Bad request with key {key} and key {key[:12]}"
    error = {"kind": "bad_request", "message": said, "times": 1}
    async with ScriptedProvider([{"items": ["fine"], "error": error}]) as provider:
        endpoints = {
            "openai": Endpoint(provider.openai_base, key),
            "anthropic": Endpoint(provider.anthropic_base, key),
        }
        gateway = LiteLLMGateway(endpoints, decode=decode)
        fault = await _fault(gateway, model, text=words)
        await collect(gateway, ask(model, words))
        await gateway.close()
    printed = capfd.readouterr()
    told = f"{fault} {fault.message} {fault.hint} {fault.__cause__} {gateway!r} {endpoints!r}"
    everything = f"{told} {caplog.text} {printed.out} {printed.err}"
    assert "Bad request with key" in fault.message
    assert key[:12] not in everything
    assert words not in everything


async def test_missing_key(decode: bool, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key nothing is sent, and the fault says that one is missing."""
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    gateway = LiteLLMGateway(decode=decode)
    fault = await _fault(gateway, model)
    assert fault.kind == "key_missing"
    await gateway.close()


async def test_unknown_provider(warm_litellm: None) -> None:
    """A name that leads to no provider is a model that is not found."""
    assert (await _fault(LiteLLMGateway(), "no-such-model-anywhere")).kind == "model_not_found"


async def test_local_endpoint_speaks_openai(warm_litellm: None) -> None:
    """A server of one's own that is away is unreachable, not a missing model."""
    gateway = LiteLLMGateway(
        {"local": openai_compatible("http://127.0.0.1:1/v1")}, retries=RetryPolicy(attempts=1)
    )
    assert (await _fault(gateway, "local/tiny")).kind == "unreachable"
    await gateway.close()
