"""The caller's accounts."""

from typing import Any

from factotum.core.errors import NotFound
from factotum.store.records import Account
from factotum.store.tx import Tx

_COLUMNS = "a.id, a.name, a.kind, a.created_at, m.role"


class Accounts:
    """Queries on accounts, in a tenant's transaction."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def ensure_personal(self, account_id: str, name: str) -> Account:
        """Return the caller's personal account; one without gets it, with this id and name, as its owner.

        Raises Conflict when the id is another account's.
        """
        row = await self._tx.one("select factotum.ensure_personal_account(%s, %s) as id", (account_id, name))
        return await self.get(row["id"] if row else account_id)

    async def get(self, account_id: str) -> Account:
        """Return one. Raises NotFound (`account_not_found`)."""
        row = await self._tx.one(
            f"""
select {_COLUMNS} from factotum.accounts a join factotum.account_members m on m.account_id = a.id
where a.id = %s and m.user_id = factotum.uid()""",
            (account_id,),
        )
        if row is None:
            raise NotFound("There is no such account.", code="account_not_found")
        return _account(row)

    async def list(self) -> list[Account]:
        """Return the accounts that the caller is a member of: its own first, then as it joined them."""
        rows = await self._tx.all(f"""
select {_COLUMNS} from factotum.accounts a join factotum.account_members m on m.account_id = a.id
where m.user_id = factotum.uid()
order by (a.kind = 'personal' and m.role = 'owner') desc, m.created_at, a.id limit 1000""")
        return [_account(row) for row in rows]


def _account(row: dict[str, Any]) -> Account:
    return Account.model_validate(row)
