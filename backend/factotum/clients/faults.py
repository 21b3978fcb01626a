"""How a call of another service fails, in one vocabulary for all of them."""

from typing import ClassVar, Final, Literal

from factotum.core.errors import Unavailable

FaultKind = Literal[
    "unreachable",
    "timeout",
    "overloaded",
    "rate_limited",
    "unauthorized",
    "not_found",
    "refused",
    "too_large",
    "bad_answer",
    "resting",
]
"""Why. `refused`: it said that the request was wrong. `resting`: its breaker is open, nothing was sent."""

_ILL: Final[frozenset[FaultKind]] = frozenset({"unreachable", "timeout", "overloaded"})
_PASSES: Final[frozenset[FaultKind]] = frozenset({*_ILL, "rate_limited"})


class ServiceFault(Unavailable):
    """A call of another service failed; code `service_<kind>`.

    `status` is what it answered, if it did. `retry_after_seconds` is what it asked for, or how long its
    breaker stays open.
    """

    code: ClassVar[str] = "service_unavailable"

    def __init__(
        self,
        service: str,
        kind: FaultKind,
        message: str,
        *,
        hint: str = "",
        status: int | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message, hint=hint or "Try again later, or go another way.", code=f"service_{kind}")
        self.service = service
        self.kind: FaultKind = kind
        self.status = status
        self.retry_after_seconds = retry_after_seconds

    @property
    def may_pass(self) -> bool:
        """Whether the same call may succeed if it is made again."""
        return self.kind in _PASSES


class ServiceRules:
    """What breakers make of these faults. Implements core.breaker.Rules."""

    def speaks_against(self, fault: ServiceFault) -> bool:
        """Whether the service is ill. One that limits or refuses us is well."""
        return fault.kind in _ILL

    def refusal(
        self, name: str, failures: int, last: ServiceFault | None, wait_seconds: float
    ) -> ServiceFault:
        """Make what a call is refused with while the service rests."""
        return ServiceFault(
            name,
            "resting",
            f"{name} failed {failures} times in a row and is left alone for now. "
            f"Last: {last.message if last else 'no answer'}",
            hint=f"Try again in {wait_seconds:.0f} seconds, or go another way.",
            retry_after_seconds=wait_seconds,
        )
