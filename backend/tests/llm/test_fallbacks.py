"""Which model answers when one is away: over both wires, decoded by us and by LiteLLM."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from llm_support import ask, collect

from factotum.llm.breaker import Breakers
from factotum.llm.cooldowns import Cooldowns
from factotum.llm.endpoints import Endpoint
from factotum.llm.fallback import following, none_usable
from factotum.llm.faults import FaultKind, ModelFault
from factotum.llm.litellm_gateway import LiteLLMGateway, RetryPolicy
from factotum.llm.port import FallbackChunk, ModelChunk, ModelRequest, StopChunk, TextChunk, UsageChunk
from factotum.testing.provider.loading import ScriptSource
from factotum.testing.provider.server import ScriptedProvider

Pair = tuple[LiteLLMGateway, ScriptedProvider, ScriptedProvider]
Paired = Callable[[ScriptSource, ScriptSource], Awaitable[Pair]]

_OTHER = {
    "openai/gpt-4o-mini": "anthropic/claude-sonnet-4-5",
    "anthropic/claude-sonnet-4-5": "openai/gpt-4o-mini",
}
_WINDOWS = {"openai/gpt-4o-mini": 128_000, "anthropic/claude-sonnet-4-5": 200_000}


class _Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=list(_OTHER), ids=["openai", "anthropic"])
def first(request: pytest.FixtureRequest) -> str:
    """Return the model that is asked for; the fallback speaks the other wire format."""
    return request.param


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
async def paired(decode: bool, first: str, clock: _Clock) -> AsyncIterator[Paired]:
    """Yield a function that plays one script for the model, another for its fallback."""
    async with AsyncExitStack() as stack:

        async def pair(script: ScriptSource, fallback: ScriptSource) -> Pair:
            mine = await stack.enter_async_context(ScriptedProvider(script))
            other = await stack.enter_async_context(ScriptedProvider(fallback))
            is_openai = first.startswith("openai")
            gateway = LiteLLMGateway(
                {
                    "openai": Endpoint((mine if is_openai else other).openai_base, "sk-one"),
                    "anthropic": Endpoint((other if is_openai else mine).anthropic_base, "sk-two"),
                },
                retries=RetryPolicy(initial_wait=0.01, longest_wait=0.02),
                breakers=Breakers(threshold=50),
                cooldowns=Cooldowns(clock=clock),
                windows=_WINDOWS.get,
                decode=decode,
            )
            stack.push_async_callback(gateway.close)
            return gateway, mine, other

        yield pair


def _request(first: str, **changes: object) -> ModelRequest:
    return ask(first, fallbacks=(_OTHER[first],), **changes)


@pytest.mark.parametrize(
    ("error", "tries"),
    [("rate_limited", 3), ("overloaded", 3), ("server", 3), ("unauthorized", 1), ("model_not_found", 1)],
)
async def test_the_next_model_answers(paired: Paired, first: str, error: str, tries: int) -> None:
    """A model that cannot be used is tried as ever; then the next answers, says so, and is what is paid."""
    usage = {"input": 100, "output": 10}
    gateway, mine, other = await paired([{"error": error}], [{"items": ["Here."], "usage": usage}])
    chunks = await collect(gateway, _request(first))
    assert isinstance(chunks[0], FallbackChunk)
    assert chunks[0].model == _OTHER[first]
    assert chunks[0].reason
    assert chunks[1:2] == [TextChunk("Here.")]
    assert chunks[-1] == StopChunk("stop")
    prices = {"openai/gpt-4o-mini": (0.15e-6, 0.6e-6), "anthropic/claude-sonnet-4-5": (3e-6, 15e-6)}
    paid = next(chunk.usage.cost_usd for chunk in chunks if isinstance(chunk, UsageChunk))
    fresh, output = prices[_OTHER[first]]
    assert paid == pytest.approx(100 * fresh + 10 * output)
    assert (len(mine.journal.exchanges), len(other.journal.exchanges)) == (tries, 1)


@pytest.mark.parametrize("error", ["bad_request", "content_filter"])
async def test_a_request_that_is_wrong_is_wrong_everywhere(paired: Paired, first: str, error: str) -> None:
    """Neither a bad request nor a filtered one goes to another model."""
    gateway, _, other = await paired([{"error": error}], ["Here."])
    with pytest.raises(ModelFault) as raised:
        await collect(gateway, _request(first))
    assert raised.value.kind in ("bad_request", "content_filtered")
    assert not other.journal.exchanges


async def test_an_overflow_goes_to_a_larger_window_only(paired: Paired, first: str) -> None:
    """Claude reads more than the small model here, and not the other way round."""
    gateway, _, other = await paired([{"error": "context_overflow"}], ["Here."])
    if first.startswith("openai"):
        assert isinstance((await collect(gateway, _request(first)))[0], FallbackChunk)
        return
    with pytest.raises(ModelFault) as raised:
        await collect(gateway, _request(first))
    assert raised.value.kind == "context_overflow"
    assert not other.journal.exchanges


async def test_silence_before_the_first_token(paired: Paired, first: str) -> None:
    """The deadline of the first token ends the one model's turn, and begins anew for the next."""
    gateway, mine, other = await paired([[{"stall": "forever"}]], [{"items": ["Here."], "first_delay": 0.3}])
    began = time.monotonic()
    chunks = await collect(gateway, _request(first, first_token_deadline=3.0))
    assert chunks[1] == TextChunk("Here.")
    assert time.monotonic() - began >= 3.0
    assert (len(mine.journal.exchanges), len(other.journal.exchanges)) == (1, 1)


async def test_silence_after_the_first_token_is_nobody_elses(paired: Paired, first: str) -> None:
    """Once a token was given nobody takes over; but who asks again is answered by the next model."""
    gateway, _, other = await paired([["Once", {"stall": "forever"}]], ["Here."])
    given: list[ModelChunk] = []

    async def read() -> None:
        async for chunk in gateway.stream(_request(first, between_tokens_deadline=0.3)):
            given.append(chunk)

    with pytest.raises(ModelFault) as raised:
        await read()
    assert (raised.value.kind, raised.value.partial) == ("stalled", True)
    assert given == [TextChunk("Once")]
    assert not other.journal.exchanges
    assert isinstance((await collect(gateway, _request(first)))[0], FallbackChunk)


async def test_a_fallback_that_stalls_is_cut_too(paired: Paired, first: str) -> None:
    """The deadline between tokens holds for whoever answers."""
    gateway, _, _ = await paired([{"error": "unauthorized"}], [["Once", {"stall": "forever"}]])
    with pytest.raises(ModelFault) as raised:
        await collect(gateway, _request(first, between_tokens_deadline=0.3))
    assert (raised.value.kind, raised.value.partial) == ("stalled", True)


async def test_it_stays_with_the_fallback_until_the_model_has_rested(
    paired: Paired, first: str, clock: _Clock
) -> None:
    """The model is not asked again at each step, but is when its time is over; then it answers itself."""
    limited = {"kind": "rate_limited", "retry_after": 60, "times": 1}
    gateway, mine, other = await paired([{"items": ["Mine."], "error": limited}], ["Here."])
    assert isinstance((await collect(gateway, _request(first)))[0], FallbackChunk)
    again = (await collect(gateway, _request(first)))[0]
    assert isinstance(again, FallbackChunk)
    assert again.reason == "The provider limits the rate of calls."
    assert (len(mine.journal.exchanges), len(other.journal.exchanges)) == (1, 2)
    clock.now += 61
    assert (await collect(gateway, _request(first)))[0] == TextChunk("Mine.")


async def test_a_run_without_fallbacks_is_not_kept_from_its_model(paired: Paired, first: str) -> None:
    """What rests after a failure rests for those only that have another model to take."""
    limited = {"kind": "rate_limited", "retry_after": 60, "times": 1}
    gateway, _, _ = await paired([{"items": ["Mine."], "error": limited}], ["Here."])
    await collect(gateway, _request(first))
    assert (await collect(gateway, ask(first)))[0] == TextChunk("Mine.")


async def test_when_none_can_be_used_all_are_told(paired: Paired, first: str) -> None:
    """The fault is the model's own, and names what the others said."""
    gateway, _, _ = await paired([{"error": "overloaded"}], [{"error": "unauthorized"}])
    with pytest.raises(ModelFault) as raised:
        await collect(gateway, _request(first))
    assert raised.value.kind == "overloaded"
    assert f"{_OTHER[first]}: The provider refused the key." in raised.value.message


async def test_cancelling_during_a_fallback_closes_it(paired: Paired, first: str) -> None:
    """Stop means stopped, whichever model is being asked."""
    gateway, _, other = await paired([{"error": "unauthorized"}], [{"items": ["late"], "first_delay": 30}])
    task = asyncio.create_task(collect(gateway, _request(first)))
    await other.journal.until(lambda journal: len(journal.exchanges) == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await other.journal.until(lambda journal: journal.exchanges[0].outcome == "client_gone")


async def test_a_second_key_of_one_model(decode: bool) -> None:
    """A key that is refused or limited leads to the next at once; the model stays, so nothing is said."""
    limited = {"kind": "rate_limited", "retry_after": 30}
    async with ScriptedProvider([{"error": limited}]) as worn, ScriptedProvider(["Fresh."]) as fresh:
        gateway = LiteLLMGateway(
            {"openai": Endpoint(worn.openai_base, "sk-one")},
            further={"openai": [Endpoint(fresh.openai_base, "sk-two")]},
            decode=decode,
        )
        began = time.monotonic()
        for _ in range(2):
            assert (await collect(gateway, ask("openai/scripted")))[0] == TextChunk("Fresh.")
        assert time.monotonic() - began < 20
        assert (len(worn.journal.exchanges), len(fresh.journal.exchanges)) == (1, 2)
        await gateway.close()


async def test_threads_are_spread_over_the_keys(decode: bool) -> None:
    """Each thread keeps to one key, whose prompt cache it has filled; many threads use all."""
    async with ScriptedProvider(["One."]) as one, ScriptedProvider(["Two."]) as two:
        gateway = LiteLLMGateway(
            {"openai": Endpoint(one.openai_base, "sk-one")},
            further={"openai/scripted": [Endpoint(two.openai_base, "sk-two")]},
            decode=decode,
        )
        said: dict[str, set[str]] = {}
        for _ in range(2):
            for thread in map(str, range(8)):
                chunks = await collect(gateway, ask("openai/scripted", cache_key=thread))
                said.setdefault(thread, set()).add(repr(chunks[0]))
        await gateway.close()
    assert all(len(answers) == 1 for answers in said.values())
    assert len({answer for answers in said.values() for answer in answers}) == 2


async def test_keys_that_all_fail_are_waited_for(decode: bool) -> None:
    """With every key tried, the same rules hold as for one."""
    limited = {"kind": "rate_limited", "retry_after": 0.2, "times": 1}
    async with (
        ScriptedProvider([{"items": ["Now."], "error": limited}]) as one,
        ScriptedProvider([{"error": "overloaded"}]) as two,
    ):
        gateway = LiteLLMGateway(
            {"openai": Endpoint(one.openai_base, "sk-one")},
            further={"openai": [Endpoint(two.openai_base, "sk-two")]},
            retries=RetryPolicy(initial_wait=0.01, longest_wait=0.02),
            decode=decode,
        )
        assert (await collect(gateway, ask("openai/scripted")))[0] == TextChunk("Now.")
        await gateway.close()


def _fault(kind: FaultKind, **more: object) -> ModelFault:
    return ModelFault(kind, f"It is {kind}.", **more)  # pyright: ignore[reportArgumentType] - by name


def test_which_models_may_follow() -> None:
    """Faults of a model lead on, faults of a request do not, and what was begun is never taken over."""
    windows: Callable[[str], int | None] = {"small": 10, "large": 100}.get
    assert following("small", ["large"], _fault("unreachable"), windows) == ["large"]
    assert following("small", ["large"], _fault("overloaded", partial=True), windows) == []
    assert following("small", ["large"], _fault("bad_request"), windows) == []
    assert following("small", ["unknown", "large"], _fault("context_overflow"), windows) == ["large"]
    assert following("unknown", ["large"], _fault("context_overflow"), windows) == []


def test_the_only_fault_is_raised_as_it_is() -> None:
    fault = _fault("overloaded")
    assert none_usable([("a", fault)]) is fault


def test_cooldowns_last_as_long_as_the_fault_says() -> None:
    """Faults of a request let nothing rest; the list is bounded, and order is kept where nothing rests."""
    clock = _Clock()
    cooldowns = Cooldowns(clock=clock)
    cooldowns.rest("a", _fault("bad_request"))
    assert cooldowns.why("a") is None
    cooldowns.rest("a", _fault("rate_limited", retry_after_seconds=7.0))
    cooldowns.rest("b", _fault("unauthorized"))
    assert cooldowns.sorted(["a", "b", "c"]) == ["c", "a", "b"]
    clock.now += 8
    assert cooldowns.sorted(["a", "b", "c"]) == ["a", "c", "b"]
    cooldowns.rest("a", _fault("rate_limited", retry_after_seconds=86_400.0))
    clock.now += 301
    assert cooldowns.why("a") is None
    for number in range(2_000):
        cooldowns.rest(str(number), _fault("overloaded"))
    assert cooldowns.why("0") is None
    assert cooldowns.why("1999") is not None
