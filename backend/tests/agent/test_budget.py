"""The arithmetic of budgets: what is granted fits, what is asked for makes room, words are truthful."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.agent.budget import (
    LEAST_OUTPUT,
    Extra,
    Left,
    Need,
    ask_to_extend,
    money,
    says_stop,
    unpriced_notice,
    wish_in,
)
from factotum.llm.prices import FREE, Price, Tier
from factotum.protocol.budgets import Amounts, Budget, BudgetUse, Spending
from factotum.testing.memory_budget import MemoryPool

CHEAP = replace(FREE, tiers=(Tier(0, 3e-6, 15e-6), Tier(200_000, 6e-6, 22.5e-6)))


def priced(read: float, written: float) -> Price:
    return replace(FREE, tiers=(Tier(0, read, written), Tier(5_000, read * 2, written * 2)))


PRICES: st.SearchStrategy[Price | None] = st.none() | st.builds(
    priced, st.floats(0, 1e-3), st.floats(0, 1e-3)
)
EXTRAS = st.builds(Extra, st.integers(0, 5_000), st.none() | st.integers(0, 10**9))
NEEDS = st.builds(Need, st.integers(0, 20_000), st.integers(1, 20_000), PRICES, st.none() | EXTRAS)
LIMITS = st.builds(
    Budget,
    cost_usd=st.none() | st.floats(1e-6, 100),
    tokens=st.none() | st.integers(1, 100_000),
    steps=st.none() | st.integers(1, 10),
    seconds=st.none() | st.floats(1, 100),
)
USED = st.builds(
    Spending,
    cost_usd=st.floats(0, 100),
    tokens=st.integers(0, 100_000),
    steps=st.integers(0, 10),
    seconds=st.floats(0, 100),
)


def pool(limit: Amounts, used: Spending | None = None, reserved: Spending | None = None) -> BudgetUse:
    return BudgetUse(
        id="p", limit=limit, first=limit, used=used or Spending(), reserved=reserved or Spending()
    )


@given(limits=LIMITS, used=USED, reserved=USED, need=NEEDS)
def test_what_is_granted_fits_and_what_does_not_is_asked_for(
    limits: Budget, used: Spending, reserved: Spending, need: Need
) -> None:
    before = pool(limits, used, reserved)
    left, grant = Left.of(before), need.grant(before)
    if grant is None:
        by = need.extension(before)
        assert any(amount is not None for amount in by.model_dump().values())
        raised = {
            name: None if limit is None else limit + (getattr(by, name) or 0)
            for name, limit in limits.model_dump().items()
        }
        assert need.grant(before.model_copy(update={"limit": Amounts(**raised)})) is not None
        return
    assert 1 <= grant.output_tokens <= need.most_output
    assert grant.output_tokens >= min(LEAST_OUTPUT, need.most_output)
    beside = need.extra.tokens if need.extra is not None and grant.extra else 0
    assert grant.tokens == need.input_tokens + grant.output_tokens + beside
    assert left.nanos is None or grant.nanos is None or grant.nanos <= left.nanos
    assert left.tokens is None or grant.tokens <= left.tokens
    assert left.steps is None or left.steps >= 1
    assert left.millis is None or left.millis >= 1
    if grant.output_tokens < need.most_output:
        assert grant.bounded


@given(
    limits=LIMITS,
    moves=st.lists(st.tuples(st.sampled_from("abc"), NEEDS, st.floats(0, 1), st.booleans()), max_size=30),
)
def test_runs_that_share_a_pool_are_never_over_it(
    limits: Budget, moves: list[tuple[str, Need, float, bool]]
) -> None:
    shared = MemoryPool(limits)
    spent = {run: Spending() for run in "abc"}
    for run, need, part, dies in moves:
        grant = shared.reserve(run, need) if run not in shared.reserved_by else None
        if grant is not None and not dies:
            now = spent[run]
            spent[run] = Spending.of(
                now.nanos + int((grant.nanos or 0) * part),
                now.tokens + int(grant.tokens * part),
                now.steps + 1,
                0,
            )
        elif grant is None:
            shared.settle_sums(run, spent[run])
        use = shared.use
        for limit, used, reserved in (
            (limits.nanos, use.used.nanos, use.reserved.nanos),
            (limits.tokens, use.used.tokens, use.reserved.tokens),
            (limits.steps, use.used.steps, use.reserved.steps),
        ):
            assert limit is None or used + reserved <= limit


def test_the_output_is_bounded_by_what_is_left() -> None:
    need = Need(1_000, 64_000, CHEAP)
    grant = need.grant(pool(Amounts(cost_usd=0.1)))
    assert grant is not None
    assert grant.output_tokens == (100_000_000 - 3_000_000) // 15_000
    assert grant.nanos == pytest.approx(3_000_000 + grant.output_tokens * 15_000, abs=2)
    assert grant.bounded
    by_tokens = need.grant(pool(Amounts(tokens=10_000, cost_usd=100)))
    assert by_tokens is not None
    assert by_tokens.output_tokens == 9_000
    whole = need.grant(pool(Amounts(steps=3)))
    assert whole is not None
    assert (whole.output_tokens, whole.bounded) == (64_000, False)


def test_what_is_needed_beside_a_step_is_kept_back_if_both_fit() -> None:
    extra = Extra(3_000, 9_000_000)
    need = Need(1_000, 4_000, CHEAP, extra)
    both = need.grant(pool(Amounts(tokens=8_000, cost_usd=1)))
    assert both is not None
    assert (both.extra, both.tokens, both.output_tokens) == (True, 8_000, 4_000)
    assert both.nanos == 3_000_000 + 60_000_000 + 9_000_000
    tight = need.grant(pool(Amounts(tokens=6_000)))
    assert tight is not None
    assert (tight.extra, tight.tokens, tight.output_tokens) == (True, 6_000, 2_000)
    for short in (Amounts(tokens=4_500), Amounts(cost_usd=0.015)):
        alone = need.grant(pool(short))
        assert alone is not None
        assert not alone.extra
        assert alone == replace(need, extra=None).grant(pool(short))
    unpriced = replace(need, price=None, extra=Extra(3_000, None)).grant(pool(Amounts(tokens=8_000)))
    assert unpriced is not None
    assert (unpriced.extra, unpriced.nanos) == (True, None)
    dear = replace(need, price=None, extra=Extra(1, 2_000_000_000)).grant(pool(Amounts(cost_usd=1)))
    assert dear is not None
    assert (dear.extra, dear.nanos) == (False, None)
    only_extra = replace(need, price=None).grant(pool(Amounts(cost_usd=1)))
    assert only_extra is not None
    assert only_extra.nanos == extra.nanos


def test_a_long_context_is_reserved_at_its_own_price() -> None:
    assert CHEAP.ceiling_nanos(200_000, 1_000) == 615_000_000
    assert CHEAP.ceiling_nanos(200_001, 1_000) == 200_001 * 6_000 + 22_500_000


def test_without_a_price_money_limits_nothing_and_that_is_said() -> None:
    unpriced = replace(FREE, tiers=())
    for price in (None, unpriced):
        grant = Need(1_000, 64_000, price).grant(pool(Amounts(cost_usd=0.01), Spending(cost_usd=5)))
        assert grant is not None
        assert (grant.nanos, grant.bounded) == (None, False)
        notice = unpriced_notice("some/model", Budget(cost_usd=0.5), price)
        assert notice == "The price of some/model is not known, so the limit of $0.50 does not hold for it."
    assert unpriced_notice("m", Budget(cost_usd=1), FREE) == ""
    assert unpriced_notice("m", Budget(tokens=1), None) == ""


def test_the_question_says_what_is_gone_and_what_comes() -> None:
    limit = Amounts(cost_usd=0.5, tokens=2_000, steps=5, seconds=60)
    gone = pool(limit, Spending(cost_usd=0.4955, tokens=1_999, steps=5, seconds=61.4))
    question = ask_to_extend(gone, Need(3_000, 64_000, CHEAP))
    assert question.text == (
        "The budget leaves no room for another step: 5 of 5 steps, $0.4955 of $0.50, 1,999 of 2,000 tokens, "
        "61 of 60 seconds used. "
        "Shall the run go on, with 5 steps and $0.50 and 4,000 tokens and 60 seconds more?"
    )
    assert question.reason == "budget"
    assert question.choices == ("Extend by the same again", "Stop here")
    assert question.budget == Amounts(cost_usd=0.5, tokens=4_000, steps=5, seconds=60)
    some = ask_to_extend(pool(limit, Spending(steps=5)), Need(10, 10, CHEAP))
    assert some.budget == Amounts(steps=5)


@pytest.mark.parametrize(
    ("usd", "said"),
    [(0.5, "$0.50"), (0.0, "$0.00"), (12.345, "$12.35"), (0.123456789, "$0.123457"), (2e-6, "$0.000002")],
)
def test_money_has_as_many_digits_as_it_needs(usd: float, said: str) -> None:
    assert money(usd) == said


def test_answers_are_told_apart() -> None:
    assert says_stop(" stop HERE ")
    assert not says_stop("Stop")
    assert wish_in("Extend by the same again ") == ""
    assert wish_in("go on") == ""
    assert wish_in("Faster, please.") == "Faster, please."
    assert wish_in("") == ""


def test_a_budget_takes_what_it_does_not_say_from_another() -> None:
    over = Budget(tokens=5, steps=2).over(Budget(steps=50, seconds=9))
    assert over == Budget(tokens=5, steps=2, seconds=9)
