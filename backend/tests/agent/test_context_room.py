"""The loop in a small window: it goes on, within the window, with whole pairs, and never without its task."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from itertools import pairwise

import pytest

from factotum.agent.config import ProcessorConfig
from factotum.agent.outcome import Finished
from factotum.agent.transcript import tokens_of
from factotum.llm.faults import ModelFault
from factotum.llm.port import FallbackChunk, ModelChunk, ModelRequest, TextChunk
from factotum.protocol.budgets import Budget
from factotum.protocol.dialect import Dialect
from factotum.protocol.events import MessageCreated, UsageRecorded
from factotum.protocol.messages import CompactionPart, ReferencesPart
from factotum.protocol.runs import ContextSize, Usage
from factotum.testing.memory_journal import Fate, MemoryRun, MemoryThread, ProcessDied
from factotum.testing.scripted_gateway import (
    STEP_USAGE,
    NativeCall,
    Pause,
    Reply,
    ScriptedGateway,
    TurnGateway,
    asks_for_summary,
    reply,
)
from factotum.tools.builtin.expand import expand_output
from tests.agent.agent_support import COUNT, World, check_laws, check_prefixes, check_window, decisions
from tests.agent.scenarios import DONE, act

TOO_LONG = reply(ModelFault("context_overflow", "It is too long."))
PART_USAGE = Usage(input_tokens=300, output_tokens=40, cost_usd=0.5)


def prefix_share(requests: list[ModelRequest]) -> float:
    """The share of all input tokens, after the first turn, that the turn before had sent already."""
    known = sent = 0
    for earlier, later in pairwise(requests):
        same = 0
        for old, new in zip(earlier.messages, later.messages, strict=False):
            if old != new:
                break
            same += 1
        known += tokens_of([*later.tools, *later.messages[:same]], COUNT)
        sent += tokens_of([*later.tools, *later.messages], COUNT)
    return known / sent


@pytest.mark.parametrize("dialect", ["native", "invoke"])
async def test_the_prefix_of_a_long_run_stays(dialect: Dialect) -> None:
    world = World(ProcessorConfig(dialect=dialect, budget=Budget(steps=100)))
    turns = [act(dialect, f"look:the {n}th thing, which is like the one before") for n in range(49)]
    gateway = TurnGateway([*turns, reply(DONE)])

    assert await world.work(gateway) == Finished("answered")

    assert len(gateway.requests) == 50
    assert prefix_share(gateway.requests) >= 0.95
    check_prefixes(gateway.requests)
    assert decisions(world) == []


class Interjecting(TurnGateway):
    """A model whose person says something now and then."""

    def __init__(self, world: World, turns: Sequence[Reply]) -> None:
        super().__init__(turns)
        self._world = world

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelChunk]:
        """Play the next reply."""
        if len(self.requests) in (9, 19, 29, 39):
            self._world.run.steer(f"And mind the {len(self.requests)}th.")
        async with aclosing(super().stream(request)) as chunks:
            async for chunk in chunks:
                yield chunk


@pytest.mark.parametrize("dialect", ["native", "invoke", "tag"])
async def test_the_prefix_of_a_long_run_stays_though_it_is_steered_and_cut(dialect: Dialect) -> None:
    world = World(ProcessorConfig(dialect=dialect, budget=Budget(steps=100)))
    turns = [act(dialect, f"look:the {n}th thing, which is like the one before") for n in range(48)]
    turns.insert(20, reply("That is a long st", stop="length"))
    gateway = Interjecting(world, [*turns, reply(DONE)])

    assert await world.work(gateway) == Finished("answered")

    assert len(gateway.requests) == 50
    assert sum(message.role == "user" for message in world.messages) == 1 + 4
    assert prefix_share(gateway.requests) >= 0.95
    check_prefixes(gateway.requests)


@pytest.mark.parametrize("dialect", ["native", "tag"])
async def test_a_long_run_in_a_small_window_goes_on(dialect: Dialect) -> None:
    world = World(ProcessorConfig(dialect=dialect, budget=Budget(steps=100)), window=6_000)
    names = ["page", "look", "put", "look"]
    turns = [act(dialect, f"{names[n % 4]}:{n}", text="So it goes on and on. " * 8) for n in range(49)]
    gateway = TurnGateway([*turns, reply(DONE)])

    assert await world.work(gateway) == Finished("answered")

    check_laws(world)
    check_window(world, gateway.requests)
    taken = decisions(world)
    check_prefixes(gateway.requests, len(taken))
    assert 2 <= len(taken) <= 12
    assert any(isinstance(part, CompactionPart) for message in taken for part in message.parts)
    assert any(isinstance(part, ReferencesPart) for message in taken for part in message.parts)
    steps = [request for request in gateway.requests if not asks_for_summary(request)]
    assert prefix_share(steps) > 0.7


async def test_what_a_step_reports_says_how_full_the_window_is() -> None:
    world = World()
    await world.work(ScriptedGateway([reply("Hello.", usage=PART_USAGE)]))

    (told,) = [event for event in world.events if isinstance(event, UsageRecorded)]
    assert told.usage.context == ContextSize(tokens=340, window=128_000)
    assert world.run.usage.context == told.usage.context


async def test_a_summary_is_counted_and_shown() -> None:
    world = World(window=4_000)
    long = "Word upon word. " * 200
    turns = [*(act("native", f"put:{n}", text=long) for n in "abcd"), reply(DONE)]

    await world.work(TurnGateway(turns, reply("Task: as said.", usage=PART_USAGE)))

    (taken,) = decisions(world)
    (part,) = taken.parts
    assert isinstance(part, CompactionPart)
    assert (part.summary, part.summarised, part.keeps) == ("Task: as said.", True, (world.messages[0].id,))
    used = [event.usage for event in world.events if isinstance(event, UsageRecorded)]
    assert PART_USAGE in used
    assert len(used) == 6
    total = STEP_USAGE.plus(STEP_USAGE).plus(STEP_USAGE).plus(STEP_USAGE).plus(STEP_USAGE).plus(PART_USAGE)
    assert world.run.usage.model_copy(update={"context": None}) == total
    shown = [event.message for event in world.events if isinstance(event, MessageCreated)]
    assert taken in shown
    assert world.run.step == 5


@pytest.mark.parametrize(
    "summary",
    [
        reply("Half of", ModelFault("broken_stream", "It broke.", partial=True)),
        reply("Bad.", stop="content_filter"),
        reply(" \n"),
        reply(NativeCall("look", {"text": "instead"})),
    ],
)
async def test_a_summary_that_fails_leaves_a_note_and_the_run_goes_on(summary: object) -> None:
    world = World(window=4_000)
    long = "Word upon word. " * 200
    turns = [*(act("native", f"put:{n}", text=long) for n in "abcd"), reply(DONE)]

    assert await world.work(TurnGateway(turns, summary)) == Finished("answered")  # pyright: ignore[reportArgumentType] - a Reply

    (part,) = decisions(world)[0].parts
    assert isinstance(part, CompactionPart)
    assert not part.summarised
    assert "No record could be made" in part.summary


async def test_a_summary_that_the_budget_has_no_room_for_is_not_asked_for() -> None:
    turns = [*(act("native", f"put:{n}", text="Word upon word. " * 200) for n in "abcd"), reply(DONE)]
    whole = World(window=4_000)
    await whole.work(TurnGateway(turns, reply("Task: as said.", usage=PART_USAGE)))
    assert whole.run.pool is not None
    used = whole.run.pool.use.used
    assert used.tokens == whole.run.usage.input_tokens + whole.run.usage.output_tokens

    world = World(ProcessorConfig(budget=Budget(tokens=2_600)), window=4_000)
    gateway = TurnGateway(turns, reply("Not to be written."))
    await world.work(gateway)

    assert not any(map(asks_for_summary, gateway.requests))
    (part,) = decisions(world)[0].parts
    assert isinstance(part, CompactionPart)
    assert not part.summarised


async def test_a_summary_that_does_not_end_is_bounded() -> None:
    world = World(window=4_000)
    long = "Word upon word. " * 200
    turns = [*(act("native", f"put:{n}", text=long) for n in "abcd"), reply(DONE)]

    await world.work(TurnGateway(turns, reply(*[TextChunk("and so on \ud800 " * 50)] * 100)))

    (part,) = decisions(world)[0].parts
    assert isinstance(part, CompactionPart)
    assert COUNT(part.summary) <= 200


async def test_a_refusal_as_too_long_is_mended_twice_and_then_told() -> None:
    world = World()
    pages = [act("native", f"page:{name}") for name in "abcd"]
    gateway = TurnGateway([*pages, [TOO_LONG, TOO_LONG, TOO_LONG]])

    with pytest.raises(ModelFault, match="too long") as caught:
        await world.work(gateway)

    assert caught.value.kind == "context_overflow"
    steps = [tokens_of(r.messages, COUNT) for r in gateway.requests[4:] if not asks_for_summary(r)]
    assert len(steps) == 3
    assert steps[0] > steps[1] > steps[2]
    assert len(decisions(world)) == 2


async def test_a_refusal_that_nothing_can_mend_is_told_at_once() -> None:
    world = World()
    gateway = ScriptedGateway([TOO_LONG])

    with pytest.raises(ModelFault):
        await world.work(gateway)

    assert decisions(world) == []
    assert len(gateway.requests) == 1


async def test_after_a_refusal_the_window_is_taken_for_smaller() -> None:
    world = World()
    pages = [act("native", f"page:{name}") for name in "abcdef"]
    gateway = TurnGateway([*pages[:3], [TOO_LONG, pages[3]], *pages[4:], reply(DONE)])

    await world.work(gateway)

    refused = tokens_of([*gateway.requests[3].messages, *gateway.requests[3].tools], COUNT)
    later = [r for r in gateway.requests[4:] if not asks_for_summary(r)]
    assert all(tokens_of([*r.messages, *r.tools], COUNT) < refused for r in later)


async def test_one_huge_output_and_a_huge_task_fit() -> None:
    world = World(window=8_000, run=MemoryRun(MemoryThread(), "Read this first. " * 4_000))
    gateway = TurnGateway([act("native", "page:a", "page:b", "page:c", "page:d"), reply(DONE)])

    assert await world.work(gateway) == Finished("answered")

    for request in gateway.requests:
        assert tokens_of([*request.messages, *request.tools], COUNT) <= world.window
    first = decisions(world)[0].parts[0]
    assert isinstance(first, ReferencesPart)
    assert first.ids == (world.messages[0].id,)


async def test_the_agent_reads_more_of_what_was_left_out() -> None:
    world = World(window=4_950, extra=(expand_output,))
    pages = [act("native", f"page:{name}") for name in "abc"]
    gateway = TurnGateway([*pages, reply(DONE)])
    await world.work(gateway)
    (taken,) = decisions(world)
    (part,) = taken.parts
    assert isinstance(part, ReferencesPart)

    again = World(extra=(expand_output,), run=MemoryRun(world.run.thread, "And what was in it?"))
    wish = NativeCall("expand_output", {"call_id": part.ids[0], "start": 400, "end": 450})
    task = NativeCall("expand_output", {"call_id": world.messages[0].id})
    none = NativeCall("expand_output", {"call_id": "nobody's"})
    await again.work(ScriptedGateway([reply(wish, task, none), reply(DONE)]))

    whole = world.results()[part.ids[0]].output
    more, words, error = [p.output for p in list(again.results().values())[-3:]]
    assert more == f"[Characters 400 to 450 of {len(whole)}. Go on with start 450.]\n{whole[400:450]}"
    assert words == "[Characters 0 to 6 of 6.]\nDo it."
    assert error.startswith("Error (output_not_found)")


async def test_a_stop_during_a_summary_leaves_the_log_whole() -> None:
    world = World(window=4_000)
    long = "Word upon word. " * 200
    pause = Pause()
    turns = [*(act("native", f"put:{n}", text=long) for n in "abcd"), reply(DONE)]
    loop = world.loop(TurnGateway(turns, reply("Half", pause, "whole.")))
    running = asyncio.create_task(loop.run())
    await pause.reached.wait()

    loop.cut_off()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert await loop.settle_stopped() == ()
    assert decisions(world) == []
    check_laws(world)


async def test_a_decision_before_a_runs_first_step_is_told_by_the_next_attempt() -> None:
    world = World()
    await world.work(TurnGateway([*(act("native", f"page:{name}") for name in "abc"), reply(DONE)]))
    again = World(window=4_000, run=MemoryRun(world.run.thread, "Once more."))
    gateway = TurnGateway([*[reply(DONE)] * 5])
    with pytest.raises(ProcessDied):
        await again.work(gateway, fate=Fate(2))
    (taken,) = decisions(again)
    assert again.events == []

    assert await again.work(gateway, took_over=True) == Finished("answered")

    told = [event.message for event in again.events if isinstance(event, MessageCreated)]
    assert taken in told
    assert decisions(again) == [taken]


async def test_an_answer_that_goes_on_is_no_longer_than_its_continuations_allow() -> None:
    world = World(ProcessorConfig(native_max_auto_continues=2), window=3_000)
    long = "Word upon word. " * 220
    parts = [reply(long, stop="length") for _ in range(9)]
    gateway = TurnGateway(parts)

    assert await world.work(gateway) == Finished("length")

    (spoken,) = [message for message in world.messages if message.role == "assistant"]
    assert spoken.text == long * 3


async def test_a_summary_falls_back_as_a_step_does() -> None:
    """Else a run whose model is away would forget its oldest turns, though its spare model answers."""
    world = World(ProcessorConfig(fallback_models=("spare",)), window=4_000)
    long = "Word upon word. " * 200
    turns = [*(act("native", f"put:{n}", text=long) for n in "abcd"), reply(DONE)]
    summary = reply(FallbackChunk("spare", "It was away."), "Task: as said.", usage=PART_USAGE)
    gateway = TurnGateway(turns, summary)

    await world.work(gateway)

    (asked,) = [request for request in gateway.requests if asks_for_summary(request)]
    assert asked.fallbacks == ("spare",)
    used = [event for event in world.events if isinstance(event, UsageRecorded)]
    assert [event.model for event in used if event.usage == PART_USAGE] == ["spare"]
    (taken,) = decisions(world)
    (part,) = taken.parts
    assert isinstance(part, CompactionPart)
    assert part.summary == "Task: as said."
