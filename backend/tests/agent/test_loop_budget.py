"""The loop and its budget: room is reserved before each call, usage is settled, a person extends it."""

import asyncio
import math

import pytest

from factotum.agent.budget import Extra
from factotum.agent.config import ProcessorConfig
from factotum.agent.outcome import Awaiting, Finished
from factotum.agent.spending import InputEstimate
from factotum.llm.faults import ModelFault
from factotum.llm.port import ModelRequest, UsageChunk
from factotum.protocol.budgets import Amounts, Budget, BudgetUse, Spending
from factotum.protocol.runs import Question, Usage
from factotum.testing.memory_journal import Fate, MemoryRun, MemoryThread, ProcessDied
from factotum.testing.scripted_gateway import (
    STEP_USAGE,
    Pause,
    Reply,
    ScriptedGateway,
    TurnGateway,
    reply,
)
from tests.agent.agent_support import World, check_laws
from tests.agent.scenarios import TINY, act, carry
from tests.agent.test_budget import CHEAP


def question_of(outcome: object) -> Question:
    assert isinstance(outcome, Awaiting)
    return outcome.question


def use_of(world: World) -> BudgetUse:
    assert world.run.pool is not None
    return world.run.pool.use


def big(name: str, usage: Usage) -> Reply:
    return Reply(
        tuple(UsageChunk(usage) if isinstance(p, UsageChunk) else p for p in act("native", name).pieces)
    )


async def test_what_a_run_uses_is_settled_and_shown() -> None:
    world = World(ProcessorConfig(budget=Budget(steps=9, cost_usd=5), price=TINY))
    await world.work(TurnGateway([act("native", "look:a"), reply("Done.")]))
    use = use_of(world)
    assert use.used == Spending(cost_usd=0.5, tokens=24, steps=2)
    assert use.reserved == Spending()
    shown = [event.budget for event in world.events if event.type == "usage.recorded"]
    assert [budget.used.steps for budget in shown if budget] == [1, 2]
    assert shown[-1] is not None
    assert shown[-1].used == use.used
    assert shown[-1].limit == Amounts(steps=9, cost_usd=5)


async def test_tokens_bound_the_answer_and_run_out() -> None:
    world = World(ProcessorConfig(budget=Budget(tokens=6_000)))
    gateway = ScriptedGateway([big("look:a", Usage(input_tokens=3_000, output_tokens=1_500)), reply("Done.")])
    question = question_of(await world.work(gateway))
    bound = gateway.requests[0].max_output_tokens
    assert bound is not None
    assert 3_000 < bound < 6_000
    assert "4,500 of 6,000 tokens used" in question.text
    assert question.budget == Amounts(tokens=6_000)
    world.run.reply("Extend by the same again")
    assert await world.work(gateway) == Finished("answered")
    assert use_of(world).limit.tokens == 12_000
    check_laws(world)


async def test_a_call_that_fits_whole_is_not_bounded() -> None:
    world = World(ProcessorConfig(budget=Budget(cost_usd=100), price=CHEAP, max_output_tokens=1_000))
    gateway = ScriptedGateway([reply("Done.")])
    await world.work(gateway)
    assert gateway.requests[0].max_output_tokens == 1_000
    unlimited = World()
    gateway = ScriptedGateway([reply("Done.")])
    await unlimited.work(gateway)
    assert gateway.requests[0].max_output_tokens is None


async def test_a_first_call_that_does_not_fit_asks_for_as_much_as_it_needs() -> None:
    world = World(ProcessorConfig(budget=Budget(tokens=100)))
    gateway = ScriptedGateway([reply("Done.")])
    question = question_of(await world.work(gateway))
    assert gateway.requests == []
    assert question.budget is not None
    assert (question.budget.tokens or 0) % 100 == 0
    world.run.reply("Extend by the same again")
    assert await world.work(gateway) == Finished("answered")


async def test_the_time_ends_before_a_step() -> None:
    world = World(ProcessorConfig(budget=Budget(seconds=60)))
    world.run.seconds = 60.0
    gateway = ScriptedGateway([reply("Done.")])
    question = question_of(await world.work(gateway))
    assert "60 of 60 seconds used" in question.text
    assert question.budget == Amounts(seconds=60)
    world.run.reply("Extend by the same again")
    assert await world.work(gateway) == Finished("answered")


async def test_amounts_of_the_persons_own_and_a_wish() -> None:
    world = World(ProcessorConfig(budget=Budget(steps=1)))
    gateway = TurnGateway([act("native", "look:a"), act("native", "look:b"), reply("Done.")])
    question_of(await world.work(gateway))
    world.run.reply("Be quick.", Budget(steps=2, tokens=5))
    assert await world.work(gateway) == Finished("answered")
    assert use_of(world).limit == Amounts(steps=3)
    assert gateway.requests[1].messages[-1] == {"role": "user", "content": "Be quick."}


async def test_stopping_there_ends_it() -> None:
    world = World(ProcessorConfig(budget=Budget(steps=1)))
    gateway = TurnGateway([act("native", "look:a"), reply("Never said.")])
    carried = await carry(world, [act("native", "look:a"), reply("Never said.")], {"budget": "Stop here"})
    assert carried.end == Finished("budget", steerable=False)
    assert gateway.requests == []
    check_laws(world)


async def test_a_broken_try_is_paid_for_before_the_next() -> None:
    fault = ModelFault("broken_stream", "It broke.", partial=True)
    world = World(ProcessorConfig(budget=Budget(cost_usd=0.2), price=TINY))
    gateway = ScriptedGateway([reply("Half of", UsageChunk(STEP_USAGE), fault), reply("Whole.")])
    question = question_of(await world.work(gateway))
    assert "$0.25 of $0.20 used" in question.text
    assert len(gateway.requests) == 1
    assert world.run.usage == STEP_USAGE
    assert use_of(world).used == Spending(cost_usd=0.25, tokens=12)
    world.run.reply("Extend by the same again")
    assert await world.work(gateway) == Finished("answered")
    assert use_of(world).used == Spending(cost_usd=0.5, tokens=24, steps=1)


async def test_what_a_dead_attempt_reserved_is_given_back() -> None:
    world = World(ProcessorConfig(budget=Budget(tokens=40_000)))
    gateway = TurnGateway([reply("Done.")])
    with pytest.raises(ProcessDied):
        await world.work(gateway, fate=Fate(1))
    assert use_of(world).reserved.tokens > 30_000
    assert await world.work(gateway, took_over=True) == Finished("answered")
    assert use_of(world).reserved == Spending()


async def test_a_run_that_waited_before_there_were_budgets_goes_on() -> None:
    world = World(ProcessorConfig(budget=Budget(steps=2)))
    world.run.step = 2
    world.run.question = Question(reason="limit", text="2 steps are used. Shall the run go on?")
    world.run.reply("Go on")
    assert await world.work(ScriptedGateway([reply("Done.")])) == Finished("answered")
    assert use_of(world).limit == Amounts(steps=4)
    assert use_of(world).used.steps == 3


async def test_runs_share_a_pool() -> None:
    first = World(ProcessorConfig(budget=Budget(steps=3)))
    await first.work(TurnGateway([act("native", "look:a"), reply("Done.")]))
    second = World(first.config, run=MemoryRun(MemoryThread(), "Do more."))
    second.run.pool = first.run.pool
    turns = [act("native", "look:a"), reply("Done.")]
    assert "3 of 3 steps used" in question_of(await second.work(TurnGateway(turns))).text


def test_the_estimate_counts_what_is_new() -> None:
    estimate = InputEstimate()
    messages = [{"role": "user", "content": "x" * 300}]
    first = ModelRequest("m", messages, tools=[{"name": "y" * 300}])
    assert estimate.of(first) > 200
    estimate.learn(first, 0)
    assert estimate.of(first) > 200
    estimate.learn(first, 50)
    assert estimate.of(first) == 50
    more = {"role": "assistant", "content": "é" * 150}
    added = estimate.of(ModelRequest("m", [*messages, more], tools=first.tools)) - 50
    assert added == math.ceil((300 + len('{"role": "assistant", "content": ""}')) / 3)
    assert estimate.of(ModelRequest("m", [more, more])) > 200 - 50
    assert estimate.of(ModelRequest("m", [])) == 0


async def test_room_for_a_call_beside_the_steps_is_kept_back_until_it_has_ended() -> None:
    world, pauses = World(ProcessorConfig(budget=Budget(tokens=100_000, steps=9))), (Pause(), Pause())
    first, second = (act("native", "look:a"), reply("Done."))
    gateway = ScriptedGateway([Reply((pauses[0], *first.pieces)), Reply((pauses[1], *second.pieces))])
    loop = world.loop(gateway)
    beside = loop.beside(Extra(3_000, None))
    task = asyncio.create_task(loop.run())

    assert await beside.granted()

    await pauses[0].reached.wait()
    without = [use_of(world).reserved.tokens - 3_000]
    pauses[0].go_on.set()
    await pauses[1].reached.wait()
    without.append(use_of(world).reserved.tokens - 3_000)
    assert min(without) > 30_000
    beside.end()
    pauses[1].go_on.set()
    assert await task == Finished("answered")
    assert await beside.granted() is False


async def test_a_call_beside_the_steps_that_does_not_fit_is_not_granted_and_the_step_is() -> None:
    world = World(ProcessorConfig(budget=Budget(tokens=4_000), max_output_tokens=1_000))
    loop = world.loop(ScriptedGateway([reply("Done.")]))
    beside = loop.beside(Extra(3_000, None))

    assert await loop.run() == Finished("answered")

    assert await beside.granted() is False


async def test_without_room_for_a_step_nothing_is_granted_beside_it() -> None:
    world = World(ProcessorConfig(budget=Budget(tokens=100)))
    loop = world.loop(ScriptedGateway([]))
    beside = loop.beside(Extra(10, None))

    assert question_of(await loop.run()).reason == "budget"

    assert await beside.granted() is False
