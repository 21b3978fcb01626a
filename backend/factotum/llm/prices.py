"""LiteLLM's price list, read from its package data without importing LiteLLM: windows, prices, abilities."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, cast

import orjson

from factotum.core.errors import SetupFault

_FILE: Final = "model_prices_and_context_window_backup.json"
_MODES: Final = frozenset({"chat", "responses"})
_NANOS: Final = 1_000_000_000
_TIER: Final = re.compile(r"(input|output)_cost_per_token_above_(\d+)k_tokens")
_INPUT_PRICES: Final = ("input_cost_per_token", "cache_creation_input_token_cost")
_OUTPUT_PRICES: Final = ("output_cost_per_token", "output_cost_per_reasoning_token")


@dataclass(frozen=True, slots=True)
class Tier:
    """The dearest prices of calls that read more than `above` tokens, in US dollars a token."""

    above: int
    input_usd: float
    output_usd: float


@dataclass(frozen=True, slots=True)
class Price:
    """What the list says of one chat model. Prices in US dollars a token, windows in tokens, None: not said.

    `deprecated_on` is a date as YYYY-MM-DD. `tiers` hold the dearest that a token can cost, by how much a
    call reads: writing into a cache costs more than reading, and so may reasoning and a long context.
    """

    provider: str
    input_usd: float | None
    output_usd: float | None
    cached_input_usd: float | None
    context_window: int | None
    max_output_tokens: int | None
    supports_tools: bool
    supports_reasoning: bool
    deprecated_on: str | None
    supports_vision: bool = False
    tiers: tuple[Tier, ...] = ()

    def tier(self, input_tokens: int) -> Tier:
        """Return the tier of a call that reads so much, of a model whose price is known."""
        return next((tier for tier in reversed(self.tiers) if input_tokens > tier.above), self.tiers[0])

    def ceiling_nanos(self, input_tokens: int, output_tokens: int) -> int | None:
        """Return the most that a call can cost, in billionths of a US dollar; None when no price is known."""
        if not self.tiers:
            return None
        tier = self.tier(input_tokens)
        return math.ceil((input_tokens * tier.input_usd + output_tokens * tier.output_usd) * _NANOS)


def dearest(own: Price | None, others: Iterable[Price | None]) -> Price | None:
    """Return a model's price with the tiers of what may cost most, of it and of those that take its place.

    One whose price is not known counts as if it were no dearer; without its own there is none.
    """
    if own is None or not own.tiers:
        return own
    priced = [own, *(other for other in others if other is not None and other.tiers)]
    above = sorted({tier.above for price in priced for tier in price.tiers})
    tiers = [[price.tier(limit + 1) for price in priced] for limit in above]
    return replace(
        own,
        tiers=tuple(
            Tier(limit, max(t.input_usd for t in each), max(t.output_usd for t in each))
            for limit, each in zip(above, tiers, strict=True)
        ),
    )


FREE: Final = Price(
    provider="",
    input_usd=0.0,
    output_usd=0.0,
    cached_input_usd=0.0,
    context_window=None,
    max_output_tokens=None,
    supports_tools=True,
    supports_reasoning=False,
    deprecated_on=None,
    tiers=(Tier(0, 0.0, 0.0),),
)
"""The price of a model that costs nothing."""


@cache
def price_list() -> dict[str, Price]:
    """Return the list by model name, with and without its provider's prefix as LiteLLM spells it.

    Blocks for some 20 ms the first time in a process: call it in a thread then. Raises SetupFault when
    LiteLLM is not installed or holds no list.
    """
    spec = find_spec("litellm")
    try:
        if spec is None or spec.origin is None:
            raise FileNotFoundError("litellm")
        raw = cast("dict[str, dict[str, Any]]", orjson.loads((Path(spec.origin).parent / _FILE).read_bytes()))
    except (OSError, orjson.JSONDecodeError) as error:
        raise SetupFault(
            "LiteLLM's list of models cannot be read.", hint="Install the locked packages again."
        ) from error
    return {name: _price(entry) for name, entry in raw.items() if entry.get("mode") in _MODES}


def _price(entry: dict[str, Any]) -> Price:
    return Price(
        provider=str(entry.get("litellm_provider") or ""),
        input_usd=_number(entry.get("input_cost_per_token")),
        output_usd=_number(entry.get("output_cost_per_token")),
        cached_input_usd=_number(entry.get("cache_read_input_token_cost")),
        context_window=_whole(entry.get("max_input_tokens") or entry.get("max_tokens")),
        max_output_tokens=_whole(entry.get("max_output_tokens")),
        supports_tools=entry.get("supports_function_calling") is True,
        supports_reasoning=entry.get("supports_reasoning") is True,
        deprecated_on=entry.get("deprecation_date"),
        supports_vision=entry.get("supports_vision") is True,
        tiers=_tiers(entry),
    )


def _tiers(entry: dict[str, Any]) -> tuple[Tier, ...]:
    """Return the tiers in order, each as dear as any below it; none when a price is not said."""
    first = _dearest(entry, _INPUT_PRICES), _dearest(entry, _OUTPUT_PRICES)
    if first[0] is None or first[1] is None:
        return ()
    tiers = [Tier(0, first[0], first[1])]
    above = sorted({int(found[2]) * 1000 for name in entry if (found := _TIER.fullmatch(name))})
    for limit in above:
        suffix = f"_above_{limit // 1000}k_tokens"
        dear = [
            _dearest(entry, [f"{name}{suffix}" for name in names])
            for names in (_INPUT_PRICES, _OUTPUT_PRICES)
        ]
        last = tiers[-1]
        tiers.append(Tier(limit, max(dear[0] or 0, last.input_usd), max(dear[1] or 0, last.output_usd)))
    return tuple(tiers)


def _dearest(entry: dict[str, Any], names: Sequence[str]) -> float | None:
    said = [price for name in names if (price := _number(entry.get(name))) is not None]
    return max(said, default=None)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) else None
