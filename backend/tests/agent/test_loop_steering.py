"""Messages sent into a run, at every operation and whatever dies: read once, and never inside a step.

Where nothing dies, a message comes at every operation with native calls, and at every third with calls that
are written; where a process dies too, half of all pairs of places are tried. `make deaths` tries all.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import pytest

from factotum.agent.config import ProcessorConfig
from factotum.agent.loop import AgentLoop
from factotum.agent.outcome import Awaiting, Finished, RunOutcome
from factotum.llm.port import ModelGateway
from factotum.protocol.budgets import Budget
from factotum.protocol.dialect import Dialect
from factotum.testing.memory_journal import Fate, MemoryRun, Moment, ProcessDied
from factotum.testing.scripted_gateway import (
    NativeCall,
    Pause,
    Reply,
    ScriptedGateway,
    TurnGateway,
    reasoning,
    reply,
)
from factotum.tools.tool import Effect
from tests.agent.agent_support import World, check_laws, check_prefixes, contents, waiting_tool
from tests.agent.scenarios import SCENARIOS, Answers, act, check_effects

WORD = "And that too."
MORE = [reply("More."), reply("Still more."), reply("And more.")]
NAMES = ("every effect", "an answer", "side by side", "broken and retried", "a question")
MOMENTS: tuple[Moment, ...] = ("before", "after")


@dataclass(slots=True)
class SteeredAt(Fate):
    """Somebody writes right after an operation; `interrupts`: the task that works is cancelled for it."""

    write: int = 0
    run: MemoryRun | None = None
    task: asyncio.Task[RunOutcome] | None = None
    interrupts: bool = False
    wrote: bool = False

    def end(self) -> None:
        if self.done == self.write and self.run is not None and self.run.outcome is None:
            self.wrote = True
            self.run.steer(WORD, interrupts=self.interrupts)
            if self.interrupts and self.task is not None:
                self.task.cancel()
        Fate.end(self)


async def work(
    world: World, gateway: ModelGateway, fate: SteeredAt, *, took_over: bool = False
) -> RunOutcome:
    """Make one attempt as a worker does that listens to what is sent."""
    loop: AgentLoop = world.loop(gateway, took_over=took_over, fate=fate)
    fate.run = world.run
    while True:
        fate.task = asyncio.create_task(loop.run())
        await asyncio.wait({fate.task})
        if fate.task.cancelled():
            await loop.make_way()
            continue
        outcome = fate.task.result()
        if await world.left(loop, outcome):
            return outcome


async def carry(world: World, gateway: ModelGateway, answers: Answers, fate: SteeredAt) -> None:
    """Carry a run to its end, through one death and all questions."""
    took_over = False
    while world.run.outcome is None:
        try:
            outcome = await work(world, gateway, fate, took_over=took_over)
        except ProcessDied:
            took_over, fate = True, SteeredAt()
            continue
        took_over = False
        if isinstance(outcome, Awaiting):
            world.run.reply(answers[outcome.question.reason])
            fate = SteeredAt(write=fate.write - fate.done, interrupts=fate.interrupts)


def check_read(world: World, gateway: ScriptedGateway) -> None:
    """What was written stands once in the log, was read in a later request, and in none is a pair torn."""
    assert [message.text for message in world.messages].count(WORD) == 1
    assert world.run.unread == []
    assert sum(content == WORD for _, content in contents(gateway.requests[-1])) == 1
    for request in gateway.requests:
        for before, after in pairwise(request.messages):
            if before.get("tool_calls"):
                assert after["role"] == "tool"


def with_more(turns: Sequence[Reply | Sequence[Reply]]) -> TurnGateway:
    return TurnGateway([*turns, *MORE])


@pytest.mark.parametrize("interrupts", [False, True])
@pytest.mark.parametrize("dialect", ["native", "invoke"])
@pytest.mark.parametrize("name", NAMES)
async def test_a_message_at_any_point_is_read(
    name: str, dialect: Dialect, interrupts: bool, pytestconfig: pytest.Config
) -> None:
    scenario = SCENARIOS[name]
    written = 0
    for at in range(1, 80, 1 if dialect == "native" or pytestconfig.getoption("--every-death") else 3):
        world, fate = scenario.world(dialect), SteeredAt(write=at, interrupts=interrupts)
        gateway = with_more(scenario.turns(dialect))
        await carry(world, gateway, scenario.answers(), fate)
        check_laws(world)
        check_effects(world)
        # What a person says takes the place of the wish to go on with an answer that was cut.
        check_prefixes(gateway.requests, decisions=1)
        if WORD not in {message.text for message in world.messages}:
            break
        check_read(world, gateway)
        written += 1
    assert written >= (2 if dialect == "native" else 1)


@pytest.mark.parametrize("interrupts", [False, True])
@pytest.mark.parametrize("name", NAMES)
async def test_a_message_is_read_though_the_process_dies(
    name: str, interrupts: bool, pytestconfig: pytest.Config
) -> None:
    scenario = SCENARIOS[name]
    pairs = list(product(range(1, 12, 2), range(5), MOMENTS))
    every = bool(pytestconfig.getoption("--every-death"))
    for number, (write, later, moment) in enumerate(pairs):
        # Of the two moments at each pair of places one, in turn: as on a chessboard.
        if (number // 2 + number) % 2 and not every:
            continue
        world = scenario.world("native")
        gateway = with_more(scenario.turns("native"))
        fate = SteeredAt(at=write + later, moment=moment, write=write, interrupts=interrupts)
        await carry(world, gateway, scenario.answers(), fate)
        check_laws(world)
        check_effects(world)
        if fate.wrote:
            check_read(world, gateway)


async def test_a_message_comes_after_the_results_of_the_step_that_it_met() -> None:
    world, pause = World(), Pause()
    gateway = ScriptedGateway([reply("Now. ", pause, NativeCall("look", {"text": "a"})), reply("Done.")])
    working = asyncio.create_task(world.work(gateway))
    await pause.reached.wait()
    world.run.steer(WORD)
    pause.go_on.set()
    assert await working == Finished("answered")
    assert [message.role for message in world.messages] == ["user", "assistant", "tool", "user", "assistant"]
    assert [role for role, _ in contents(gateway.requests[-1])] == ["user", "assistant", "tool", "user"]
    check_read(world, gateway)


@pytest.mark.parametrize(("name", "said"), [("complete", "All done."), ("ask", "")])
async def test_an_end_that_comes_too_early_is_none(name: str, said: str) -> None:
    world, pause = World(), Pause()
    first = act("native", name)
    gateway = ScriptedGateway([Reply((*first.pieces, pause)), reply("Now it is.")])
    working = asyncio.create_task(world.work(gateway))
    await pause.reached.wait()
    world.run.steer(WORD)
    pause.go_on.set()
    assert await working == Finished("answered")
    (result,) = world.results().values()
    assert result.outcome == "stopped"
    assert result.output.startswith("Not finished: the person wrote a new message while this call ran.")
    assert said not in result.output or not said
    check_read(world, gateway)
    check_laws(world)


async def test_an_interrupted_stream_keeps_what_was_said_and_goes_on() -> None:
    world, pause = World(), Pause()
    gateway = ScriptedGateway([reply(reasoning("Hm."), "So far", pause, "never seen"), reply("Done.")])
    loop = world.loop(gateway)
    task = asyncio.create_task(loop.run())
    await pause.reached.wait()
    world.run.steer(WORD, interrupts=True)
    task.cancel()
    await asyncio.wait({task})
    assert gateway.open_streams == 0
    await loop.make_way()
    assert await loop.run() == Finished("answered")
    assert [message.text for message in world.messages[1:]] == ["So far", WORD, "Done."]
    assert world.run.step == 2


@pytest.mark.parametrize(
    ("effect", "outcome", "says"),
    [("pure", "stopped", "Not finished: the person"), ("unsafe", "unknown", "Outcome unknown: the person")],
)
async def test_an_interrupted_call_is_settled_truthfully(effect: Effect, outcome: str, says: str) -> None:
    started, ended = asyncio.Event(), asyncio.Event()
    world = World(extra=(waiting_tool(effect, started, ended),))
    calls = NativeCall("waiting", {}), NativeCall("send", {"text": "a"})
    gateway = ScriptedGateway([reply(*calls), reply("Done.")])
    loop = world.loop(gateway)
    task = asyncio.create_task(loop.run())
    await started.wait()
    world.run.steer(WORD, interrupts=True)
    task.cancel()
    await asyncio.wait({task})
    assert ended.is_set()
    await loop.make_way()
    outcome_of_run = await loop.run()
    world.run.leave(1, outcome_of_run)
    first, second = world.results().values()
    assert (first.outcome, second.outcome) == (outcome, "stopped")
    assert first.output.startswith(says)
    assert second.output.startswith("Not executed: the person wrote a new message.")
    assert world.done == []
    check_read(world, gateway)
    check_laws(world)


async def test_an_answer_is_taken_before_the_message_that_interrupts_it() -> None:
    world = World()
    gateway = TurnGateway([act("native", "ask"), reply("Blue, then.")])
    assert isinstance(await world.work(gateway), Awaiting)
    world.run.reply("Blue")
    loop = world.loop(gateway)
    task = asyncio.create_task(loop.run())
    task.cancel()
    world.run.steer(WORD, interrupts=True)
    await asyncio.wait({task})
    await loop.make_way()
    world.run.leave(2, await loop.run())
    assert world.result_texts() == ["Blue"]
    check_read(world, gateway)
    check_laws(world)


async def test_who_says_stop_here_is_not_asked_again_for_a_message_that_waits() -> None:
    world = World(ProcessorConfig(budget=Budget(steps=1)))
    gateway = TurnGateway([act("native", "look:a"), reply("Never said.")])
    outcome = await world.work(gateway)
    assert isinstance(outcome, Awaiting)
    world.run.steer(WORD)
    world.run.reply("Stop here")
    assert await world.work(gateway) == Finished("budget", steerable=False)
    assert world.messages[-1].text == WORD
    assert len(gateway.requests) == 1
