"""One-time codes: what a printed address carries in place of the token, good once and for a short while."""

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

from factotum.core.errors import Unauthenticated

_LIFETIME_SECONDS = 15 * 60
_CAPACITY = 100


class CodeBook:
    """Gives out codes and takes each back once, for `token`. `capacity` may be open; the oldest go first."""

    def __init__(
        self,
        token: str,
        *,
        lifetime_seconds: float = _LIFETIME_SECONDS,
        capacity: int = _CAPACITY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._token = token
        self._lifetime_seconds = lifetime_seconds
        self._capacity = capacity
        self._clock = clock
        self._good_until: OrderedDict[bytes, float] = OrderedDict()

    def issue(self) -> str:
        """Return a new code (192 bits)."""
        code = secrets.token_urlsafe(24)
        self._good_until[_digest(code)] = self._clock() + self._lifetime_seconds
        while len(self._good_until) > self._capacity:
            self._good_until.popitem(last=False)
        return code

    def redeem(self, code: str) -> str:
        """Return the token for a code. Raises Unauthenticated (`code_invalid`): unknown, used or too old."""
        good_until = self._good_until.pop(_digest(code), None)
        if good_until is None or good_until < self._clock():
            raise Unauthenticated(
                "This code is not valid: it was used, it is too old, or it never was one.",
                hint="`factotum serve` prints a new address each time it starts.",
                code="code_invalid",
            )
        return self._token


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).digest()
