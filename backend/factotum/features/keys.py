"""API keys: what programs sign in with. Law: a key is told once, when it is made; its hash is stored."""

import hashlib
import re
import secrets
from typing import Annotated

from pydantic import AwareDatetime, Field

from factotum.core.clock import now
from factotum.core.errors import InvalidInput
from factotum.core.frozen import Frozen
from factotum.features.accounts import own_account
from factotum.features.key_ring import KeyRing
from factotum.features.pages import Name
from factotum.store.database import Database
from factotum.store.keys import ApiKey, Keys
from factotum.store.records import Caller, KeyScope

_MARK = "fct_"
_KEY_BYTES = 32
_SHOWN = 12
"""How much of a key is kept to tell it from others: 8 of its 43 random characters."""
_FORM = re.compile(rf"{_MARK}[A-Za-z0-9_-]{{43}}")


class NewKey(Frozen):
    """What a key is for, what it may do, and how long it is good."""

    name: Name
    scope: Annotated[
        KeyScope,
        Field(description="`read`: GET only. `write`: everything but keys, secrets and members."),
    ] = "write"
    expires_at: Annotated[
        AwareDatetime | None, Field(description="When the key ends by itself. None: when it is revoked.")
    ] = None


class MadeKey(ApiKey):
    """A key that was just made. `key` (256 bits) is shown this once."""

    key: str


class KeyList(Frozen):
    """The account's keys that were not revoked, newest first."""

    items: tuple[ApiKey, ...]


class KeyService:
    """The keys of the caller's account, and whom each stands for."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ring = KeyRing(database)

    async def create(self, caller: Caller, new: NewKey) -> MadeKey:
        """Make a key that acts for the caller in its own account.

        Raises Forbidden, InvalidInput (`expiry_past`), Conflict (`keys_full`).
        """
        if new.expires_at is not None and new.expires_at <= now():
            raise InvalidInput(
                "The key would have expired already.", hint="Choose a later time.", code="expiry_past"
            )
        key = _MARK + secrets.token_urlsafe(_KEY_BYTES)
        async with self._database.tenant(caller) as tx:
            account = await own_account(tx)
            made = await Keys(tx).create(
                account.id,
                new.name,
                user_id=caller.user_id,
                prefix=key[:_SHOWN],
                key_hash=_hash_of(key),
                scope=new.scope,
                expires_at=new.expires_at,
            )
        return MadeKey(**dict(made), key=key)

    async def list(self, caller: Caller) -> KeyList:
        """Return the keys that were not revoked."""
        async with self._database.tenant(caller) as tx:
            account = await own_account(tx)
            return KeyList(items=tuple(await Keys(tx).list(account.id)))

    async def revoke(self, caller: Caller, key_id: str) -> None:
        """End a key: here at once, in other processes within five seconds. Raises NotFound, Forbidden."""
        async with self._database.tenant(caller) as tx:
            await Keys(tx).revoke(key_id)
        self._ring.forget(key_id)

    def forget_person(self, user_id: str) -> None:
        """Ask the database at the next use of any key of a person who left an account."""
        self._ring.forget_person(user_id)

    async def caller_of(self, key: str) -> Caller:
        """Return whom a key stands for.

        Raises Unauthenticated (`key_unknown`, `key_expired`, `key_revoked`), Unavailable.
        """
        return await self._ring.caller_of(_hash_of(key))


def looks_like_key(token: str) -> bool:
    """Tell whether a token has the form of our keys."""
    return _FORM.fullmatch(token) is not None


def _hash_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
