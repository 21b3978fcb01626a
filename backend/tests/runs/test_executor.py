"""One attempt: from the claim to every kind of end, and to every kind of wait."""

import asyncio
from dataclasses import replace

import pytest

from factotum.bus.frames import Frames
from factotum.llm.faults import ModelFault
from factotum.llm.port import TextChunk
from factotum.protocol.budgets import Budget
from factotum.protocol.events import BrowserFrame, MessageDiscarded, RunFailed, RunFinished
from factotum.protocol.messages import ToolResultPart
from factotum.protocol.runs import Usage
from factotum.testing.memory_sandbox import MemorySandboxProvider
from tests.runs.played import Gate, asks, calls, completes, says
from tests.runs.stage import Stage


async def test_a_run_goes_to_its_end(stage: Stage) -> None:
    stage.gateway.turns = [
        calls(("look", {"key": "a"}), ("update_plan", {"items": [{"text": "One"}]}), text="First."),
        completes("All done."),
    ]
    run = await stage.submit()
    ended = await stage.carry(run)
    assert (ended.status, ended.finish_reason, ended.attempt, ended.step) == ("finished", "complete", 1, 2)
    assert ended.usage.model_copy(update={"context": None}) == Usage(
        input_tokens=20, output_tokens=10, cost_usd=0.5
    )
    assert ended.plan is not None
    assert ended.started_at is not None
    assert ended.ended_at is not None
    await stage.assert_whole(run)
    assert [message.role for message in await stage.messages(run)] == [
        "user", "assistant", "tool", "tool", "assistant", "tool",
    ]  # fmt: skip
    assert await stage.types(run) == [
        "run.queued", "message.created", "run.started",
        "message.created", "usage.recorded",
        "tool.started", "tool.finished", "message.created",
        "tool.started", "plan.updated", "sandbox.changed", "file.changed", "tool.finished", "message.created",
        "message.created", "usage.recorded", "tool.started", "tool.finished", "message.created",
        "run.finished",
    ]  # fmt: skip
    last = (await stage.events(run))[-1]
    assert isinstance(last, RunFinished)
    assert last.usage == ended.usage
    row = await stage.row(run)
    assert (row["owner"], row["lease_until"]) == (None, None)
    assert row["log_seq"] == last.seq


async def test_an_answer_without_calls_ends_it_too(stage: Stage) -> None:
    stage.gateway.turns = [says("It is 42.")]
    run = await stage.submit()
    ended = await stage.carry(run)
    assert (ended.status, ended.finish_reason) == ("finished", "answered")
    await stage.assert_whole(run)
    assert (await stage.row(run))["log_seq"] == (await stage.events(run))[-1].seq


async def test_a_browsers_page_is_told_of_and_its_picture_kept_apart(stage: Stage) -> None:
    stage.gateway.turns = [calls(("act", {"key": "page"})), completes()]
    run = await stage.submit()
    await stage.carry(run)
    await stage.assert_whole(run)
    (shown,) = [event for event in await stage.events(run) if isinstance(event, BrowserFrame)]
    assert (shown.address, shown.title) == ("https://a.test/", "A")
    assert await Frames(stage.bus.redis).newest(run.id) == b"\xff\xd8\xffpage"


async def test_a_question_holds_no_worker_and_its_answer_goes_on(stage: Stage) -> None:
    stage.gateway.turns = [asks("Which?"), completes()]
    run = await stage.submit()
    waiting = await stage.carry(run)
    assert waiting.status == "awaiting_input"
    assert waiting.question is not None
    assert waiting.question.text == "Which?"
    row = await stage.row(run)
    assert (row["owner"], row["lease_until"]) == (None, None)
    assert row["log_seq"] == (await stage.events(run))[-1].seq
    await stage.sql("delete from queue.procrastinate_jobs")
    await stage.answer(run, "The left one.")
    assert await stage.jobs() == [run.id]
    ended = await stage.carry(run, "worker-c")
    assert (ended.status, ended.attempt, ended.question) == ("finished", 2, None)
    await stage.assert_whole(run)
    results = [p for m in await stage.messages(run) for p in m.parts if isinstance(p, ToolResultPart)]
    assert (results[0].name, results[0].output, results[0].outcome) == ("ask", "The left one.", "ok")
    kinds = await stage.types(run)
    assert kinds[kinds.index("run.awaiting") + 1] == "run.resumed"


async def test_a_limit_of_steps_asks_and_goes_on(stage: Stage) -> None:
    stage.gateway.turns = [calls(("look", {"key": str(n)})) for n in range(4)] + [completes()]
    run = await stage.submit(step_limit=2)
    for expected in (2, 4):
        waiting = await stage.carry(run)
        assert (waiting.status, waiting.step) == ("awaiting_input", expected)
        assert waiting.question is not None
        assert waiting.question.reason == "budget"
        await stage.answer(run, "Extend by the same again")
    assert (await stage.carry(run)).status == "finished"
    await stage.assert_whole(run)


async def test_a_model_that_fails_ends_the_run_with_its_code(stage: Stage) -> None:
    fault = ModelFault("unauthorized", "The key sk-abcdefghijklmnop was refused.", hint="Set another key.")
    stage.gateway.turns = [calls(("look", {"key": "a"})), [TextChunk("Hel"), fault]]
    run = await stage.submit()
    ended = await stage.carry(run)
    assert ended.status == "failed"
    assert ended.error is not None
    assert (ended.error.code, ended.error.hint) == ("model_unauthorized", "Set another key.")
    assert "abcdefgh" not in ended.error.message
    await stage.assert_whole(run)
    last = (await stage.events(run))[-1]
    assert isinstance(last, RunFailed)
    assert (last.error, last.usage) == (ended.error, ended.usage)


async def test_a_fault_of_ours_shows_nothing_of_itself(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.gateway.turns = [[TextChunk("Hel"), ZeroDivisionError("secret internals")]]
    run = await stage.submit()
    ended = await stage.carry(run)
    assert ended.status == "failed"
    assert ended.error is not None
    assert ended.error.code == "internal_error"
    assert "secret" not in ended.error.message + ended.error.hint
    assert "secret internals" in caplog.text
    await stage.assert_whole(run)
    assert any(isinstance(event, MessageDiscarded) for event in await stage.events(run))


async def test_a_machine_that_cannot_isolate_is_told_to_the_model(stage: Stage) -> None:
    stage.sandboxes = MemorySandboxProvider(reason="No user namespaces.")
    stage.gateway.turns = [calls(("shell", {"command": "ls"})), completes()]
    run = await stage.submit()
    assert (await stage.carry(run)).status == "finished"
    result = (await stage.messages(run))[2].parts[0]
    assert isinstance(result, ToolResultPart)
    assert (result.outcome, "sandbox_refused" in result.output) == ("error", True)


async def test_parallel_calls_open_one_sandbox(stage: Stage) -> None:
    stage.gateway.turns = [calls(*[("list_files", {"path": "."})] * 4), completes()]
    run = await stage.submit(tool_execution="parallel")
    assert (await stage.carry(run)).status == "finished"
    assert (await stage.types(run)).count("sandbox.changed") == 1
    await stage.assert_whole(run)


@pytest.mark.parametrize(
    ("model", "dialect"), [("played", "auto"), ("played-xml", "auto"), ("played", "tag")]
)
async def test_the_dialect_follows_the_model_and_the_wish(stage: Stage, model: str, dialect: str) -> None:
    stage.models.default = lambda: model
    stage.gateway.turns = [says("Hello.")]
    run = await stage.submit(dialect=dialect)
    await stage.carry(run)
    native = (model, dialect) == ("played", "auto")
    assert bool(stage.gateway.requests[0].tools) is native


async def test_a_run_that_is_carried_or_ended_is_left_alone(stage: Stage) -> None:
    gate = Gate()
    stage.gateway.turns = [says("Hello.", gate)]
    run = await stage.submit()
    task = stage.start(run)
    await gate.reached.wait()
    before = await stage.dump()
    await stage.carry(run)
    assert await stage.dump() == before
    gate.released.set()
    await task
    before = await stage.dump()
    await stage.carry(run)
    assert await stage.dump() == before


async def test_a_database_that_is_away_leaves_the_run_to_its_lease(stage: Stage) -> None:
    stage.gateway.turns = [says("Hello.")]
    run = await stage.submit()
    executor = stage.executor()
    await stage.database.close()
    await executor.execute(run.id)
    rows = await stage.sql("select status, attempt from factotum.runs")
    assert rows == [{"status": "queued", "attempt": 0}]


async def test_a_database_that_goes_away_in_the_middle_leaves_it_too(stage: Stage) -> None:
    gate = Gate()
    stage.gateway.turns = [says("Hello.", gate)]
    run = await stage.submit()
    task = stage.start(run)
    await gate.reached.wait()
    await stage.database.close()
    gate.released.set()
    await task
    assert (await stage.row(run))["status"] == "running"


async def test_a_poisonous_run_is_given_up(stage: Stage) -> None:
    stage.gateway.turns = [says("Hello.")]
    thread = await stage.thread()
    run, second = await stage.submit(thread), await stage.submit(thread)
    await stage.sql("delete from queue.procrastinate_jobs")
    for _ in range(6):
        gate = Gate()
        stage.gateway.turns = [says("Hello.", gate)]
        stage.start(run)
        await gate.reached.wait()
        await stage.let_lease_run_out(run)
    assert (await stage.row(run))["crashes"] == 5
    ended = await stage.carry(run)
    assert ended.status == "failed"
    assert ended.error is not None
    assert ended.error.code == "run_crashed"
    assert len(stage.gateway.requests) == 6
    assert (await stage.types(run))[-1] == "run.failed"
    assert await stage.jobs() == [second.id]


async def test_a_stored_step_forgives_crashes(stage: Stage) -> None:
    run = await stage.submit()
    await stage.sql("update factotum.runs set attempt = 5, crashes = 5, started_at = now()")
    stage.gateway.turns = [completes()]
    assert (await stage.carry(run)).status == "finished"
    assert (await stage.row(run))["crashes"] == 0


async def test_rights_that_are_lost_end_the_run(stage: Stage) -> None:
    thread = await stage.thread()
    gate = Gate()
    stage.gateway.turns = [says("Hello.", gate)]
    run, second = await stage.submit(thread), await stage.submit(thread)
    await stage.sql("delete from queue.procrastinate_jobs")
    task = stage.start(run)
    await gate.reached.wait()
    await stage.sql("delete from account_members where user_id = %s", stage.caller.user_id, triggers=False)
    gate.released.set()
    async with asyncio.timeout(10):
        await task
    row = await stage.row(run)
    assert (row["status"], row["error"]["code"]) == ("failed", "run_access_lost")
    assert (await stage.types(run))[-1] == "run.failed"
    assert await stage.jobs() == [second.id]


@pytest.mark.parametrize("role", ["viewer", None])
async def test_rights_that_are_lost_before_it_begins_end_it_too(stage: Stage, role: str | None) -> None:
    stage.gateway.turns = [says("Hello.")]
    run = await stage.submit()
    if role is None:
        await stage.sql(
            "delete from account_members where user_id = %s", stage.caller.user_id, triggers=False
        )
    else:
        await stage.sql("update factotum.account_members set role = %s", role, triggers=False)
    await stage.executor().execute(run.id)
    row = await stage.row(run)
    assert (row["status"], row["error"]["code"]) == ("failed", "run_access_lost")


async def test_a_deleted_thread_ends_its_run_quietly(stage: Stage) -> None:
    gate = Gate()
    stage.gateway.turns = [says("Hello.", gate)]
    run = await stage.submit()
    task = stage.start(run)
    await gate.reached.wait()
    await stage.sql("delete from factotum.threads where id = %s", run.thread_id)
    gate.released.set()
    async with asyncio.timeout(10):
        await task
    assert await stage.sql("select 1 from factotum.runs") == []


async def test_an_agent_gives_its_instructions(stage: Stage) -> None:
    from factotum.store.agents import Agents

    stage.gateway.turns = [says("Arr.")]
    async with stage.database.tenant(stage.caller) as tx:
        agent = await Agents(tx).create(stage.account_id, "Pirate", model="pirate", instructions="Say arr.")
    from factotum.runs.service import NewRun

    run, _ = await stage.service.submit(
        stage.caller, await stage.thread(), NewRun("Hello", agent_id=agent.id)
    )
    assert (run.model, run.agent_id) == ("pirate", agent.id)
    await stage.carry(run)
    request = stage.gateway.requests[0]
    assert request.model == "pirate"
    assert "Say arr." in str(request.messages[0]["content"])


async def test_the_demo_model_is_always_native(stage: Stage) -> None:
    stage.models.default = lambda: "demo"
    stage.defaults = replace(stage.defaults, budget=Budget(steps=3))
    stage.gateway.turns = [says("Hello.")]
    run = await stage.submit(dialect="tag")
    await stage.carry(run)
    assert stage.gateway.requests[0].tools
