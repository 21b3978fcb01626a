"""Stops and lost leases at every operation of a run, and what a stop says of the calls it met."""

import asyncio
from dataclasses import dataclass

import pytest

from factotum.agent.config import ProcessorConfig
from factotum.agent.loop import AgentLoop
from factotum.agent.outcome import Awaiting, Finished
from factotum.core.errors import StaleAttempt
from factotum.llm.faults import ModelFault
from factotum.llm.port import ModelGateway
from factotum.protocol.budgets import Budget
from factotum.protocol.dialect import Dialect
from factotum.protocol.messages import TextPart
from factotum.protocol.pieces import Joined
from factotum.testing.memory_journal import Fate, MemoryRun, ProcessDied
from factotum.testing.scripted_gateway import (
    STEP_USAGE,
    NativeCall,
    Pause,
    ScriptedGateway,
    TurnGateway,
    call,
    reasoning,
    reply,
)
from factotum.tools.tool import Effect
from tests.agent.agent_support import NAMED, World, check_laws, check_shown, waiting_tool
from tests.agent.scenarios import SCENARIOS, act, carry, check_effects


@dataclass(slots=True)
class CancelAt(Fate):
    """Cancels a task right after an operation, as a stop does."""

    task: asyncio.Task[object] | None = None

    def end(self) -> None:
        if self.done == self.at and self.task is not None:
            self.task.cancel()


@dataclass(slots=True)
class OvertakenAt(Fate):
    """Lets another worker claim the run right after an operation."""

    run: MemoryRun | None = None
    left: tuple[int, int, object] | None = None

    def end(self) -> None:
        if self.done == self.at and self.run is not None:
            self.run.claim(took_over=True)
            self.left = written(self.run)


def written(run: MemoryRun) -> tuple[int, int, object]:
    return len(run.thread.messages), len(run.events), dict(run.ledger)


async def stopped(loop: AgentLoop, task: "asyncio.Task[object]") -> tuple[str, ...]:
    """Do what a worker does when a run is stopped."""
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    return await loop.settle_stopped()


def begin(world: World, gateway: ModelGateway) -> "tuple[AgentLoop, asyncio.Task[object]]":
    loop = world.loop(gateway)
    return loop, asyncio.create_task(loop.run())


@pytest.mark.parametrize("dialect", ["native", "invoke"])
@pytest.mark.parametrize(
    "name",
    [
        "every effect",
        "side by side",
        "cut and continued",
        "cut and broken",
        "broken and retried",
        "on stream",
        "on stream, side by side",
        "on stream and broken",
    ],
)
async def test_a_stop_at_any_point_leaves_the_log_whole(name: str, dialect: Dialect) -> None:
    scenario = SCENARIOS[name]
    cancelled = 0
    for at in range(1, 60):
        world, fate = scenario.world(dialect), CancelAt(at)
        loop = world.loop(TurnGateway(scenario.turns(dialect)), fate=fate)
        task: asyncio.Task[object] = asyncio.create_task(loop.run())
        fate.task = task
        await asyncio.wait({task})
        if not task.cancelled():
            break
        cancelled += 1
        did = list(world.done)
        not_executed = await loop.settle_stopped()
        check_laws(world)
        check_effects(world)
        assert world.done == did
        never = [
            part.name
            for part in world.results().values()
            if "Not executed: the run was stopped" in part.output
        ]
        assert sorted(never) == sorted(not_executed)
        joined = Joined()
        joined.extend(world.messages)
        steps = sum(message.role == "assistant" for message in joined.messages)
        assert world.run.step == steps, at
        assert loop.usage == world.run.usage or not steps
    assert cancelled > 5


async def test_a_stop_in_the_stream_keeps_the_partial_text() -> None:
    world = World()
    pause = Pause()
    whole = NativeCall("send", {"text": "a"})
    gateway = ScriptedGateway([reply(reasoning("Hm."), "So far", whole, pause, "never seen")])
    loop, task = begin(world, gateway)
    await pause.reached.wait()

    assert await stopped(loop, task) == ("send",)

    assert gateway.open_streams == 0
    assert world.messages[-2].text == "So far"
    assert world.done == []
    assert world.shown_text() == "So far"
    assert world.run.usage.output_tokens == 0
    check_laws(world)


@pytest.mark.parametrize("dialect", ["native", "invoke"])
async def test_a_stop_leaves_out_a_call_that_was_not_written_to_its_end(dialect: Dialect) -> None:
    world = World(ProcessorConfig(dialect=dialect))
    pause = Pause()
    written = call(NAMED["send"], {"text": "a"}, dialect)
    half = written[:-30] if isinstance(written, str) else written.chunks(0)[0]
    loop, task = begin(world, ScriptedGateway([reply("So far", half, pause)]))
    await pause.reached.wait()

    assert await stopped(loop, task) == ()

    assert world.messages[-1].calls == ()
    assert world.messages[-1].text.startswith("So far")
    check_laws(world)


async def test_a_stop_before_any_text_withdraws_the_draft() -> None:
    world = World()
    pause = Pause()
    loop, task = begin(world, ScriptedGateway([reply(reasoning("Hm."), pause)]))
    await pause.reached.wait()

    assert await stopped(loop, task) == ()

    assert len(world.messages) == 1
    assert world.told() == ["message.discarded"]
    check_laws(world)


@pytest.mark.parametrize(
    ("effect", "outcome", "says"),
    [
        ("pure", "stopped", "Not finished: the run was stopped while this call ran."),
        ("idempotent", "unknown", "It can safely be called again."),
        ("unsafe", "unknown", "Check before you repeat it."),
    ],
)
@pytest.mark.parametrize("strategy", ["sequential", "parallel"])
async def test_a_stop_says_truly_how_far_each_call_came(
    effect: Effect, outcome: str, says: str, strategy: str
) -> None:
    started, ended = asyncio.Event(), asyncio.Event()
    waiting = waiting_tool(effect, started, ended)
    parallel = strategy == "parallel"
    config = ProcessorConfig(tool_execution_strategy="parallel" if parallel else "sequential")
    world = World(config, extra=(waiting,))
    calls = NativeCall("waiting", {}), NativeCall("send", {"text": "a"})
    loop, task = begin(world, ScriptedGateway([reply(*calls)]))
    await started.wait()
    await asyncio.sleep(0.01)  # the other call of a parallel pair ends meanwhile
    assert bool(world.done) == parallel

    not_executed = await stopped(loop, task)

    assert ended.is_set()
    assert not_executed == (() if parallel else ("send",))
    result = next(part for part in world.results().values() if part.name == "waiting")
    assert result.outcome == outcome
    assert says in result.output
    check_laws(world)


async def test_a_loop_that_is_cut_off_begins_no_step() -> None:
    world = World()
    loop = world.loop(ScriptedGateway([]))
    loop.cut_off()

    with pytest.raises(asyncio.CancelledError):
        await loop.run()

    assert len(world.messages) == 1


async def test_a_stop_before_the_first_step_changes_nothing() -> None:
    world = World()
    loop, task = begin(world, ScriptedGateway([]))

    assert await stopped(loop, task) == ()
    assert len(world.messages) == 1


@pytest.mark.parametrize("name", SCENARIOS)
async def test_an_attempt_that_is_overtaken_writes_nothing_more(name: str) -> None:
    scenario = SCENARIOS[name]
    overtaken = 0
    for at in range(1, 60):
        world = scenario.world("native")
        fate = OvertakenAt(at, run=world.run)
        try:
            outcome = await world.work(TurnGateway(scenario.turns("native")), fate=fate)
        except StaleAttempt:
            overtaken += 1
            assert fate.left == written(world.run)
        except ModelFault:
            assert fate.left is None or fate.left == written(world.run)
        else:
            assert isinstance(outcome, Finished | Awaiting)
            break
    assert overtaken >= 2


async def test_an_attempt_that_was_overtaken_cannot_settle_or_leave() -> None:
    world = World()
    pause = Pause()
    loop, task = begin(world, ScriptedGateway([reply("So far", pause)]))
    await pause.reached.wait()
    world.run.claim(took_over=True)

    with pytest.raises(StaleAttempt):
        await stopped(loop, task)

    assert len(world.messages) == 1


async def test_the_answer_about_an_unknown_outcome_reaches_the_model() -> None:
    scenario = SCENARIOS["side by side"]
    unsure = 0
    for at in range(1, 30):
        world = scenario.world("native")
        answers = {**scenario.answers(), "unknown_outcome": "It arrived."}
        carried = await carry(world, scenario.turns("native"), answers, [Fate(at, "before")])
        if carried.was_unsure:
            unsure += 1
            sent = next(part for part in world.results().values() if part.outcome == "unknown")
            assert sent.output.startswith("Outcome unknown: the service was interrupted while this call ran")
            assert sent.output.endswith("The person was asked, and says: It arrived.")
    assert unsure > 2


async def test_the_question_about_an_unknown_outcome_shows_the_call_shortly() -> None:
    world = World()
    turns = [act("native", "send:" + "x" * 1000), reply("Good.")]
    ledger_started = 0
    for at in range(1, 30):
        world = World()
        with pytest.raises(ProcessDied):
            await world.work(TurnGateway(turns), fate=Fate(at))
        if any(record.state == "started" for record in world.run.ledger.values()):
            ledger_started = at
            break
    assert ledger_started

    outcome = await world.work(TurnGateway(turns), took_over=True)

    assert isinstance(outcome, Awaiting)
    question = outcome.question
    assert question.reason == "unknown_outcome"
    assert question.call_id in world.run.ledger
    assert question.call_ids == (question.call_id,)
    assert '\n- send: text="xxx' in question.text
    assert len(question.text) < 600
    assert "Run it again" in question.choices


async def test_a_call_of_a_tool_that_a_new_version_lacks_becomes_an_error() -> None:
    started = asyncio.Event()
    world = World(extra=(waiting_tool("pure", started, asyncio.Event()),))
    turns = [reply(NativeCall("waiting", {})), reply("Then not.")]
    died = asyncio.create_task(world.work(TurnGateway(turns)))
    await started.wait()
    died.cancel()
    await asyncio.wait({died})
    world.extra = ()

    assert await world.work(TurnGateway(turns), took_over=True) == Finished("answered")

    (result,) = world.results().values()
    assert "Error (unknown_tool)" in result.output
    check_laws(world)


async def test_a_limit_counts_in_whole_rounds_and_asks_each_time() -> None:
    world = World(ProcessorConfig(budget=Budget(steps=2)))
    turns = [act("native", f"look:{number}") for number in range(5)]

    carried = await carry(world, [*turns, reply("Done.")], {"budget": " extend BY the same again "})

    assert carried.asked == ["budget", "budget"]
    assert [message.role for message in world.messages].count("user") == 1
    assert world.run.step == 6
    assert world.run.usage.input_tokens == 6 * STEP_USAGE.input_tokens


async def test_a_wish_at_the_limit_is_read_by_the_model() -> None:
    world = World(ProcessorConfig(budget=Budget(steps=1)))
    carried = await carry(world, [act("native", "look:a"), reply("Done.")], {"budget": "Faster, please."})

    assert carried.asked == ["budget"]
    assert carried.gateway.requests[-1].messages[-1] == {"role": "user", "content": "Faster, please."}
    assert world.messages[-2].parts == (TextPart(text="Faster, please."),)
    check_shown(world)
