"""How a model call fails, in one vocabulary for all providers."""

from typing import ClassVar, Literal

from factotum.core.errors import FactotumError

FaultKind = Literal[
    "rate_limited",
    "overloaded",
    "context_overflow",
    "unauthorized",
    "key_missing",
    "model_not_found",
    "bad_request",
    "content_filtered",
    "first_token_timeout",
    "stalled",
    "broken_stream",
    "empty_response",
    "unreachable",
    "unknown",
]

_RETRYABLE: frozenset[FaultKind] = frozenset(
    {
        "rate_limited",
        "overloaded",
        "first_token_timeout",
        "stalled",
        "broken_stream",
        "empty_response",
        "unreachable",
    }
)


class ModelFault(FactotumError):
    """The model's provider failed. `partial`: chunks had already been given when it did."""

    code: ClassVar[str] = "model_fault"

    def __init__(
        self,
        kind: FaultKind,
        message: str,
        *,
        hint: str = "",
        partial: bool = False,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message, hint=hint, code=f"model_{kind}")
        self.kind: FaultKind = kind
        self.partial = partial
        self.retry_after_seconds = retry_after_seconds

    @property
    def may_retry(self) -> bool:
        """Whether the same call may succeed if it is made again."""
        return self.kind in _RETRYABLE
