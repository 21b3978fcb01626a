"""What an account used: sums over its runs, by day, model or agent."""

from datetime import date
from typing import Literal, LiteralString

from factotum.core.frozen import Frozen
from factotum.store.tx import Tx

UsageBy = Literal["day", "model", "agent"]
_MOST_ITEMS = 1000

_KEYS: dict[UsageBy, LiteralString] = {
    "day": "to_char(created_at at time zone 'UTC', 'YYYY-MM-DD')",
    "model": "model",
    "agent": "coalesce(agent_id::text, '')",
}
_NAME_OF_AGENT: LiteralString = (
    "coalesce((select agents.name from factotum.agents where agents.id = nullif(key, '')::uuid), '')"
)
_MOST_TOKENS: LiteralString = "input_tokens + output_tokens desc"


class UsageSum(Frozen):
    """What runs used. Tokens as in a run's own usage; cached ones are among the input's.

    `cost_usd` counts the calls whose price is known, None where none is; `unpriced_runs` called a model and
    have no price at all.
    """

    runs: int = 0
    steps: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    unpriced_runs: int = 0


class UsageItem(UsageSum):
    """One day (as `2026-11-22`, in UTC), model or agent (its id; empty for runs without one).

    `name` is the agent's name, else the key.
    """

    key: str
    name: str


class UsageReport(Frozen):
    """The sums of a period and of its parts."""

    items: tuple[UsageItem, ...]
    total: UsageSum


async def usage_of(tx: Tx, account_id: str, first: date, last: date, by: UsageBy) -> UsageReport:
    """Sum what the account's runs used that were made from `first` to `last`, both included, in UTC.

    Days come in their order, models and agents by their tokens, most first; at most 1000.
    """
    rows = await tx.all(
        f"""
with summed as (
    select grouping(key) = 1 as is_total, coalesce(key, '') as key, count(*) as runs,
        coalesce(sum(step), 0)::bigint as steps,
        coalesce(sum((usage ->> 'input_tokens')::bigint), 0)::bigint as input_tokens,
        coalesce(sum((usage ->> 'cached_tokens')::bigint), 0)::bigint as cached_tokens,
        coalesce(sum((usage ->> 'output_tokens')::bigint), 0)::bigint as output_tokens,
        round(sum((usage ->> 'cost_usd')::numeric), 9)::float8 as cost_usd,
        count(*) filter (where usage ->> 'cost_usd' is null
            and (usage ->> 'output_tokens')::bigint > 0) as unpriced_runs
    from (
        select {_KEYS[by]} as key, step, usage from factotum.runs
        where account_id = %(account)s and created_at >= %(first)s::date::timestamp at time zone 'UTC'
            and created_at < (%(last)s::date + 1)::timestamp at time zone 'UTC'
    ) as run
    group by grouping sets ((key), ())
)
select summed.*, {_NAME_OF_AGENT if by == "agent" else "key"} as name from summed
order by is_total desc, {"key" if by == "day" else _MOST_TOKENS}, key limit %(limit)s""",
        {"account": account_id, "first": first, "last": last, "limit": _MOST_ITEMS + 1},
    )
    total = UsageSum.model_validate(rows[0], extra="ignore")
    return UsageReport(
        items=tuple(UsageItem.model_validate(row, extra="ignore") for row in rows[1:]), total=total
    )
