"""What a call cost, by LiteLLM's price list and its own arithmetic: tiers, cached tokens, cache writes."""

from typing import Any, Final, cast

from factotum.llm.wire import JsonObject


def cost_of(litellm: Any, provider: str, model: str, fields: JsonObject) -> float | None:
    """Return US dollars for the usage that a provider reported, None where no price is known.

    A cost that the provider itself reports (OpenRouter) goes before the list. `provider` and `model` are
    LiteLLM's names.
    """
    told = fields.get("cost")
    if isinstance(told, int | float) and not isinstance(told, bool):
        return float(told) if told > 0 else None
    known = cast("dict[str, Any]", litellm.model_cost)
    if model not in known and f"{provider}/{model}" not in known:
        return None
    try:
        usage = _usage(litellm, provider, fields)
        prompt, completion = litellm.cost_per_token(
            model=model, custom_llm_provider=provider, usage_object=usage
        )
    except _UNREADABLE:
        return None
    cost = float(prompt) + float(completion)
    return cost if cost > 0 else None


_UNREADABLE: Final = (ValueError, TypeError, LookupError, AttributeError)
"""What odd usage makes LiteLLM raise (pydantic's are ValueErrors). No answer is lost over its price."""


def _usage(litellm: Any, provider: str, fields: JsonObject) -> Any:
    if provider == "anthropic":
        return litellm.AnthropicConfig().calculate_usage(usage_object=fields, reasoning_content=None)
    return litellm.Usage(**fields)
