"""A small context window, on a real Postgres: decisions are rows of the log, fenced and told like others."""

import asyncio

from factotum.llm.tokens import counter_for
from factotum.protocol.messages import CompactionPart, Message, ToolResultPart
from factotum.protocol.runs import Run
from factotum.testing.scripted_gateway import asks_for_summary
from tests.runs.played import USAGE, Gate, Turn, calls, says
from tests.runs.stage import Stage

counter_for("played").count("The vocabulary is read here, not on an event loop.")

WINDOW = 12_000


def long_steps(count: int) -> list[Turn]:
    """Steps of some 2,800 tokens each: the result repeats the key."""
    return [calls(("look", {"key": f"{number} " + "upon a time " * 450})) for number in range(count)]


async def decisions(stage: Stage, run: Run) -> list[Message]:
    return [message for message in await stage.messages(run) if message.is_about_context]


async def test_a_run_goes_on_in_a_small_window_and_says_how_full_it_is(stage: Stage) -> None:
    stage.models.window = WINDOW
    stage.gateway.turns = [*long_steps(7), says("Done.")]
    run = await stage.submit()

    ended = await stage.carry(run)

    assert (ended.status, ended.step) == ("finished", 8)
    taken = await decisions(stage, run)
    summaries = [request for request in stage.gateway.requests if asks_for_summary(request)]
    assert 1 <= len(taken) == len(summaries) <= 7
    (part,) = taken[0].parts
    assert isinstance(part, CompactionPart)
    assert (part.summary, part.summarised) == ("Task: as said.", True)
    assert ended.usage.input_tokens == USAGE.input_tokens * (8 + len(summaries))
    assert ended.budget is not None
    assert ended.budget.used.tokens == ended.usage.input_tokens + ended.usage.output_tokens
    assert ended.usage.context is not None
    assert ended.usage.context.window == WINDOW
    await stage.assert_whole(run)
    types = await stage.types(run)
    assert types.count("usage.recorded") == 8 + len(summaries)


async def test_one_that_wakes_in_a_summary_changes_nothing(stage: Stage) -> None:
    stage.models.window = WINDOW
    gate = Gate()
    stage.gateway.turns = [*long_steps(7), says("Done.")]
    stage.gateway.summary = says("Slow one", gate)
    run = await stage.submit()
    task = stage.start(run)
    async with asyncio.timeout(20):
        await gate.reached.wait()
    await stage.let_lease_run_out(run)
    await stage.sql("delete from queue.procrastinate_jobs")
    assert await stage.sweeper.sweep() == 1
    stage.gateway.summary = says("Task: as said.")

    ended = await stage.carry(run)

    assert (ended.status, ended.attempt) == ("finished", 2)
    dump, log = await stage.dump(), await stage.bus.stored(run.id)
    gate.released.set()
    async with asyncio.timeout(10):
        await task
    assert await stage.dump() == dump
    assert await stage.bus.stored(run.id) == log
    await stage.assert_whole(run)


async def test_what_is_left_out_can_be_read_again_in_its_thread_only(stage: Stage) -> None:
    stage.gateway.turns = [calls(("look", {"key": "a"})), says("Seen.")]
    first = await stage.submit(text="Look at it.")
    await stage.carry(first)
    opening, made, *_ = await stage.messages(first)
    ids = [made.calls[0].call_id, opening.id, made.id, "nobody's"]
    wish = calls(*(("expand_output", {"call_id": id_}) for id_ in ids))
    stage.gateway.turns += [wish, says("Read.")]

    again = await stage.submit(first.thread_id, text="Look again.")
    await stage.carry(again)
    outputs = [
        p.output for m in await stage.messages(again) for p in m.parts if isinstance(p, ToolResultPart)
    ]
    assert outputs[1] == "[Characters 0 to 10 of 10.]\nlook a: ok"
    assert outputs[2] == "[Characters 0 to 11 of 11.]\nLook at it."
    assert all(text.startswith("Error (output_not_found)") for text in outputs[3:])

    stage.gateway.turns = [wish, says("Read.")]
    elsewhere = await stage.submit(text="And here?")
    await stage.carry(elsewhere)
    outputs = [
        p.output for m in await stage.messages(elsewhere) for p in m.parts if isinstance(p, ToolResultPart)
    ]
    assert len(outputs) == 4
    assert all(text.startswith("Error (output_not_found)") for text in outputs)


async def test_a_decision_before_a_runs_first_step_is_told_after_a_death(stage: Stage) -> None:
    stage.gateway.turns = [*long_steps(6), says("Done.")]
    first = await stage.submit()
    await stage.carry(first)
    stage.models.window = WINDOW
    gate = Gate()
    stage.gateway.turns.append([*says("Half", gate)[:2]])
    again = await stage.submit(first.thread_id, text="And now?")
    task = stage.start(again)
    async with asyncio.timeout(20):
        await gate.reached.wait()
    before = [event.seq for event in await stage.events(again) if event.type == "message.created"]
    await stage.cut_log(again, before[1] - 1)
    await stage.let_lease_run_out(again)
    stage.gateway.turns[-1] = says("Well.")

    ended = await stage.carry(again)

    gate.released.set()
    await task
    assert (ended.status, ended.attempt) == ("finished", 2)
    assert len(await decisions(stage, again)) == 1
    await stage.assert_whole(again)
