"""A run's budget during one attempt: whatever stores something settles it, the active time included."""

import time

from factotum.agent.budget import Grant, Need
from factotum.protocol.budgets import Amounts, Budget, BudgetUse
from factotum.protocol.runs import Usage
from factotum.store.budgets import Budgets
from factotum.store.records import ClaimedRun
from factotum.store.runs import Runs
from factotum.store.tx import Tx


class RunPool:
    """The pool of one run. It counts the time since the attempt began, or since it last settled."""

    def __init__(self, run: ClaimedRun) -> None:
        self._run = run
        self._counted = time.monotonic()

    async def settle(self, tx: Tx, usage: Usage | None = None, step: int | None = None) -> BudgetUse | None:
        """Count what the run used up to now; `usage` and `step` are its new sums. Raises StaleAttempt.

        Time that a transaction fails to store is not counted: it is rare, and never to a person's cost.
        """
        now = time.monotonic()
        millis = round((now - self._counted) * 1000)
        self._counted = now
        return await self._budgets(tx).settle(usage=usage, step=step, millis=millis)

    async def reserve(
        self, tx: Tx, limits: Budget, need: Need, usage: Usage
    ) -> tuple[BudgetUse, Grant | None]:
        """Settle, and keep back what the need is granted; None: there is no room for it."""
        budgets = self._budgets(tx)
        # Settling locked the pool's row: what is granted by it is there.
        pool = await self.settle(tx, usage) or await budgets.open(limits)
        grant = need.grant(pool)
        if grant is None or not await budgets.reserve(nanos=grant.nanos, tokens=grant.tokens):
            return pool, None
        return pool, grant

    async def extend(self, tx: Tx, limits: Budget, by: Amounts) -> None:
        """Add to the pool's limits and forget the question, which is answered by it."""
        pool = await self.settle(tx) or await self._budgets(tx).open(limits)
        await self._budgets(tx).extend(pool.id, by)
        await Runs(tx).clear_answer(self._run.id, self._run.attempt)

    def _budgets(self, tx: Tx) -> Budgets:
        return Budgets(tx, self._run.id, self._run.attempt)
