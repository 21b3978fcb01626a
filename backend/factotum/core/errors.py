"""The error tree: every failure a caller may see has a stable code and says what to do.

FactotumError
├── InvalidInput        the caller sent something we cannot take (HTTP 422)
│   └── TooLarge        a body, a file or a name is over its bound (413)
├── Unauthenticated     no credential, or one that is not valid (401)
├── Forbidden           known caller, not allowed (403)
├── NotFound            it does not exist, or not for this caller (404)
├── Conflict            it clashes with the present state (409)
│   └── StaleAttempt    a newer attempt owns the run: stop, change nothing
├── RateLimited         too many; `retry_after_seconds` says when (429)
├── Unavailable         a part we depend on is down; retry later (503)
│   ├── WrittenByNewer  only a newer version of the service can go on from this
│   └── SandboxRefused  this machine cannot isolate; the reason is in the message
├── ModelFault          the model's provider failed (llm/faults.py gives the kinds)
└── SetupFault          the machine or the settings are wrong; a person must act (501)
"""

from typing import ClassVar


class FactotumError(Exception):
    """A failure with a stable `code`, a plain `message` and a `hint` that says what to do."""

    code: ClassVar[str] = "internal_error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.stable_code = code or type(self).code


class InvalidInput(FactotumError):
    """The caller sent something we cannot take. `field` is the path of what is wrong, if it is one field."""

    code = "invalid_input"

    def __init__(self, message: str, *, hint: str = "", code: str | None = None, field: str = "") -> None:
        super().__init__(message, hint=hint, code=code)
        self.field = field


class TooLarge(InvalidInput):
    """A body, a file or a name is over its bound."""

    code = "too_large"


class Unauthenticated(FactotumError):
    """No credential came, or one that is not valid."""

    code = "unauthenticated"


class Forbidden(FactotumError):
    """The caller is known and may not do this."""

    code = "forbidden"


class NotFound(FactotumError):
    """It does not exist, or not for this caller: the two are never told apart."""

    code = "not_found"


class Conflict(FactotumError):
    """The request clashes with the present state."""

    code = "conflict"


class StaleAttempt(Conflict):
    """A newer attempt owns the run: whoever sees this ends itself and changes nothing more."""

    code = "stale_attempt"


class RateLimited(FactotumError):
    """Too many requests; `retry_after_seconds` says when to come back."""

    code = "rate_limited"
    retryable = True

    def __init__(self, message: str, *, retry_after_seconds: float, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(FactotumError):
    """A part we depend on is down or too slow; the same request may succeed later."""

    code = "unavailable"
    retryable = True


class WrittenByNewer(Unavailable):
    """A newer version of the service wrote what this one cannot work with: it is left to that."""

    code = "written_by_newer_version"


class SandboxRefused(Unavailable):
    """This machine cannot isolate commands, and there is no unsandboxed fallback."""

    code = "sandbox_refused"
    retryable = False


class SetupFault(FactotumError):
    """The machine or the settings are wrong; a person must act before this can work."""

    code = "setup_fault"
