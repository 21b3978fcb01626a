"""One account's crowd of runs does not keep another's first one waiting; limits are kept to."""

import asyncio
from typing import Any

import pytest

from factotum.protocol.runs import Run
from factotum.runs.queue import ProcrastinateQueue, RunLimits
from factotum.runs.service import NewRun, RunService
from factotum.runs.sweeper import Sweeper
from factotum.store.projects import Projects
from factotum.store.records import Caller
from factotum.store.threads import Threads
from tests.fixtures_store import add_member
from tests.runs.played import Gate, asks, says
from tests.runs.stage import Stage
from tests.waiting import until
from tests.worker.crew import Crew

_SUBMITTING = 10
_MORE = """
with one as (select * from factotum.runs order by id limit 1), made as (
    insert into factotum.threads (id, account_id, project_id) select gen_random_uuid(), account_id, project_id
    from one, generate_series(1, %s) returning *
)
insert into factotum.runs (id, account_id, project_id, thread_id, created_by, model, input)
select gen_random_uuid(), made.account_id, made.project_id, made.id, one.created_by, one.model, 'Do it.'
from made, one"""
"""More runs as the first one, in threads of their own."""


def limited(stage: Stage, account: int = 100, total: int | None = None) -> None:
    """Let the stage keep to limits."""
    stage.queue = ProcrastinateQueue(RunLimits(account, total))
    stage.service = RunService(stage.database, stage.queue, stage.bus.log, stage.signals, stage.models)
    stage.sweeper = Sweeper(stage.database, stage.queue, queued_seconds=0)


class People:
    """Accounts of a stage, each with a project."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.projects: dict[Caller, str] = {}

    async def join(self, caller: Caller, account_id: str) -> Caller:
        """Give a member of an account a project to work in."""
        async with self.stage.database.tenant(caller) as tx:
            self.projects[caller] = (await Projects(tx).create(account_id, "Work")).id
        return caller

    async def new(self, number: int) -> Caller:
        """Make an account with one person."""
        account, caller = (
            f"00000000-0000-7000-8000-{number:012d}",
            Caller(f"00000000-0000-7000-9000-{number:012d}"),
        )
        await self.stage.sql("insert into factotum.accounts values (%s, 'One', 'personal')", account)
        await asyncio.to_thread(add_member, self.stage.admin_url, account, caller.user_id, "owner")
        return await self.join(caller, account)

    async def submit(self, caller: Caller, **options: Any) -> Run:
        """Submit a run on a thread of its own."""
        async with self.stage.database.tenant(caller) as tx:
            thread = await Threads(tx).create(self.projects[caller])
        return (await self.stage.service.submit(caller, thread.id, NewRun("Do it.", **options)))[0]

    async def crowd(self, caller: Caller, count: int) -> list[Run]:
        """Submit many runs, some at once."""
        room, runs = asyncio.Semaphore(_SUBMITTING), list[Run]()

        async def one() -> None:
            async with room:
                runs.append(await self.submit(caller))

        async with asyncio.TaskGroup() as group:
            for _ in range(count):
                group.create_task(one())
        return runs

    async def get(self, caller: Caller, run: Run) -> Run:
        """The run as it is now."""
        return await self.stage.service.get(caller, run.id)


@pytest.fixture
async def people(stage: Stage, alice: Caller, alice_account: str, bob: Caller, bob_account: str) -> People:
    people = People(stage)
    await people.join(alice, alice_account)
    await people.join(bob, bob_account)
    return people


async def _counts(stage: Stage) -> dict[str, int]:
    rows = await stage.sql("select status, count(*) as n from factotum.runs group by status")
    return {row["status"]: row["n"] for row in rows}


async def test_a_thousand_queued_runs_do_not_delay_anothers_first(
    crew: Crew, people: People, alice: Caller, bob: Caller
) -> None:
    stage, gate = crew.stage, Gate()
    limited(stage, account=50)
    await people.crowd(alice, 60)
    await stage.sql(_MORE, 940)
    assert len(await stage.jobs()) == 50
    stage.gateway.turns = [says("Hello.", gate)]
    worker = crew.start(workers=4, worker_grace=0.1)
    await until(lambda: _carries(worker, 4), 60)
    first = await people.submit(bob)
    await until(lambda: _carries(worker, 5), 60)
    assert (await people.get(bob, first)).status == "running"
    assert await _counts(stage) == {"running": 5, "queued": 996}


async def _carries(worker: Any, count: int) -> bool:
    return worker.live_runs >= count


async def test_no_more_of_an_account_are_at_work_than_may_be(
    crew: Crew, people: People, alice: Caller, bob: Caller
) -> None:
    """Nothing of what waits has a job, so no worker is kept busy by it; each end lets one more begin."""
    stage, gate = crew.stage, Gate()
    limited(stage, account=3)
    stage.gateway.turns = [says("Hello.", gate)]
    runs = await people.crowd(alice, 9)
    worker = crew.start(workers=20)
    await until(lambda: _carries(worker, 3), 60)
    await asyncio.sleep(0.5)
    assert worker.live_runs == 3
    assert await stage.jobs() == []
    other = await people.submit(bob)
    await until(lambda: _carries(worker, 4), 60)
    most = 0
    gate.released.set()

    async def all_ended() -> bool:
        nonlocal most
        await asyncio.sleep(0.05)
        most = max(most, (await _counts(stage)).get("running", 0))
        return (await _counts(stage)) == {"finished": 10}

    await until(all_ended, 90)
    assert most <= 4
    assert (await people.get(bob, other)).attempt == 1
    assert {(await people.get(alice, run)).attempt for run in runs} == {1}


async def test_many_accounts_all_come_to_their_end(crew: Crew, people: People, alice: Caller) -> None:
    stage = crew.stage
    limited(stage, account=2)
    stage.gateway.turns = [says("Hello.")]
    await people.crowd(alice, 20)
    for number in range(6):
        caller = await people.new(number)
        await people.crowd(caller, 2)
    crew.start(workers=2)
    left = 0

    async def others_ended() -> bool:
        nonlocal left
        await asyncio.sleep(0.1)
        rows = await stage.sql(_LEFT, alice.user_id, alice.user_id)
        left = rows[0]["hers"]
        return rows[0]["others"] == 0

    await until(others_ended, 90)
    assert left > 5, "the crowd came in between, and not before"
    await until(lambda: _is(stage, {"finished": 32}), 90)


_LEFT = """
select count(*) filter (where created_by = %s) as hers, count(*) filter (where created_by <> %s) as others
from factotum.runs where ended_at is null"""


async def _is(stage: Stage, counts: dict[str, int]) -> bool:
    await asyncio.sleep(0.1)
    return await _counts(stage) == counts


async def test_the_room_of_all_goes_to_the_account_that_has_least_of_it(
    crew: Crew, people: People, alice: Caller, bob: Caller
) -> None:
    stage = crew.stage
    limited(stage, total=2)
    crowd = await people.crowd(alice, 6)
    assert len(await stage.jobs()) == 2
    late = await people.submit(bob)
    assert late.id not in await stage.jobs()
    stage.gateway.turns = [says("Hello.")]
    first = await stage.jobs()
    await stage.executor().execute(first[0])
    assert late.id in await stage.jobs()
    crew.start(workers=4)
    await until(lambda: _is(stage, {"finished": 7}), 60)
    assert {(await people.get(alice, run)).attempt for run in crowd} == {1}


async def test_a_run_that_is_answered_comes_before_those_that_have_not_begun(
    stage: Stage, people: People, alice: Caller
) -> None:
    limited(stage, account=1)
    stage.gateway.turns = [asks(), says("Well.")]
    asking = await people.submit(alice)
    waiting = [await people.submit(alice) for _ in range(2)]
    assert await stage.jobs() == [asking.id]
    await stage.executor().execute(asking.id)
    assert await stage.jobs() == [asking.id, waiting[0].id], "one that waits for a person takes no room"
    await stage.answer(asking)
    assert await stage.jobs() == [asking.id, waiting[0].id]
    await stage.service.stop(alice, waiting[0].id)
    assert await stage.jobs() == [asking.id, waiting[0].id, asking.id]


async def test_room_that_nobody_gave_away_is_found_by_the_sweeper(
    stage: Stage, people: People, alice: Caller
) -> None:
    limited(stage, account=1)
    runs = [await people.submit(alice) for _ in range(3)]
    await stage.sql("delete from queue.procrastinate_jobs")
    limited(stage, account=2)
    assert await stage.sweeper.sweep() == 2
    assert await stage.jobs() == [runs[0].id, runs[1].id]
    assert await stage.sweeper.sweep() == 0


async def test_jobs_that_wait_grow_in_priority(stage: Stage, people: People, alice: Caller) -> None:
    async def priorities() -> list[int]:
        rows = await stage.sql("select priority from queue.procrastinate_jobs order by id")
        return [row["priority"] for row in rows]

    for _ in range(13):
        await people.submit(alice)
    assert await priorities() == [0, -1, -2, -3, -4, -5, -6, -7, -8, -9, -10, -10, -10]
    for _ in range(10):
        assert await stage.sweeper.sweep() == 0
    assert await priorities() == [0] * 13


async def test_submissions_at_once_do_not_pass_the_limit(stage: Stage, people: People, alice: Caller) -> None:
    limited(stage, account=5)
    await people.crowd(alice, 30)
    assert len(await stage.jobs()) == 5
