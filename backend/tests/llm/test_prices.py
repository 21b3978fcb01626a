"""The dearest that a call can cost, by the list of prices."""

from dataclasses import replace

import pytest

from factotum.llm.catalogue import Catalogue
from factotum.llm.prices import FREE, Tier, dearest, price_list


def test_writing_into_the_cache_is_the_dearest_way_to_read() -> None:
    price = price_list()["claude-sonnet-4-5"]
    assert price.tiers == (Tier(0, 3.75e-6, 15e-6),)
    assert price.ceiling_nanos(1_000, 100) == 3_750_000 + 1_500_000


def test_reasoning_may_be_dearer_than_an_answer() -> None:
    assert price_list()["dashscope/qwen-turbo"].tiers == (Tier(0, 5e-8, 5e-7),)


def test_a_long_context_has_its_own_price() -> None:
    tiered = [price for price in price_list().values() if len(price.tiers) > 1]
    assert len(tiered) > 50
    for price in tiered:
        lower, *_, upper = price.tiers
        assert upper.above >= 100_000
        assert upper.input_usd >= lower.input_usd
        at, over = price.ceiling_nanos(upper.above, 10), price.ceiling_nanos(upper.above + 1, 10)
        assert at is not None
        assert over is not None
        assert at <= over


def test_no_price_is_no_ceiling() -> None:
    unknown = [
        price for price in price_list().values() if price.input_usd is None or price.output_usd is None
    ]
    assert unknown
    assert all(price.ceiling_nanos(10, 10) is None for price in unknown)
    assert FREE.ceiling_nanos(1_000_000, 1_000_000) == 0


@pytest.mark.parametrize(
    ("model", "known"),
    [("openai/gpt-4o-mini", True), ("openai/scripted", False), ("local/gpt-4o-mini", False), ("demo", True)],
)
def test_what_the_catalogue_knows_of_a_price(model: str, known: bool) -> None:
    assert (Catalogue({}).price(model) is not None) == known


def test_the_dearest_of_the_models_that_may_answer_is_reserved() -> None:
    """Whichever answers, at whatever length, costs no more than what is kept back."""
    own = replace(FREE, max_output_tokens=9, tiers=(Tier(0, 1e-6, 4e-6), Tier(200_000, 2e-6, 6e-6)))
    spare = replace(FREE, tiers=(Tier(0, 3e-6, 3e-6), Tier(100_000, 3e-6, 5e-6)))
    both = dearest(own, [spare, None, replace(FREE, tiers=())])
    assert both is not None
    assert both.max_output_tokens == 9
    for size in (0, 1, 100_000, 100_001, 200_000, 200_001, 999_999):
        for output in (0, 1_000):
            one, other, most = (price.ceiling_nanos(size, output) or 0 for price in (own, spare, both))
            assert most >= max(one, other)
    assert dearest(own, []) == own
    assert dearest(None, [spare]) is None
