"""Pools in Postgres: never over a limit, whoever races; settled once, whichever attempt stores it."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest

from factotum.core.errors import Forbidden, StaleAttempt
from factotum.protocol.budgets import Amounts, Budget, BudgetUse, Spending
from factotum.protocol.runs import Run, Usage
from factotum.store.budgets import Budgets
from factotum.store.database import Database
from factotum.store.projects import Projects
from factotum.store.records import Caller
from factotum.store.runs import Runs
from factotum.store.threads import Threads
from tests.fixtures_store import add_member
from tests.store.world import build, claimed


@pytest.fixture
async def second_database(database_url: str) -> AsyncIterator[Database]:
    """The pool of another process."""
    other = Database(database_url, pool_size=4)
    await other.open()
    yield other
    await other.close()


async def opened(
    database: Database, caller: Caller, account_id: str, limits: Budget, *, share: str | None = None
) -> tuple[Run, BudgetUse]:
    """Make a run in its first attempt, with a pool of its own or another run's."""
    async with database.tenant(caller) as tx:
        project = await Projects(tx).create(account_id, "Work")
        thread = await Threads(tx).create(project.id)
        run, _ = await Runs(tx).create(thread.id, created_by=caller.user_id, model="m")
    await claimed(database, run.id)
    async with database.tenant(caller) as tx:
        if share is not None:
            await tx.run("update factotum.runs set budget_id = %s where id = %s", (share, run.id))
        pool = await Budgets(tx, run.id, 1).settle() or await Budgets(tx, run.id, 1).open(limits)
    return run, pool


async def use_of(database: Database, caller: Caller, run: Run) -> BudgetUse:
    async with database.tenant(caller) as tx:
        use = (await Runs(tx).get(run.id)).budget
    assert use is not None
    return use


async def test_a_run_has_no_pool_before_it_is_given_one(
    database: Database, alice: Caller, alice_account: str
) -> None:
    world = await build(database, alice, alice_account)
    assert world.run.budget is None
    limits = Budget(cost_usd=0.5, tokens=1_000, steps=5, seconds=60)
    async with database.tenant(alice) as tx:
        budgets = Budgets(tx, world.run.id, 1)
        assert await budgets.settle(usage=Usage(input_tokens=7, output_tokens=3, cost_usd=0.1)) is None
        pool = await budgets.open(limits)
    assert pool == await use_of(database, alice, world.run)
    amounts = Amounts(**limits.model_dump())
    assert (pool.limit, pool.first) == (amounts, amounts)
    assert pool.used == Spending(cost_usd=0.1, tokens=10)
    async with database.tenant(alice) as tx:
        (listed,) = await Runs(tx).list_all()
    assert listed.budget == pool


async def test_what_is_used_is_counted_by_how_much_the_sums_grew(
    database: Database, alice: Caller, alice_account: str
) -> None:
    run, pool = await opened(database, alice, alice_account, Budget(steps=9))
    first = Usage(input_tokens=10, cached_tokens=4, output_tokens=5, cost_usd=0.1)
    for _ in range(2):  # an attempt that stores the same sums again counts nothing twice
        async with database.tenant(alice) as tx:
            budgets = Budgets(tx, run.id, 1)
            await budgets.settle(usage=first, step=1, millis=40)
            await Runs(tx).save_step(run.id, 1, step=1, usage=first, log_seq=1)
    async with database.tenant(alice) as tx:
        use = await Budgets(tx, run.id, 1).settle(
            usage=first.plus(Usage(input_tokens=1, cost_usd=0.2)), millis=5
        )
    assert use is not None
    assert use.used == Spending(cost_usd=0.3, tokens=16, steps=1, seconds=0.085)
    assert (await use_of(database, alice, run)).used == use.used
    assert use.id == pool.id


async def test_a_reservation_is_kept_until_it_is_settled(
    database: Database, alice: Caller, alice_account: str
) -> None:
    run, _ = await opened(database, alice, alice_account, Budget(cost_usd=1, tokens=100, steps=2))
    async with database.tenant(alice) as tx:
        assert await Budgets(tx, run.id, 1).reserve(nanos=600_000_000, tokens=60)
    assert (await use_of(database, alice, run)).reserved == Spending(cost_usd=0.6, tokens=60, steps=1)
    async with database.tenant(alice) as tx:  # one attempt holds one reservation
        assert not await Budgets(tx, run.id, 1).reserve(nanos=0, tokens=0)
    await _crashed(database, run)
    async with database.tenant(alice) as tx:
        with pytest.raises(StaleAttempt):
            await Budgets(tx, run.id, 1).settle()
    async with database.tenant(alice) as tx:
        assert not await Budgets(tx, run.id, 1).reserve(nanos=0, tokens=0)
        budgets = Budgets(tx, run.id, 2)
        released = await budgets.settle()
        assert released is not None
        assert released.reserved == Spending()
        assert not await budgets.reserve(nanos=1_000_000_001, tokens=0)
        assert not await budgets.reserve(nanos=None, tokens=101)
        assert await budgets.reserve(nanos=None, tokens=100)


async def test_money_and_steps_and_time_that_are_used_up_refuse(
    database: Database, alice: Caller, alice_account: str
) -> None:
    run, pool = await opened(database, alice, alice_account, Budget(cost_usd=0.1, steps=1, seconds=1))
    spent = Usage(cost_usd=0.2)
    async with database.tenant(alice) as tx:
        budgets = Budgets(tx, run.id, 1)
        await budgets.settle(usage=spent)
        assert not await budgets.reserve(nanos=0, tokens=0)
        await budgets.extend(pool.id, Amounts(cost_usd=0.1))
        await budgets.settle(usage=spent, step=1)
        assert not await budgets.reserve(nanos=0, tokens=0)
        await budgets.extend(pool.id, Amounts(steps=1))
        await budgets.settle(usage=spent, step=1, millis=1000)
        assert not await budgets.reserve(nanos=0, tokens=0)
        use = await budgets.extend(pool.id, Amounts(seconds=0.001, tokens=5))
        assert use.limit == Amounts(cost_usd=0.2, steps=2, seconds=1.001)


async def test_no_extension_is_too_much_for_the_columns(
    database: Database, alice: Caller, alice_account: str
) -> None:
    run, pool = await opened(database, alice, alice_account, Budget(tokens=1))
    async with database.tenant(alice) as tx:
        await Budgets(tx, run.id, 1).extend(pool.id, Amounts(tokens=3 * 10**18))
        use = await Budgets(tx, run.id, 1).extend(pool.id, Amounts(tokens=3 * 10**18))
    assert use.limit.tokens == 4 * 10**18


@pytest.mark.parametrize("seed", range(3))
async def test_processes_that_race_never_overspend(
    database: Database, second_database: Database, alice: Caller, alice_account: str, seed: int
) -> None:
    chance = random.Random(seed)
    limits = Budget(cost_usd=0.000_02, tokens=400, steps=30)
    first, pool = await opened(database, alice, alice_account, limits)
    others = [(await opened(database, alice, alice_account, limits, share=pool.id))[0] for _ in range(3)]
    granted = 0

    async def spend(where: Database, run: Run, plan: list[tuple[int, float, bool]]) -> None:
        nonlocal granted
        usage, step = Usage(), 0
        for tokens, part, dies in plan:
            async with where.tenant(alice) as tx:
                budgets = Budgets(tx, run.id, 1)
                use = await budgets.settle(usage=usage, step=step)
                if not await budgets.reserve(nanos=tokens * 50, tokens=tokens):
                    continue
            _check(use, limits)
            granted += 1
            await asyncio.sleep(0)
            if dies:
                continue
            used = int(tokens * part)
            usage = usage.plus(Usage(input_tokens=used, cost_usd=used * 50 / 1e9))
            step += 1
            async with where.tenant(alice) as tx:
                _check(await Budgets(tx, run.id, 1).settle(usage=usage, step=step), limits)
                await Runs(tx).save_step(run.id, 1, step=step, usage=usage, log_seq=step)

    def plan() -> list[tuple[int, float, bool]]:
        return [(chance.randint(1, 120), chance.random(), chance.random() < 0.2) for _ in range(12)]

    async with asyncio.TaskGroup() as group:
        for number, run in enumerate([first, *others]):
            group.create_task(spend((database, second_database)[number % 2], run, plan()))
    assert granted > 4
    end = await use_of(database, alice, first)
    _check(end, limits)
    async with database.tenant(alice) as tx:
        sums = [(await Runs(tx).get(run.id)).usage for run in (first, *others)]
    assert end.used.tokens == sum(usage.input_tokens for usage in sums)
    assert end.used.nanos == sum(round((usage.cost_usd or 0) * 1e9) for usage in sums)


def _check(use: BudgetUse | None, limits: Budget) -> None:
    assert use is not None
    assert use.used.nanos + use.reserved.nanos <= (limits.nanos or 0)
    assert use.used.tokens + use.reserved.tokens <= (limits.tokens or 0)
    assert use.used.steps + use.reserved.steps <= (limits.steps or 0)


async def test_two_reservations_at_once_do_not_both_fit(
    database: Database, second_database: Database, alice: Caller, alice_account: str
) -> None:
    """The second waits for the first one's row and looks at it again: neither has settled in between."""
    limits = Budget(tokens=100)
    one, pool = await opened(database, alice, alice_account, limits)
    two, _ = await opened(database, alice, alice_account, limits, share=pool.id)

    async def reserve(where: Database, run: Run) -> bool:
        async with where.tenant(alice) as tx:
            got = await Budgets(tx, run.id, 1).reserve(nanos=None, tokens=60)
            await asyncio.sleep(0.1)
            return got

    async with asyncio.TaskGroup() as group:
        tries = [group.create_task(reserve(database, one)), group.create_task(reserve(second_database, two))]
    assert sorted(task.result() for task in tries) == [False, True]


async def test_another_accounts_pool_is_out_of_reach(
    database: Database,
    alice: Caller,
    bob: Caller,
    alice_account: str,
    bob_account: str,
    admin_database_url: str,
) -> None:
    theirs, pool = await opened(database, bob, bob_account, Budget(tokens=10))
    mine, _ = await opened(database, alice, alice_account, Budget(tokens=10))
    async with database.tenant(alice) as tx:
        assert await tx.all("select id from factotum.budgets where id = %s", (pool.id,)) == []
        assert not await Budgets(tx, theirs.id, 1).reserve(nanos=None, tokens=1)
        with pytest.raises(StaleAttempt):
            await Budgets(tx, theirs.id, 1).settle(millis=5)
        with pytest.raises(StaleAttempt):
            await Budgets(tx, theirs.id, 1).open(Budget())
        with pytest.raises(StaleAttempt):
            await Budgets(tx, mine.id, 1).extend(pool.id, Amounts(tokens=5))
    assert await use_of(database, bob, theirs) == pool
    add_member(admin_database_url, bob_account, alice.user_id, "viewer")
    assert (await use_of(database, alice, theirs)).id == pool.id
    async with database.tenant(alice) as tx:
        with pytest.raises(StaleAttempt):
            await Budgets(tx, mine.id, 1).extend(pool.id, Amounts(tokens=5))
    with pytest.raises(Forbidden):
        async with database.tenant(alice) as tx:
            await tx.run(
                "insert into factotum.budgets (id, account_id, run_id, first) values"
                " (gen_random_uuid(), %s, %s, '{}')",
                (bob_account, theirs.id),
            )


async def test_a_pool_goes_with_its_run(database: Database, alice: Caller, alice_account: str) -> None:
    run, pool = await opened(database, alice, alice_account, Budget(tokens=10))
    async with database.tenant(alice) as tx:
        await Threads(tx).delete(run.thread_id)
        assert await tx.all("select id from factotum.budgets where id = %s", (pool.id,)) == []


async def _crashed(database: Database, run: Run) -> None:
    """Let the run's lease run out, and its next attempt begin."""
    async with database.system() as tx:
        await tx.run("update factotum.runs set lease_until = now() - interval '1 s' where id = %s", (run.id,))
    assert await claimed(database, run.id) == 2
