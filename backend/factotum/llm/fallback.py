"""When another model is asked in the place of one that failed, and what is said if none can be used. Pure."""

from collections.abc import Callable, Sequence
from typing import Final

from factotum.llm.faults import FaultKind, ModelFault

_PASSES_ON: Final[frozenset[FaultKind]] = frozenset(
    {
        "rate_limited",
        "overloaded",
        "unreachable",
        "unauthorized",
        "key_missing",
        "model_not_found",
        "first_token_timeout",
        "broken_stream",
        "empty_response",
        "unknown",
    }
)
"""Faults of a model or its provider. A request that is wrong, or filtered, is so for every model."""

Windows = Callable[[str], int | None]
"""How many tokens a model reads at once; None: not known."""


def following(model: str, left: Sequence[str], fault: ModelFault, windows: Windows) -> list[str]:
    """Return those of the models still `left` that may answer what `model` failed with `fault`.

    After a context overflow these are the models with a larger window.
    """
    if fault.kind == "context_overflow":
        window = windows(model)
        return [] if window is None else [other for other in left if (windows(other) or 0) > window]
    return list(left) if fault.kind in _PASSES_ON and not fault.partial else []


def none_usable(faults: Sequence[tuple[str, ModelFault]]) -> ModelFault:
    """Return what to raise when every model failed: the first one's fault, telling of the others."""
    (_, first), *others = faults
    if not others:
        return first
    told = "; ".join(f"{model}: {fault.message}" for model, fault in others)
    return ModelFault(
        first.kind,
        f"{first.message} The models to fall back on failed too: {told}",
        hint=first.hint,
        retry_after_seconds=first.retry_after_seconds,
    )
