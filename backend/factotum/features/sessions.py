"""Sessions of people whom we sign in ourselves. Law: a session's token is told once; its hash is stored."""

import logging
import re
import secrets
import time
from collections.abc import Callable

from factotum.core.errors import Unauthenticated, Unavailable
from factotum.features.recent import Recent
from factotum.features.shares import hash_of
from factotum.store.database import Database
from factotum.store.records import Caller
from factotum.store.sessions import FoundSession, SessionRegister
from factotum.store.tx import Tx

_MARK = "fcs_"
_TOKEN_BYTES = 32
_FORM = re.compile(rf"{_MARK}[A-Za-z0-9_-]{{43}}")

_log = logging.getLogger(__name__)


class SessionService:
    """Whom a session stands for, remembered for a few seconds.

    What ended one elsewhere is in force here within `recent.LIFETIME_SECONDS`; what its person may see and do
    ends at once all the same, since the database looks at their memberships.
    """

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._known: Recent[FoundSession] = Recent(clock)

    async def caller_of(self, token: str) -> Caller:
        """Return whose session it is. Raises Unauthenticated (`session_ended`), Unavailable."""
        digest = hash_of(token)
        found = self._known.get(digest)
        if found is None:
            async with self._database.system() as tx:
                found = await SessionRegister(tx).find(digest)
            if found is None:
                raise _ended()
            self._known.put(digest, found)
            if found.unmarked:
                await self._mark(found.id)
        return Caller(found.user_id)

    async def end(self, token: str) -> None:
        """Sign out: the token opens nothing any more."""
        digest = hash_of(token)
        async with self._database.system() as tx:
            found = await SessionRegister(tx).find(digest)
            await SessionRegister(tx).end(digest)
        if found is not None:
            self._known.drop(lambda session: session.id == found.id)

    def forget_person(self, user_id: str) -> None:
        """Ask the database at the next use of any session of a person."""
        self._known.drop(lambda session: session.user_id == user_id)

    async def _mark(self, session_id: str) -> None:
        """Note the use. A database that takes no changes at present does not keep anybody from reading."""
        try:
            async with self._database.system() as tx:
                await SessionRegister(tx).mark(session_id)
        except Unavailable as fault:
            _log.warning("the use of a session was not noted: %s", fault.message)


async def open_session(tx: Tx, user_id: str) -> str:
    """Begin a session in a system transaction, and return its token (256 bits), which is told this once."""
    token = _MARK + secrets.token_urlsafe(_TOKEN_BYTES)
    await SessionRegister(tx).open(user_id, hash_of(token))
    return token


def looks_like_session(token: str) -> bool:
    """Tell whether a token has the form of our sessions'."""
    return _FORM.fullmatch(token) is not None


def _ended() -> Unauthenticated:
    return Unauthenticated(
        "This sign-in has ended.",
        hint="You signed out, stayed away for 90 days, or were taken out of the account. Ask its owner for "
        "an invitation.",
        code="session_ended",
    )
