"""The arithmetic of a budget: how much of a pool a model call may take, and what to ask without room for it.

Law: what is granted fits into what is left, so that used and reserved never add up to more than the limit.
"""

import math
from dataclasses import dataclass, replace

from factotum.core.wording import count
from factotum.llm.prices import Price
from factotum.protocol.budgets import Amounts, Budget, BudgetUse, amounts
from factotum.protocol.runs import Question

LEAST_OUTPUT = 512
"""Tokens. With room for less, a call would most likely be cut off, and paid for nothing."""

STOP_HERE = "Stop here"
"""The choice that ends a run where it stands."""

_EXTEND = "Extend by the same again"
_SILENT = frozenset({_EXTEND.lower(), "go on"})
"""Answers that say nothing to the model; the second was offered before there were budgets."""


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a pool, or below zero; None: no limit. Billionths of a dollar, milliseconds."""

    nanos: int | None
    tokens: int | None
    steps: int | None
    millis: int | None

    @classmethod
    def of(cls, pool: BudgetUse) -> "Left":
        """Read it off a pool."""
        limit, used, reserved = pool.limit, pool.used, pool.reserved
        return cls(
            _minus(limit.nanos, used.nanos + reserved.nanos),
            _minus(limit.tokens, used.tokens + reserved.tokens),
            _minus(limit.steps, used.steps + reserved.steps),
            _minus(limit.millis, used.millis),
        )

    @property
    def is_overdrawn(self) -> bool:
        """Whether less than nothing is left of money or tokens."""
        return (self.nanos or 0) < 0 or (self.tokens or 0) < 0

    def without(self, extra: "Extra") -> "Left":
        """Return what is left besides."""
        nanos, tokens = _minus(self.nanos, extra.nanos or 0), _minus(self.tokens, extra.tokens)
        return replace(self, nanos=nanos, tokens=tokens)


@dataclass(frozen=True, slots=True)
class Grant:
    """What is reserved for one step, besides the step. `nanos` None: no price is known.

    `output_tokens` of the tokens are for the answer; `bounded`: the pool has a limit that it could break.
    `extra`: what was needed beside the step is part of it.
    """

    nanos: int | None
    tokens: int
    output_tokens: int
    bounded: bool
    extra: bool = False

    def plus(self, extra: "Extra") -> "Grant":
        """Return it with what is needed beside the step."""
        nanos = self.nanos if extra.nanos is None else (self.nanos or 0) + extra.nanos
        return replace(self, nanos=nanos, tokens=self.tokens + extra.tokens, extra=True)


@dataclass(frozen=True, slots=True)
class Extra:
    """What a model call beside the steps takes at the most. `nanos` None: no price is known."""

    tokens: int
    nanos: int | None


@dataclass(frozen=True, slots=True)
class Need:
    """What the next model call needs. Tokens; without a `price` money does not limit it.

    `extra` is needed too, but the call goes before it: without room for both there is room for the call.
    """

    input_tokens: int
    most_output: int
    price: Price | None = None
    extra: Extra | None = None

    def grant(self, pool: BudgetUse) -> Grant | None:
        """Return what fits into the pool, up to the most that the call may take; None when it is too little.

        Time is not reserved: a step may begin while any is left.
        """
        left = Left.of(pool)
        if self.extra is not None:
            rest = left.without(self.extra)
            granted = self._within(rest)
            if granted is not None and not rest.is_overdrawn:
                return granted.plus(self.extra)
        return self._within(left)

    def _within(self, left: Left) -> Grant | None:
        if any(missing > 0 for missing in self._missing(left)):
            return None
        output = self.most_output
        if left.tokens is not None:
            output = min(output, left.tokens - self.input_tokens)
        if left.nanos is not None:
            output = self._affordable(left.nanos, output)
        cost = self._cost(output)
        bounded = left.tokens is not None or (left.nanos is not None and cost is not None)
        return Grant(cost, self.input_tokens + output, output, bounded)

    def extension(self, pool: BudgetUse) -> Amounts:
        """Return what makes room for the call: of all that is short, some times as much as at first."""
        first = pool.first
        nanos, tokens, steps, millis = self._missing(Left.of(pool))
        return amounts(
            nanos=_again(first.nanos, nanos),
            tokens=_again(first.tokens, tokens),
            steps=_again(first.steps, steps),
            millis=_again(first.millis, millis),
        )

    @property
    def _least_output(self) -> int:
        return min(LEAST_OUTPUT, self.most_output)

    def _missing(self, left: Left) -> tuple[int, int, int, int]:
        """Return how much of each is missing for the least that makes sense: money, tokens, steps, time."""
        return (
            _short(left.nanos, self._cost(self._least_output)),
            _short(left.tokens, self.input_tokens + self._least_output),
            _short(left.steps, 1),
            _short(left.millis, 1),
        )

    def _cost(self, output: int) -> int | None:
        """Return the most that the call can cost with so much output, in billionths of a dollar."""
        return None if self.price is None else self.price.ceiling_nanos(self.input_tokens, output)

    def _affordable(self, nanos: int, output: int) -> int:
        """Return how much output the money allows, at most `output`: a price is linear in it."""
        free, whole = self._cost(0), self._cost(output)
        if free is None or whole is None or whole <= nanos:
            return output
        return max((nanos - free - 2) * output // (whole - free + 2), self._least_output)


def ask_to_extend(pool: BudgetUse, need: Need) -> Question:
    """Return the question of a run whose pool has no room for the call: the same for the same pool."""
    by = need.extension(pool)
    gone, more = _told(pool, by)
    text = (
        f"The budget leaves no room for another step: {', '.join(gone)} used. "
        f"Shall the run go on, with {' and '.join(more)} more?"
    )
    return Question(reason="budget", text=text, choices=(_EXTEND, STOP_HERE), budget=by)


def unpriced_notice(model: str, budget: Budget, price: Price | None) -> str:
    """Return what to say of a run whose limit of money cannot hold: nobody knows what its model costs."""
    if budget.cost_usd is None or (price is not None and price.tiers):
        return ""
    return (
        f"The price of {model} is not known, so the limit of {money(budget.cost_usd)} does not hold for it."
    )


def says_stop(answer: str) -> bool:
    """Whether the answer is the choice to end the run."""
    return answer.strip().lower() == STOP_HERE.lower()


def wish_in(answer: str) -> str:
    """Return what the model should read of an answer that does not stop: the person's own words."""
    return "" if answer.strip().lower() in _SILENT else answer


def _told(pool: BudgetUse, by: Amounts) -> tuple[list[str], list[str]]:
    limit, used = pool.limit, pool.used
    gone: list[str] = []
    more: list[str] = []
    if by.steps is not None:
        gone.append(f"{used.steps:,} of {count(limit.steps or 0, 'step')}")
        more.append(count(by.steps, "step"))
    if by.cost_usd is not None:
        gone.append(f"{money(used.cost_usd)} of {money(limit.cost_usd or 0)}")
        more.append(money(by.cost_usd))
    if by.tokens is not None:
        gone.append(f"{used.tokens:,} of {limit.tokens:,} tokens")
        more.append(f"{by.tokens:,} tokens")
    if by.seconds is not None:
        gone.append(f"{used.seconds:,.0f} of {limit.seconds:,.0f} seconds")
        more.append(f"{by.seconds:,.0f} seconds")
    return gone, more


def money(usd: float) -> str:
    """Return an amount of money in words, with as many digits as it needs."""
    return f"${usd:,.2f}" if usd >= 1 or round(usd, 2) == usd else f"${usd:.6f}".rstrip("0")


def _minus(limit: int | None, used: int) -> int | None:
    return None if limit is None else limit - used


def _short(left: int | None, needed: int | None) -> int:
    return 0 if left is None or needed is None else max(0, needed - left)


def _again(first: int | None, missing: int) -> int | None:
    return first * math.ceil(missing / first) if first and missing else None
