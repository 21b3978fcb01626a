"""Whom keys stand for, remembered for a few seconds so that not every request asks the database.

Law: what ended a key elsewhere is in force here within `LIFETIME_SECONDS`; both memories are bounded.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from factotum.core.clock import now
from factotum.core.errors import Unauthenticated, Unavailable
from factotum.store.database import Database
from factotum.store.keys import FoundKey, KeyRegister
from factotum.store.records import Caller

LIFETIME_SECONDS = 5.0
_CAPACITY = 1000

_log = logging.getLogger(__name__)
T = TypeVar("T")


class KeyRing:
    """A process's memory of keys: those that are good, and apart from them those that are not.

    Apart, so that somebody who tries out random keys pushes no good one out.
    """

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._good: _Recent[FoundKey] = _Recent(clock)
        self._bad: _Recent[str] = _Recent(clock)

    async def caller_of(self, key_hash: str) -> Caller:
        """Return whom the key with this hash stands for.

        Raises Unauthenticated (`key_unknown`, `key_expired`, `key_revoked`), Unavailable.
        """
        known = self._good.get(key_hash)
        if known is not None and (known.expires_at is None or known.expires_at > now()):
            return _caller(known)
        found = None
        state = self._bad.get(key_hash)
        if state is None:
            found = await self._look_up(key_hash)
            state = found.state if found else "unknown"
        if found is None or state != "good":
            self._bad.put(key_hash, state)
            raise _refusal(state)
        self._good.put(key_hash, found)
        if found.unmarked:
            await self._mark(key_hash)
        return _caller(found)

    def forget(self, key_id: str) -> None:
        """Ask the database at the next use of a key."""
        self._good.drop(lambda key: key.id == key_id)

    async def _look_up(self, key_hash: str) -> FoundKey | None:
        async with self._database.system() as tx:
            return await KeyRegister(tx).find(key_hash)

    async def _mark(self, key_hash: str) -> None:
        """Note the use. A database that takes no changes at present does not keep anybody from reading."""
        try:
            async with self._database.system() as tx:
                await KeyRegister(tx).mark(key_hash)
        except Unavailable as fault:
            _log.warning("the use of a key was not noted: %s", fault.message)


class _Entry(NamedTuple, Generic[T]):
    value: T
    until: float


class _Recent(Generic[T]):
    """Values of the last seconds by key, at most `_CAPACITY`; the oldest go first."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._entries: OrderedDict[str, _Entry[T]] = OrderedDict()

    def get(self, key: str) -> T | None:
        entry = self._entries.get(key)
        return entry.value if entry and entry.until > self._clock() else None

    def put(self, key: str, value: T) -> None:
        self._entries.pop(key, None)
        self._entries[key] = _Entry(value, self._clock() + LIFETIME_SECONDS)
        while len(self._entries) > _CAPACITY:
            self._entries.popitem(last=False)

    def drop(self, which: Callable[[T], bool]) -> None:
        for key in [key for key, entry in self._entries.items() if which(entry.value)]:
            del self._entries[key]


def _caller(key: FoundKey) -> Caller:
    return Caller(key.user_id, key.account_id, key.scope)


def _refusal(state: str) -> Unauthenticated:
    match state:
        case "expired":
            said, hint = "This API key has expired.", "Make a new one: `factotum keys create NAME`."
        case "revoked":
            said, hint = "This API key was revoked.", "Make a new one: `factotum keys create NAME`."
        case _:
            said, hint = "There is no such API key.", "Check that the key was copied whole."
    return Unauthenticated(said, hint=hint, code=f"key_{state}")
