"""A budget's pool in memory: what a run uses is settled by how much its own sums have grown."""

from factotum.agent.budget import Grant, Need
from factotum.core.ids import new_id
from factotum.protocol.budgets import Amounts, Budget, BudgetUse, Spending
from factotum.protocol.runs import Usage


class MemoryPool:
    """A pool, and of each run that shares it what is settled and what is reserved."""

    def __init__(self, limits: Budget) -> None:
        self.id = new_id()
        self._limits = Amounts(**limits.model_dump())
        self._first = self._limits
        self._settled: dict[str, Spending] = {}
        self._reserved: dict[str, Spending] = {}

    @property
    def use(self) -> BudgetUse:
        """The pool as it stands."""
        return BudgetUse(
            id=self.id,
            limit=self._limits,
            first=self._first,
            used=_sum(self._settled),
            reserved=_sum(self._reserved),
        )

    @property
    def reserved_by(self) -> frozenset[str]:
        """The runs that hold something back."""
        return frozenset(self._reserved)

    def settle(self, run_id: str, usage: Usage, step: int, seconds: float) -> None:
        """Take over a run's sums, and release what it had reserved."""
        tokens = usage.input_tokens + usage.output_tokens
        sums = Spending(cost_usd=usage.cost_usd or 0.0, tokens=tokens, steps=step, seconds=seconds)
        self.settle_sums(run_id, sums)

    def settle_sums(self, run_id: str, sums: Spending) -> None:
        """As `settle`, with the sums as they are."""
        self._settled[run_id] = sums
        self._reserved.pop(run_id, None)

    def reserve(self, run_id: str, need: Need) -> Grant | None:
        """Keep back what the need is granted."""
        grant = need.grant(self.use)
        if grant is not None:
            self._reserved[run_id] = Spending.of(grant.nanos or 0, grant.tokens, 1, 0)
        return grant

    def extend(self, by: Amounts) -> None:
        """Add to the limits that there are."""
        sums = {
            name: None if limit is None else limit + (getattr(by, name) or 0)
            for name, limit in self._limits.model_dump().items()
        }
        self._limits = Amounts(**sums)


def _sum(parts: dict[str, Spending]) -> Spending:
    each = list(parts.values())
    return Spending.of(
        sum(part.nanos for part in each),
        sum(part.tokens for part in each),
        sum(part.steps for part in each),
        sum(part.millis for part in each),
    )
