"""The dearest that a call can cost, by the list of prices."""

import pytest

from factotum.llm.catalogue import Catalogue
from factotum.llm.prices import FREE, Tier, price_list


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
