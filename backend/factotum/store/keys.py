"""API keys: made, listed and revoked by a tenant, and looked up by their hash when somebody signs in."""

from builtins import list as list_of
from datetime import datetime
from typing import Literal

from factotum.core.errors import Conflict, NotFound
from factotum.core.frozen import Frozen
from factotum.core.ids import new_id
from factotum.store.jsonb import clean_text
from factotum.store.records import KeyScope
from factotum.store.tx import Tx

MOST_KEYS = 50
"""Keys of one account that are good at the same time."""
_MOST_LISTED = 200

_COLUMNS = "id, user_id, name, prefix, scope, created_at, expires_at, last_used_at"
_GOOD = "revoked_at is null and (expires_at is null or expires_at > clock_timestamp())"


class ApiKey(Frozen):
    """A key that was not revoked, without the key itself. `prefix` is how it begins.

    It acts for the person with `user_id`, who made it. `last_used_at` is right to a minute.
    """

    id: str
    user_id: str
    name: str
    prefix: str
    scope: KeyScope
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class FoundKey(Frozen):
    """What is known of a key that somebody signs in with. `unmarked`: that it is used should be noted."""

    id: str
    user_id: str
    account_id: str
    scope: KeyScope
    expires_at: datetime | None
    state: Literal["good", "expired", "revoked"]
    unmarked: bool


class Keys:
    """Queries on keys, in a tenant's transaction."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def create(
        self,
        account_id: str,
        name: str,
        *,
        user_id: str,
        prefix: str,
        key_hash: str,
        scope: KeyScope,
        expires_at: datetime | None,
    ) -> ApiKey:
        """Store a key of the transaction's caller. `key_hash`: SHA-256 in hexadecimal.

        Raises Forbidden, Conflict (`keys_full`).
        """
        # Whoever makes one at the same moment waits, and counts this one.
        await self._tx.run("select pg_advisory_xact_lock(hashtextextended(%s, 15))", (account_id,))
        row = await self._tx.one(
            f"select count(*) as live from factotum.api_keys where account_id = %s and {_GOOD}", (account_id,)
        )
        if row is not None and row["live"] >= MOST_KEYS:
            raise Conflict(
                f"An account has at most {MOST_KEYS} keys.",
                hint="Revoke one that is not used any more.",
                code="keys_full",
            )
        row = await self._tx.one(
            f"""
insert into factotum.api_keys (id, account_id, user_id, name, prefix, key_hash, scope, expires_at)
values (%s, %s, %s, %s, %s, %s, %s, %s) returning {_COLUMNS}""",
            (new_id(), account_id, user_id, clean_text(name), prefix, key_hash, scope, expires_at),
        )
        return ApiKey.model_validate(row)

    async def list(self, account_id: str) -> list_of[ApiKey]:
        """Return the account's keys that were not revoked, expired ones too, the newest 200 first."""
        rows = await self._tx.all(
            f"""
select {_COLUMNS} from factotum.api_keys where account_id = %s and revoked_at is null
order by id desc limit %s""",
            (account_id, _MOST_LISTED),
        )
        return [ApiKey.model_validate(row) for row in rows]

    async def revoke(self, key_id: str) -> None:
        """End a key; one that has ended stays so. Raises NotFound (`key_not_found`), Forbidden."""
        touched = await self._tx.run(
            "update factotum.api_keys set revoked_at = coalesce(revoked_at, clock_timestamp()) where id = %s",
            (key_id,),
        )
        if not touched:
            missing = NotFound("There is no such key.", code="key_not_found")
            raise await self._tx.refusal("api_keys", key_id, missing)


class KeyRegister:
    """Looking up one key before there is a caller, in a system transaction."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def find(self, key_hash: str) -> FoundKey | None:
        """Return the key with this hash, good or not; None where there never was one."""
        row = await self._tx.one("select * from factotum.key_of(%s)", (key_hash,))
        return None if row is None else FoundKey.model_validate(row)

    async def mark(self, key_hash: str) -> None:
        """Note that it is used now, unless that was noted within the last minute."""
        await self._tx.one("select factotum.mark_key(%s)", (key_hash,))
