"""Pools of budgets. Law: used and reserved never pass a limit by a reservation, whoever races for it.

What a run uses is settled by how much its own sums have grown since they were last stored, so that nothing is
counted twice or lost, whichever attempt stores it. Times are milliseconds, money billionths of a US dollar.
"""

from typing import Any, LiteralString

from pydantic import TypeAdapter

from factotum.core.ids import new_id
from factotum.protocol.budgets import Amounts, Budget, BudgetUse
from factotum.protocol.runs import Usage
from factotum.store.budget_columns import BUDGET_JSON
from factotum.store.jsonb import encode
from factotum.store.runs import stale
from factotum.store.tx import Tx

_USAGE = TypeAdapter(Usage)
_BUDGET = TypeAdapter(Budget)
_USE = TypeAdapter(BudgetUse)
_MOST: LiteralString = "4000000000000000000"
"""No limit grows beyond it, so that no sum leaves its column."""

_HELD = """
held as materialized (
    select id, account_id, budget_id, usage, step, reserved from factotum.runs
    where id = %(run)s and attempt = %(attempt)s and status in ('running', 'stopping') for no key update
)"""


def _nanos(usage: LiteralString) -> LiteralString:
    return f"round(coalesce(({usage} ->> 'cost_usd')::numeric, 0) * 1e9)::bigint"


def _tokens(usage: LiteralString) -> LiteralString:
    return f"""(coalesce(({usage} ->> 'input_tokens')::bigint, 0)
        + coalesce(({usage} ->> 'output_tokens')::bigint, 0))"""


_GROWN = f"""
grown as (
    select id, budget_id, reserved,
        greatest({_nanos("after.usage")} - {_nanos("held.usage")}, 0) as nanos,
        greatest({_tokens("after.usage")} - {_tokens("held.usage")}, 0) as tokens,
        greatest(coalesce(%(step)s::integer, step) - step, 0) as steps
    from held cross join lateral (select coalesce(%(usage)s::jsonb, held.usage) as usage) as after
)"""

_SETTLE = f"""
with {_HELD}, {_GROWN}, kept as (
    update factotum.runs set usage = coalesce(%(usage)s::jsonb, runs.usage), reserved = null
    from held where runs.id = held.id
), settled as (
    update factotum.budgets as b set used_nanos = used_nanos + nanos, used_tokens = used_tokens + tokens,
        used_steps = used_steps + steps, used_millis = used_millis + %(millis)s,
        reserved_nanos = reserved_nanos - coalesce((grown.reserved ->> 'nanos')::bigint, 0),
        reserved_tokens = reserved_tokens - coalesce((grown.reserved ->> 'tokens')::bigint, 0),
        reserved_steps = reserved_steps - coalesce((grown.reserved ->> 'steps')::bigint, 0)
    from grown where b.id = grown.budget_id
    returning {BUDGET_JSON} as budget
)
select budget from held left join settled on true"""

_OPEN = f"""
with {_HELD}, opened as (
    insert into factotum.budgets as b (id, account_id, run_id, first, limit_nanos, limit_tokens, limit_steps,
        limit_millis, used_nanos, used_tokens, used_steps)
    select %(id)s::uuid, account_id, id, %(first)s::jsonb, %(nanos)s, %(tokens)s, %(steps)s, %(millis)s,
        {_nanos("usage")}, {_tokens("usage")}, step
    from held
    returning b.id, {BUDGET_JSON} as budget
), pointed as (
    update factotum.runs set budget_id = opened.id from opened, held where runs.id = held.id
)
select budget from opened"""

# One statement on one row: whoever comes second waits for the row, and looks at it again.
_RESERVE = f"""
with {_HELD}, granted as (
    update factotum.budgets set reserved_nanos = reserved_nanos + coalesce(%(nanos)s::bigint, 0),
        reserved_tokens = reserved_tokens + %(tokens)s, reserved_steps = reserved_steps + 1
    from held where budgets.id = held.budget_id and held.reserved is null
        and coalesce(used_nanos + reserved_nanos + %(nanos)s::bigint <= limit_nanos, true)
        and coalesce(used_tokens + reserved_tokens + %(tokens)s <= limit_tokens, true)
        and coalesce(used_steps + reserved_steps + 1 <= limit_steps, true)
        and coalesce(used_millis < limit_millis, true)
    returning held.id
)
update factotum.runs set reserved = jsonb_build_object(
    'nanos', coalesce(%(nanos)s::bigint, 0), 'tokens', %(tokens)s::bigint, 'steps', 1)
from granted where runs.id = granted.id"""


def _raised(limit: LiteralString, by: LiteralString) -> LiteralString:
    more = f"least({limit} + coalesce({by}::bigint, 0), {_MOST})"
    return f"{limit} = case when {limit} is not null then {more} end"


_EXTEND = f"""
update factotum.budgets as b set
    {_raised("limit_nanos", "%(nanos)s")},
    {_raised("limit_tokens", "%(tokens)s")},
    {_raised("limit_steps", "%(steps)s")},
    {_raised("limit_millis", "%(millis)s")}
where id = %(budget)s returning {BUDGET_JSON} as budget"""


class Budgets:
    """Queries on pools, in a tenant's transaction, for one attempt at a run."""

    def __init__(self, tx: Tx, run_id: str, attempt: int) -> None:
        self._tx = tx
        self._held: dict[str, Any] = {"run": run_id, "attempt": attempt}

    async def settle(
        self, *, usage: Usage | None = None, step: int | None = None, millis: int = 0
    ) -> BudgetUse | None:
        """Count what the run used since it was last stored, release what it had reserved, store `usage`.

        `usage` and `step` are the run's new sums, None: unchanged; call it before the row takes the step.
        Returns the pool, None when the run has none yet. Raises StaleAttempt.
        """
        row = await self._tx.one(
            _SETTLE,
            {
                **self._held,
                "usage": None if usage is None else encode(_USAGE, usage),
                "step": step,
                "millis": millis,
            },
        )
        if row is None:
            raise stale()
        return row["budget"] and _USE.validate_json(row["budget"])

    async def open(self, limits: Budget) -> BudgetUse:
        """Give the run a pool of its own, in which what it has used already counts. Raises StaleAttempt."""
        row = await self._tx.one(
            _OPEN, {**self._held, "id": new_id(), "first": encode(_BUDGET, limits), **_whole(limits)}
        )
        if row is None:
            raise stale()
        return _USE.validate_json(row["budget"])

    async def reserve(self, *, nanos: int | None, tokens: int) -> bool:
        """Keep back money, tokens and a step of the pool, if all of them fit; `nanos` None: no price known.

        False too for a run that holds something already, which settling releases, and for a stale attempt.
        """
        return await self._tx.run(_RESERVE, {**self._held, "nanos": nanos, "tokens": tokens}) == 1

    async def extend(self, pool_id: str, by: Amounts) -> BudgetUse:
        """Add to the limits that the pool has; what is not limited stays so."""
        row = await self._tx.one(_EXTEND, {"budget": pool_id, **_whole(by)})
        if row is None:
            raise stale()
        return _USE.validate_json(row["budget"])


def _whole(amounts: Amounts) -> dict[str, int | None]:
    return {
        "nanos": amounts.nanos,
        "tokens": amounts.tokens,
        "steps": amounts.steps,
        "millis": amounts.millis,
    }
