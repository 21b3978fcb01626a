"""A run whose model is away: who answers is told once, stored with the message, and named for the usage."""

from factotum.agent.config import ProcessorConfig
from factotum.llm.faults import ModelFault
from factotum.llm.port import FallbackChunk
from factotum.protocol.events import ModelChanged, UsageRecorded
from factotum.protocol.runs import Usage
from factotum.testing.scripted_gateway import STEP_USAGE, ScriptedGateway, call, reply
from tests.agent.agent_support import NAMED, World, check_laws, spent

_SPARE = FallbackChunk("spare", "It was away.")


def _changes(world: World) -> list[tuple[str, str, str]]:
    return [(e.from_model, e.to_model, e.reason) for e in world.events if isinstance(e, ModelChanged)]


def _writers(world: World) -> list[str | None]:
    return [message.model for message in world.messages if message.role == "assistant"]


async def test_a_fallback_is_told_stored_and_priced_until_the_model_is_back() -> None:
    world = World()
    gateway = ScriptedGateway(
        [
            reply(call(NAMED["look"], {"text": "a"})),
            reply(_SPARE, "Now. ", call(NAMED["look"], {"text": "b"})),
            reply(_SPARE, call(NAMED["look"], {"text": "c"})),
            reply("Done."),
        ]
    )

    await world.work(gateway)

    assert _changes(world) == [
        ("scripted", "spare", "It was away."),
        ("spare", "scripted", "scripted answers again."),
    ]
    assert _writers(world) == ["scripted", "spare", "spare", "scripted"]
    used = [event.model for event in world.events if isinstance(event, UsageRecorded)]
    assert used == ["scripted", "spare", "spare", "scripted"]
    check_laws(world)


async def test_a_change_stands_though_its_draft_is_discarded() -> None:
    world = World()
    broken = ModelFault("broken_stream", "It broke.", partial=True)
    gateway = ScriptedGateway([reply(_SPARE, "Half of", broken), reply(_SPARE, "It is done.")])

    await world.work(gateway)

    assert _changes(world) == [("scripted", "spare", "It was away.")]
    assert _writers(world) == ["spare"]
    check_laws(world)


async def test_requests_say_what_to_fall_back_on() -> None:
    world = World(ProcessorConfig(fallback_models=("spare",), effort="low", cache_key="thread"))
    gateway = ScriptedGateway([reply("Done.")])

    await world.work(gateway)

    request = gateway.requests[0]
    assert (request.fallbacks, request.effort, request.cache_key) == (("spare",), "low", "thread")


async def test_what_a_run_uses_beside_its_steps_counts() -> None:
    world = World()
    loop = world.loop(ScriptedGateway([reply("Done.")]))

    loop.count_in(Usage(input_tokens=3, cost_usd=0.5))
    await loop.run()

    assert spent(loop.usage) == STEP_USAGE.plus(Usage(input_tokens=3, cost_usd=0.5))
    assert world.run.usage == loop.usage
