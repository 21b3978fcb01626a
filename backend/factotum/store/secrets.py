"""Secrets of accounts: their names, hosts and sealed values. Nothing here can open one."""

from builtins import list as list_of
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from factotum.core.errors import Conflict, NotFound
from factotum.core.frozen import Frozen
from factotum.store.tx import Tx

MOST_SECRETS = 100
"""Secrets of one account."""

_COLUMNS = "name, hosts, created_at, updated_at, last_used_at"


class Secret(Frozen):
    """What is told of a secret. `hosts`: where its value may be sent, each a name or `*.name`."""

    name: str
    hosts: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """A secret as a run needs it."""

    name: str
    hosts: tuple[str, ...]
    sealed: bytes = field(repr=False)


class Secrets:
    """Queries on an account's secrets, in a tenant's transaction."""

    def __init__(self, tx: Tx, account_id: str) -> None:
        self._tx = tx
        self._account_id = account_id

    async def list(self) -> list_of[Secret]:
        """Return them all by name: they are bounded."""
        rows = await self._tx.all(
            f"select {_COLUMNS} from factotum.secrets where account_id = %s order by name limit %s",
            (self._account_id, MOST_SECRETS),
        )
        return [Secret.model_validate(row) for row in rows]

    async def put(self, name: str, hosts: Sequence[str], sealed: bytes) -> Secret:
        """Store one, in place of what had its name. Raises Forbidden, Conflict (`secrets_full`)."""
        # One after another, so that the bound holds.
        await self._tx.run("select pg_advisory_xact_lock(hashtextextended(%s, 14))", (self._account_id,))
        row = await self._tx.one(
            f"""
insert into factotum.secrets (account_id, name, hosts, sealed)
select %(account)s::uuid, %(name)s, %(hosts)s::text[], %(sealed)s
where exists (select from factotum.secrets where account_id = %(account)s::uuid and name = %(name)s)
    or (select count(*) from factotum.secrets where account_id = %(account)s::uuid) < %(most)s
on conflict (account_id, name) do update
    set hosts = excluded.hosts, sealed = excluded.sealed, updated_at = clock_timestamp()
returning {_COLUMNS}""",
            {
                "account": self._account_id,
                "name": name,
                "hosts": list(hosts),
                "sealed": sealed,
                "most": MOST_SECRETS,
            },
        )
        if row is None:
            raise Conflict(
                f"An account has at most {MOST_SECRETS} secrets.",
                hint="Delete one that is not needed any more.",
                code="secrets_full",
            )
        return Secret.model_validate(row)

    async def change_hosts(self, name: str, hosts: Sequence[str]) -> Secret:
        """Keep the value, and let it go elsewhere. Raises NotFound (`secret_not_found`), Forbidden."""
        row = await self._tx.one(
            f"""
update factotum.secrets set hosts = %s::text[], updated_at = clock_timestamp()
where account_id = %s and name = %s returning {_COLUMNS}""",
            (list(hosts), self._account_id, name),
        )
        if row is None:
            raise _missing(name)
        return Secret.model_validate(row)

    async def delete(self, name: str) -> None:
        """Forget one. Raises NotFound (`secret_not_found`)."""
        touched = await self._tx.run(
            "delete from factotum.secrets where account_id = %s and name = %s", (self._account_id, name)
        )
        if not touched:
            raise _missing(name)

    async def sealed(self) -> list_of[SealedSecret]:
        """Return all of them as a run needs them."""
        rows = await self._tx.all(
            "select name, hosts, sealed from factotum.secrets where account_id = %s order by name limit %s",
            (self._account_id, MOST_SECRETS),
        )
        return [SealedSecret(row["name"], tuple(row["hosts"]), bytes(row["sealed"])) for row in rows]

    async def used(self, names: Collection[str]) -> None:
        """Note that these were used just now."""
        await self._tx.run(
            """
update factotum.secrets set last_used_at = clock_timestamp()
where account_id = %s and name = any(%s::text[])""",
            (self._account_id, sorted(names)),
        )


def _missing(name: str) -> NotFound:
    return NotFound(
        f"There is no secret named {name}.", hint="GET /v1/secrets lists yours.", code="secret_not_found"
    )
