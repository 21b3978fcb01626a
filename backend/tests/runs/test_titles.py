"""Titles of threads: made beside the run, never in its way, never over a person's own."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from factotum.llm.faults import ModelFault
from factotum.llm.port import FallbackChunk, ModelChunk, ModelRequest, StopChunk, TextChunk, UsageChunk
from factotum.llm.prices import FREE, Tier
from factotum.protocol.budgets import Budget, Spending
from factotum.protocol.events import ThreadTitled, UsageRecorded
from factotum.protocol.runs import Run, RunOptions, Usage
from factotum.runs.executor import RunExecutor
from factotum.runs.live import LiveRuns
from factotum.runs.service import NewRun
from factotum.runs.title_words import MOST_CHARACTERS, shortened, title_of_answer, title_of_task
from factotum.runs.titles import Titler, longest_title
from factotum.store.threads import Threads
from tests.runs.played import USAGE, Gate, Item, asks, calls, completes, says
from tests.runs.stage import Stage
from tests.waiting import until

CHEAP = replace(FREE, tiers=(Tier(0, 1e-6, 5e-6),))
USED = Usage(input_tokens=30, output_tokens=6, cost_usd=0.125)


class TitleGateway:
    """A model that only gives titles; it waits at gates and raises faults."""

    def __init__(self, *items: Item) -> None:
        self.items = items
        self.requests: list[ModelRequest] = []
        self.open = 0

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelChunk]:
        """Play the items."""
        self.requests.append(request)
        self.open += 1
        try:
            for item in self.items:
                if isinstance(item, Gate):
                    await item.wait()
                elif isinstance(item, Exception):
                    raise item
                else:
                    yield item
        finally:
            self.open -= 1


def answers(text: str) -> TitleGateway:
    """A model that gives one title."""
    return TitleGateway(TextChunk(text[:5]), TextChunk(text[5:]), UsageChunk(USED), StopChunk("stop"))


def executor(stage: Stage, titler: Titler, live: LiveRuns | None = None) -> RunExecutor:
    """An executor that gives titles."""
    made = stage.executor(live=live)
    made._titler = titler  # pyright: ignore[reportPrivateUsage] - the stage makes executors without
    return made


async def title_of(stage: Stage, run: Run) -> str:
    async with stage.database.tenant(stage.caller) as tx:
        return (await Threads(tx).get(run.thread_id)).title


async def told(stage: Stage, run: Run) -> list[str]:
    return [event.title for event in await stage.events(run) if isinstance(event, ThreadTitled)]


async def is_titled(stage: Stage, run: Run) -> bool:
    return bool(await title_of(stage, run))


async def test_a_model_gives_the_title_while_the_run_works(stage: Stage) -> None:
    gate, gateway = Gate(), answers('"Prime numbers below 100."\n')
    stage.gateway.turns = [says("All there are.", gate)]
    run = await stage.submit(text="Compute all primes below 100, please.", fallback_models=["spare"])
    task = stage.start(run, executor(stage, Titler(gateway)))
    await gate.reached.wait()
    await until(lambda: is_titled(stage, run))
    gate.released.set()
    await task
    assert await title_of(stage, run) == "Prime numbers below 100"
    assert await told(stage, run) == ["Prime numbers below 100"]
    (request,) = gateway.requests
    assert (request.model, request.fallbacks) == ("played", ("spare",))
    assert "Compute all primes" in str(request.messages[-1]["content"])
    assert (await stage.get(run)).usage.model_copy(update={"context": None}) == USAGE.plus(USED)
    used = [(e.purpose, e.model) for e in await stage.events(run) if isinstance(e, UsageRecorded)]
    assert sorted(used) == [("step", "played"), ("title", "played")]
    await stage.assert_whole(run)


async def test_a_slow_model_holds_nothing_up(stage: Stage) -> None:
    """The run ends when it ends; its task's words are the title then, and the model is hung up on."""
    gate = Gate()
    gateway = TitleGateway(gate)
    stage.gateway.turns = [completes()]
    run = await stage.submit(text="Find the  longest river.\nThen the deepest lake.")
    async with asyncio.timeout(10):
        await executor(stage, Titler(gateway)).execute(run.id)
    assert (await stage.get(run)).status == "finished"
    assert await title_of(stage, run) == "Find the longest river."
    types = await stage.types(run)
    assert types.index("thread.titled") < types.index("run.finished") == len(types) - 1
    assert gateway.open == 0
    await stage.assert_whole(run)


@pytest.mark.parametrize(
    "gateway",
    [
        TitleGateway(ModelFault("overloaded", "It is overloaded.")),
        TitleGateway(TextChunk("\n\n"), StopChunk("stop")),
        TitleGateway(TextChunk("Half"), ModelFault("stalled", "It stalled.", partial=True)),
    ],
    ids=["away", "says nothing", "breaks"],
)
async def test_without_a_models_title_the_task_gives_it(stage: Stage, gateway: TitleGateway) -> None:
    stage.gateway.turns = [says("Done.")]
    run = await stage.submit(text="Say done.")
    await executor(stage, Titler(gateway)).execute(run.id)
    assert await title_of(stage, run) == "Say done."
    assert await told(stage, run) == ["Say done."]


async def test_a_person_s_own_title_stays(stage: Stage) -> None:
    """Whoever names the thread first, even while the model thinks, has named it."""
    title, work = Gate(), Gate()
    gateway = TitleGateway(title, TextChunk("The model's"), FallbackChunk("spare", "away"), StopChunk("stop"))
    stage.gateway.turns = [says("Done.", work)]
    run = await stage.submit()
    task = stage.start(run, executor(stage, Titler(gateway)))
    await title.reached.wait()
    async with stage.database.tenant(stage.caller) as tx:
        await Threads(tx).rename(run.thread_id, "Mine")
    title.released.set()
    await work.reached.wait()
    work.released.set()
    await task
    assert await title_of(stage, run) == "Mine"
    assert await told(stage, run) == []


async def test_a_thread_with_a_title_asks_no_model(stage: Stage) -> None:
    gateway = answers("Never")
    stage.gateway.turns = [says("Done."), says("Again.")]
    titler = Titler(gateway, ask=False)
    first = await stage.submit(text="First.")
    await executor(stage, titler).execute(first.id)
    second = await stage.submit(first.thread_id, "Second.")
    await executor(stage, Titler(gateway)).execute(second.id)
    assert await title_of(stage, first) == "First."
    assert gateway.requests == []


async def test_the_installations_model_for_titles_and_the_demo(stage: Stage) -> None:
    """A model of its own gives the titles of every run; the demo is not asked, a chatterbox is cut off."""
    gateway = TitleGateway(TextChunk("Title: Cheap\n" + "x" * 2_000), Gate())
    gate = Gate()
    stage.gateway.turns = [says("Done.", gate)]
    run = await stage.submit()
    task = stage.start(run, executor(stage, Titler(gateway, model="cheap")))
    await until(lambda: is_titled(stage, run))
    gate.released.set()
    await task
    assert gateway.requests[0].model == "cheap"
    assert await title_of(stage, run) == "Cheap"
    demo = (await stage.service.submit(stage.caller, await stage.thread(), NewRun("Show me.", "demo")))[0]
    await executor(stage, Titler(gateway)).execute(demo.id)
    assert await title_of(stage, demo) == "Show me."
    assert len(gateway.requests) == 1


async def test_a_run_that_goes_on_elsewhere_leaves_the_title_to_the_next(stage: Stage) -> None:
    title, work = Gate(), Gate()
    live = LiveRuns()
    stage.gateway.turns = [calls(("look", {"key": "a"})), completes()]
    stage.acts.gates["a"] = work
    run = await stage.submit(text="Look.")
    task = stage.start(run, executor(stage, Titler(TitleGateway(title)), live))
    await work.reached.wait()
    live.drain()
    work.released.set()
    await task
    assert await title_of(stage, run) == ""
    await executor(stage, Titler(answers("Looking"))).execute(run.id)
    assert (await stage.get(run)).status == "finished"
    assert len(await told(stage, run)) == 1
    await stage.assert_whole(run)


async def test_a_run_that_waits_for_a_person_has_its_title(stage: Stage) -> None:
    stage.gateway.turns = [asks()]
    run = await stage.submit(text="Ask me.")
    await executor(stage, Titler(TitleGateway(Gate()))).execute(run.id)
    assert (await stage.get(run)).status == "awaiting_input"
    assert await title_of(stage, run) == "Ask me."


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ("Primes", "Primes"),
        ("**„Primzahlen unter 100“**", "Primzahlen unter 100"),
        ("\nTitle: 'Weather in Oslo.'\nMore.", "Weather in Oslo"),
        ("# 素数の一覧", "素数の一覧"),
        ("", ""),
        ('***\n""', ""),
    ],
)
def test_a_models_answer_is_made_a_title(answer: str, title: str) -> None:
    assert title_of_answer(answer) == title


def test_titles_are_short_and_cut_at_a_word() -> None:
    long = "Compare the twelve largest rivers of the world, by length and by discharge, in a table"
    assert title_of_task(f"\n  {long}\n") == "Compare the twelve largest rivers of the world, by length…"
    assert len(shortened("x" * 500)) == MOST_CHARACTERS
    assert shortened("a" * MOST_CHARACTERS) == "a" * MOST_CHARACTERS
    assert title_of_task(" \n ") == "Untitled"


async def test_room_for_the_title_is_kept_back_while_it_is_made(stage: Stage) -> None:
    title, work = Gate(), Gate()
    stage.gateway.turns = [says("Done.", work)]
    new = NewRun("Say done.", model="priced", options=RunOptions(budget=Budget(tokens=500_000)))
    run = (await stage.service.submit(stage.caller, await stage.thread(), new))[0]
    gateway = TitleGateway(title, *answers("Done").items)
    made = Titler(gateway, price=lambda model: CHEAP if model == "priced" else None)
    extra = longest_title(CHEAP)
    task = stage.start(run, executor(stage, made))
    await title.reached.wait()
    await work.reached.wait()
    held = await stage.get(run)
    assert held.budget is not None
    assert (extra.tokens, extra.nanos) == (3_256, 3_000_000 + 256 * 5_000)
    with_title = held.budget.reserved
    title.released.set()
    await until(lambda: is_titled(stage, run))
    work.released.set()
    await task
    ended = await stage.get(run)
    assert ended.budget is not None
    assert ended.budget.reserved == Spending()
    assert ended.budget.used.tokens == 15 + 36
    alone = await _reserved_by_a_step(stage)
    assert with_title.tokens - alone.tokens == extra.tokens
    assert with_title.nanos - alone.nanos == extra.nanos
    await stage.assert_whole(run)


async def _reserved_by_a_step(stage: Stage) -> Spending:
    """What the same run keeps back without a title."""
    work = Gate()
    stage.gateway.turns = [says("Done.", work)]
    new = NewRun("Say done.", model="priced", options=RunOptions(budget=Budget(tokens=500_000)))
    run = (await stage.service.submit(stage.caller, await stage.thread(), new))[0]
    task = stage.start(run)
    await work.reached.wait()
    held = await stage.get(run)
    work.released.set()
    await task
    assert held.budget is not None
    return held.budget.reserved


async def test_a_budget_without_room_for_the_title_lets_the_task_give_it(stage: Stage) -> None:
    gateway = answers("Never asked")
    needed = (await _reserved_by_a_step(stage)).tokens - 32_000
    stage.gateway.turns = [says("Done.")]
    new = NewRun("Say done.", model="priced", options=RunOptions(budget=Budget(tokens=needed + 1_000)))
    run = (await stage.service.submit(stage.caller, await stage.thread(), new))[0]
    await executor(stage, Titler(gateway)).execute(run.id)
    assert (await stage.get(run)).status == "finished"
    assert gateway.requests == []
    assert await title_of(stage, run) == "Say done."
