"""What nobody answers ends, and what has outlived its use goes, whichever worker sees to it."""

import asyncio

import pytest

from factotum.runs import upkeep
from factotum.runs.upkeep import Cleaner, QuestionExpiry
from factotum.store.projects import Projects
from factotum.testing.memory_sandbox import MemorySandboxProvider
from tests.runs.played import asks, calls, says
from tests.runs.stage import Stage


def expiry(stage: Stage, seconds: float = 60) -> QuestionExpiry:
    """Make the expiry of one worker."""
    return QuestionExpiry(stage.database, stage.queue, stage.bus.log, seconds=seconds)


async def _let_time_pass(stage: Stage) -> None:
    await stage.sql("update factotum.runs set waits_since = waits_since - interval '3 days'")


async def test_a_question_that_nobody_answers_ends_its_run(stage: Stage) -> None:
    stage.gateway.turns = [asks("Which?"), says("Well.")]
    run = await stage.submit()
    await stage.carry(run)
    assert await expiry(stage, 2 * 86_400).sweep() == 0
    await _let_time_pass(stage)
    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(expiry(stage, 2 * 86_400).sweep())
    ended = await stage.get(run)
    assert ended.status == "failed"
    assert ended.error is not None
    assert (ended.error.code, "within 2 days" in ended.error.message) == ("question_expired", True)
    assert (await stage.types(run)).count("run.failed") == 1
    assert await expiry(stage).sweep() == 0
    await stage.sql("delete from queue.procrastinate_jobs")
    following = await stage.submit(run.thread_id)
    assert await stage.jobs() == [following.id]
    assert (await stage.carry(following)).status == "finished"


async def test_what_was_sent_into_it_stays_in_the_thread(stage: Stage) -> None:
    stage.gateway.turns = [calls(("look", {"key": "a"})), says("x")]
    run = await stage.submit(step_limit=1)
    assert (await stage.carry(run)).status == "awaiting_input"
    await stage.sql(
        "update factotum.runs set unread = %s::jsonb",
        '[{"id": "00000000-0000-7000-8000-000000000001", "text": "And this.", "delivery": "steer",'
        ' "sent_at": "2026-01-01T00:00:00Z"}]',
    )
    await _let_time_pass(stage)
    assert await expiry(stage).sweep() == 1
    assert (await stage.messages(run))[-1].id == "00000000-0000-7000-8000-000000000001"
    assert (await stage.types(run))[-2:] == ["message.created", "run.failed"]


async def test_it_ends_also_when_its_creator_may_write_no_more(stage: Stage) -> None:
    stage.gateway.turns = [asks("Which?")]
    run = await stage.submit()
    await stage.carry(run)
    await _let_time_pass(stage)
    await stage.sql("update factotum.account_members set role = 'viewer'", triggers=False)
    assert await expiry(stage).sweep() == 1
    assert (await stage.get(run)).status == "failed"
    assert (await stage.types(run))[-1] == "run.failed"


async def test_approvals_have_a_time_of_their_own(stage: Stage) -> None:
    stage.gateway.turns = [calls(("act", {"key": "a"})), says("x")]
    run = await stage.submit(policy={"ask": ["act"]})
    assert (await stage.carry(run)).status == "awaiting_input"
    await _let_time_pass(stage)
    assert await expiry(stage).sweep() == 0
    assert (await stage.get(run)).status == "awaiting_input"


async def test_old_keys_are_forgotten(stage: Stage) -> None:
    cleaner = Cleaner(stage.database, stage.sandboxes)
    run = await stage.submit()
    await stage.submit()
    await stage.sql("update factotum.runs set idempotency_key = id::text")
    assert await cleaner.clean() == 0
    await stage.sql("update factotum.runs set created_at = now() - interval '8 days' where id = %s", run.id)
    assert await cleaner.clean() == 1
    assert (await stage.row(run))["idempotency_key"] is None
    assert await cleaner.clean() == 0


async def test_what_is_old_goes_however_much_of_it_there_is(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "_FORGOTTEN", 2)
    for _ in range(5):
        await stage.submit()
    await stage.sql(
        "update factotum.runs set idempotency_key = id::text, created_at = now() - interval '8 days'"
    )
    assert await Cleaner(stage.database, stage.sandboxes).clean() == 5


async def test_each_host_removes_its_workspaces_of_deleted_projects(stage: Stage) -> None:
    """One that is only not known is left alone: the database may be another one than before."""
    here, there = MemorySandboxProvider(), MemorySandboxProvider()
    thread = await stage.submit()
    unknown = "00000000-0000-7000-8000-000000000001"
    for host in (here, there):
        await host.open(thread.project_id)
        await host.open(unknown)
    async with stage.database.tenant(stage.caller) as tx:
        kept = await Projects(tx).create(stage.account_id, "Kept")
        await Projects(tx).delete(thread.project_id)
    await here.open(kept.id)
    assert await Cleaner(stage.database, here).clean() == 1
    assert [found.project_id for found in await here.find()] == sorted([unknown, kept.id])
    assert await Cleaner(stage.database, there).clean() == 1
    assert [found.project_id for found in await there.find()] == [unknown]
    await stage.sql("update factotum.deleted_projects set deleted_at = now() - interval '100 days'")
    assert await Cleaner(stage.database, here).clean() == 1
    assert await stage.sql("select 1 from factotum.deleted_projects") == []
