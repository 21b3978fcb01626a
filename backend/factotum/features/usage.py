"""What the caller's account used in a period: sums over the runs that it still has."""

from dataclasses import dataclass
from datetime import date, timedelta

from pydantic import Field

from factotum.core.clock import now
from factotum.core.errors import InvalidInput
from factotum.features.accounts import own_account
from factotum.store.database import Database
from factotum.store.records import Caller
from factotum.store.usage import UsageBy, UsageReport, usage_of

MOST_DAYS = 366
_DEFAULT_DAYS = 30


@dataclass(frozen=True, slots=True)
class Period:
    """From which day to which, both included, in UTC; None: today, and 30 days up to the last one."""

    first: date | None = None
    last: date | None = None


class UsageSummary(UsageReport):
    """What was used between two days, both included, in UTC."""

    first: date = Field(serialization_alias="from")
    last: date = Field(serialization_alias="to")
    by: UsageBy


class UsageService:
    """Sums for the caller's account."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, caller: Caller, period: Period, by: UsageBy) -> UsageSummary:
        """Sum the period. Raises InvalidInput (`period_invalid`)."""
        last = period.last or now().date()
        first = period.first or _before(last, _DEFAULT_DAYS - 1)
        if not 0 <= (last - first).days < MOST_DAYS:
            raise InvalidInput(
                f"A period has 1 to {MOST_DAYS} days, and `from` is not after `to`.",
                hint="Ask for a shorter period, or for several one after the other.",
                code="period_invalid",
            )
        async with self._database.tenant(caller) as tx:
            account = await own_account(tx)
            report = await usage_of(tx, account.id, first, last, by)
        return UsageSummary(items=report.items, total=report.total, first=first, last=last, by=by)


def _before(day: date, days: int) -> date:
    """Return the day that many days earlier, or the first one that there is."""
    return day - timedelta(days=min(days, (day - date.min).days))
