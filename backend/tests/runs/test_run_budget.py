"""Budgets of runs on a real Postgres: reserved and settled with each step, asked for, extended."""

import asyncio
from dataclasses import replace

import pytest

from factotum.core.errors import Conflict
from factotum.llm.faults import ModelFault
from factotum.llm.port import TextChunk, UsageChunk
from factotum.protocol.budgets import Amounts, Budget, Spending
from factotum.protocol.events import MessageCreated, RunStarted, UsageRecorded
from factotum.protocol.runs import Run, RunOptions, Usage
from factotum.runs.service import NewRun
from tests.runs.played import Gate, asks, calls, completes, says
from tests.runs.stage import Stage


async def submitted(stage: Stage, budget: Budget, model: str = "priced") -> Run:
    new = NewRun("Do it.", model=model, options=RunOptions(budget=budget))
    return (await stage.service.submit(stage.caller, await stage.thread(), new))[0]


async def test_a_run_shows_what_it_uses_of_its_budget(stage: Stage) -> None:
    stage.gateway.turns = [calls(("look", {"key": "a"})), completes()]
    run = await submitted(stage, Budget(tokens=500_000), "played")
    assert run.budget is None
    ended = await stage.carry(run)
    assert ended.status == "finished"
    assert ended.budget is not None
    assert ended.budget.limit == Amounts(tokens=500_000, steps=50)
    used = ended.budget.used
    assert (used.cost_usd, used.tokens, used.steps) == (0.5, 30, 2)
    assert 0 < used.seconds < 20
    assert ended.budget.reserved == Spending()
    shown = [event for event in await stage.events(run) if isinstance(event, UsageRecorded)]
    assert [event.budget.used.tokens for event in shown if event.budget] == [15, 30]
    await stage.assert_whole(run)


async def test_money_is_reserved_asked_for_and_extended(stage: Stage) -> None:
    stage.gateway.turns = [calls(("look", {"key": str(n)})) for n in range(3)] + [completes()]
    run = await submitted(stage, Budget(cost_usd=1.3))
    first = await stage.carry(run)
    assert first.status == "awaiting_input"
    assert first.question is not None
    assert first.question.reason == "budget"
    assert "of $1.30 used" in first.question.text
    assert first.budget is not None
    assert first.budget.reserved == Spending()
    asked = first.question.budget
    assert asked is not None
    await stage.answer(run, "Extend by the same again")
    ended = first
    for _ in range(4):
        ended = await stage.carry(run)
        if ended.status == "finished":
            break
        await stage.answer(run, "Extend by the same again")
    assert ended.status == "finished"
    assert ended.budget is not None
    assert (ended.budget.limit.cost_usd or 0) >= 1.3 + (asked.cost_usd or 0) - 1e-9
    bounds = [request.max_output_tokens for request in stage.gateway.requests]
    assert all(bound is not None and bound < 6_000 for bound in bounds)
    await stage.assert_whole(run)


async def test_amounts_of_the_persons_own_with_words(stage: Stage) -> None:
    stage.gateway.turns = [calls(("look", {"key": "a"})), calls(("look", {"key": "b"})), completes()]
    run = await submitted(stage, Budget(steps=1), "played")
    await stage.carry(run)
    await stage.service.answer(stage.caller, run.id, "Be quick.", Budget(steps=5))
    ended = await stage.carry(run)
    assert ended.status == "finished"
    assert ended.budget is not None
    assert ended.budget.limit == Amounts(steps=6)
    told = [e.message.text for e in await stage.events(run) if isinstance(e, MessageCreated)]
    assert told.count("Be quick.") == 1
    await stage.assert_whole(run)


async def test_only_a_run_that_asks_for_budget_is_given_some(stage: Stage) -> None:
    stage.gateway.turns = [asks("Which?"), completes()]
    run = await stage.submit()
    await stage.carry(run)
    with pytest.raises(Conflict) as caught:
        await stage.service.answer(stage.caller, run.id, "", Budget(steps=5))
    assert caught.value.stable_code == "run_asks_no_budget"
    assert (await stage.get(run)).status == "awaiting_input"


async def test_stopping_there_ends_it(stage: Stage) -> None:
    stage.gateway.turns = [calls(("look", {"key": "a"})), completes()]
    run = await submitted(stage, Budget(steps=1), "played")
    await stage.carry(run)
    await stage.answer(run, "Stop here")
    ended = await stage.carry(run)
    assert (ended.status, ended.finish_reason) == ("finished", "budget")


async def test_waiting_for_a_person_costs_no_time(stage: Stage) -> None:
    stage.gateway.turns = [asks("Which?"), completes()]
    run = await submitted(stage, Budget(seconds=100), "played")
    waiting = await stage.carry(run)
    await asyncio.sleep(0.5)
    assert waiting.budget is not None
    before = waiting.budget.used.seconds
    await stage.answer(run)
    ended = await stage.carry(run)
    assert ended.budget is not None
    assert before > 0
    row = await stage.row(run)
    assert ended.budget.used.seconds * 1000 < _millis(row["ended_at"], row["created_at"]) - 450


async def test_the_time_of_a_tool_counts(stage: Stage) -> None:
    gate = Gate()
    stage.acts.gates["slow"] = gate
    stage.gateway.turns = [calls(("look", {"key": "slow"})), calls(("look", {"key": "b"})), completes()]
    run = await submitted(stage, Budget(seconds=1), "played")
    task = stage.start(run)
    await gate.reached.wait()
    await asyncio.sleep(1.05)
    gate.released.set()
    await task
    waiting = await stage.get(run)
    assert waiting.question is not None
    assert waiting.question.reason == "budget"
    assert waiting.step == 1


async def test_a_limit_of_money_without_a_price_is_said(stage: Stage) -> None:
    stage.gateway.turns = [completes()]
    run = await submitted(stage, Budget(cost_usd=0.000_01), "played")
    assert (await stage.carry(run)).status == "finished"
    (started,) = [event for event in await stage.events(run) if isinstance(event, RunStarted)]
    assert (
        started.notice == "The price of played is not known, so the limit of $0.00001 does not hold for it."
    )


async def test_what_a_broken_try_used_counts_though_the_run_fails(stage: Stage) -> None:
    fault = ModelFault("unauthorized", "Refused.")
    usage = Usage(input_tokens=100, output_tokens=1, cost_usd=0.5)
    stage.gateway.turns = [[TextChunk("Hel"), UsageChunk(usage), fault]]
    run = await submitted(stage, Budget(tokens=100_000), "played")
    ended = await stage.carry(run)
    assert (ended.status, ended.usage) == ("failed", usage)
    assert ended.budget is not None
    assert (ended.budget.used.tokens, ended.budget.used.cost_usd) == (101, 0.5)
    assert ended.budget.reserved == Spending()


async def test_a_dead_attempts_reservation_is_given_back(stage: Stage) -> None:
    gate = Gate()
    stage.gateway.turns = [says("Well.", gate)]
    run = await submitted(stage, Budget(tokens=50_000), "played")
    stage.start(run)
    await gate.reached.wait()
    held = (await stage.get(run)).budget
    assert held is not None
    assert held.reserved.tokens > 30_000
    await stage.let_lease_run_out(run)
    stage.gateway.turns = [says("Well.")]
    ended = await stage.carry(run)
    assert ended.status == "finished"
    assert ended.budget is not None
    assert (ended.budget.used.tokens, ended.budget.reserved) == (15, Spending())


async def test_a_stop_settles_too(stage: Stage) -> None:
    gate = Gate()
    stage.gateway.turns = [calls(("look", {"key": "a"})), says("Well.", gate)]
    run = await submitted(stage, Budget(tokens=100_000), "played")
    stage.start(run)
    await gate.reached.wait()
    for live in stage.lives:
        for carried in live:
            carried.cancel("stop")
    await asyncio.wait(stage.tasks)
    stopped = await stage.get(run)
    assert stopped.status == "stopped"
    assert stopped.budget is not None
    assert stopped.budget.reserved == Spending()


async def test_the_services_own_limits_hold_for_runs_that_set_none(stage: Stage) -> None:
    stage.defaults = replace(stage.defaults, budget=Budget(steps=7, tokens=900_000))
    stage.gateway.turns = [completes()]
    run = await stage.submit(step_limit=3)
    ended = await stage.carry(run)
    assert ended.budget is not None
    assert ended.budget.limit == Amounts(steps=3, tokens=900_000)


async def test_a_run_that_repeats_itself_asks_and_is_told(stage: Stage) -> None:
    stage.gateway.turns = [*[calls(("look", {"key": "a"})) for _ in range(4)], completes()]
    run = await stage.submit()
    waiting = await stage.carry(run)
    assert waiting.question is not None
    assert waiting.question.reason == "stuck"
    assert "the same call of look 4 times, with the same result" in waiting.question.text
    await stage.answer(run, "Try another way")
    ended = await stage.carry(run)
    assert ended.status == "finished"
    assert "Think about why" in str(stage.gateway.requests[-1].messages[-1]["content"])
    await stage.assert_whole(run)
    again = await stage.submit()
    stage.gateway.turns = [calls(("look", {"key": "a"})) for _ in range(5)]
    await stage.carry(again)
    await stage.answer(again, "stop here")
    ended = await stage.carry(again)
    assert (ended.status, ended.finish_reason, ended.step) == ("finished", "stuck", 4)


def _millis(later: str, earlier: str) -> float:
    from datetime import datetime

    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds() * 1000
