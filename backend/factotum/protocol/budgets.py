"""Budgets: what a run may use of money, tokens, steps and time, and what of it is used and reserved."""

from pydantic import Field

from factotum.core.frozen import Frozen

_NANOS = 1_000_000_000
_MILLIS = 1_000


class Amounts(Frozen):
    """Amounts of the four things that a budget counts; None: not limited, or none of it.

    `cost_usd` are US dollars, `tokens` those read and written, cached ones included, `steps` the answers of
    the model, `seconds` those in which a worker carries the run, not those in which it waits.
    """

    cost_usd: float | None = None
    tokens: int | None = None
    steps: int | None = None
    seconds: float | None = None

    @property
    def nanos(self) -> int | None:
        """The money in billionths of a dollar: whole numbers, so that no sum is ever off."""
        return None if self.cost_usd is None else round(self.cost_usd * _NANOS)

    @property
    def millis(self) -> int | None:
        """The time in milliseconds."""
        return None if self.seconds is None else round(self.seconds * _MILLIS)


class Budget(Amounts):
    """What a run may use before it asks whether to go on: each is optional, what is left out is not limited.

    US dollars, tokens, steps (answers of the model), and seconds in which the run is carried.
    """

    cost_usd: float | None = Field(default=None, ge=0.000_001, le=1_000_000, allow_inf_nan=False)
    tokens: int | None = Field(default=None, ge=1, le=1_000_000_000_000)
    steps: int | None = Field(default=None, ge=1, le=100_000)
    seconds: float | None = Field(default=None, ge=1, le=31_536_000, allow_inf_nan=False)

    def over(self, defaults: "Budget") -> "Budget":
        """Return this budget, with that of `defaults` wherever it says nothing."""
        return Budget.model_validate(defaults.model_dump() | self.model_dump(exclude_none=True))


class Spending(Frozen):
    """What was used. A model call whose price is not known adds no money."""

    cost_usd: float = 0.0
    tokens: int = 0
    steps: int = 0
    seconds: float = 0.0

    @property
    def nanos(self) -> int:
        """The money in billionths of a dollar."""
        return round(self.cost_usd * _NANOS)

    @property
    def millis(self) -> int:
        """The time in milliseconds."""
        return round(self.seconds * _MILLIS)

    @classmethod
    def of(cls, nanos: int, tokens: int, steps: int, millis: int) -> "Spending":
        """Make one from whole numbers."""
        return cls(cost_usd=nanos / _NANOS, tokens=tokens, steps=steps, seconds=millis / _MILLIS)


class BudgetUse(Frozen):
    """A pool, which a run has for itself or shares, and how much of it is gone.

    `reserved` is kept back for the model calls that are under way; `first` is what the pool began with.
    """

    id: str
    limit: Amounts
    used: Spending = Spending()
    reserved: Spending = Spending()
    first: Amounts = Amounts()

    def settled(self, *, cost_usd: float | None, tokens: int) -> "BudgetUse":
        """Return how it stands once a step is settled that used so much."""
        used = self.used
        after = Spending.of(
            used.nanos + round((cost_usd or 0.0) * _NANOS), used.tokens + tokens, used.steps + 1, used.millis
        )
        return self.model_copy(update={"used": after})


def amounts(*, nanos: int | None, tokens: int | None, steps: int | None, millis: int | None) -> Amounts:
    """Make amounts from whole numbers."""
    return Amounts(
        cost_usd=None if nanos is None else nanos / _NANOS,
        tokens=tokens,
        steps=steps,
        seconds=None if millis is None else millis / _MILLIS,
    )
