"""Whom keys stand for, remembered for a few seconds so that not every request asks the database.

Law: what ended a key elsewhere is in force here within `recent.LIFETIME_SECONDS`; both memories are bounded.
"""

import logging
import time
from collections.abc import Callable

from factotum.core.clock import now
from factotum.core.errors import Unauthenticated, Unavailable
from factotum.features.recent import Recent
from factotum.store.database import Database
from factotum.store.keys import FoundKey, KeyRegister
from factotum.store.records import Caller

_log = logging.getLogger(__name__)


class KeyRing:
    """A process's memory of keys: those that are good, and apart from them those that are not.

    Apart, so that somebody who tries out random keys pushes no good one out.
    """

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._good: Recent[FoundKey] = Recent(clock)
        self._bad: Recent[str] = Recent(clock)

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

    def forget_person(self, user_id: str) -> None:
        """Ask the database at the next use of any key of a person."""
        self._good.drop(lambda key: key.user_id == user_id)

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
