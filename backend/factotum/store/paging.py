"""The bound on every list: a page holds at most 200 rows. Newest first, since newer ids sort later."""

from typing import LiteralString

from factotum.core.errors import InvalidInput

PAGE_LIMIT = 200


def page(limit: int) -> int:
    """Return `limit` if it is one. Raises InvalidInput (`limit_out_of_range`)."""
    if not 1 <= limit <= PAGE_LIMIT:
        raise InvalidInput(
            f"limit must be between 1 and {PAGE_LIMIT}.",
            hint="Read further pages with a cursor.",
            code="limit_out_of_range",
        )
    return limit


def newest_in_accounts(
    table: LiteralString, columns: LiteralString, *, where: LiteralString = "true"
) -> LiteralString:
    """Return the query of a page of `table`; its parameters: `account` (None: all), `after`, `limit`.

    It walks each account's part of the index by itself: with a policy's condition alone the planner might
    walk through everybody's rows from the newest on.
    """
    return f"""
select page.* from unnest(
    case when %(account)s::uuid is null then factotum.readable_accounts() else array[%(account)s::uuid] end
) as mine (account) cross join lateral (
    select {columns} from factotum.{table}
    where account_id = mine.account
        and {where}
        and id < coalesce(%(after)s::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    order by id desc limit %(limit)s
) as page order by id desc limit %(limit)s"""
