"""LiteLLM's price list, read from its package data without importing LiteLLM: windows, prices, abilities."""

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, cast

import orjson

from factotum.core.errors import SetupFault

_FILE: Final = "model_prices_and_context_window_backup.json"
_MODES: Final = frozenset({"chat", "responses"})


@dataclass(frozen=True, slots=True)
class Price:
    """What the list says of one chat model. Prices in US dollars a token, windows in tokens, None: not said.

    `deprecated_on` is a date as YYYY-MM-DD.
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
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) else None
