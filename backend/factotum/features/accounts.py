"""The caller: who it is, and the account that is its own."""

from typing import Literal

from factotum.core.errors import NotFound
from factotum.core.frozen import Frozen
from factotum.protocol.network import Network
from factotum.store.accounts import Accounts
from factotum.store.database import Database
from factotum.store.members import Members
from factotum.store.records import Account, Caller, MemberRole
from factotum.store.tx import Tx


class AccountSummary(Frozen):
    """An account as its member sees it. `role`: what the caller is there."""

    id: str
    name: str
    kind: Literal["personal", "team"]
    role: MemberRole


class Me(Frozen):
    """The caller, its account, and the service it talks to. `network` is the service's own rule.

    `name`: what the caller is called in this account. `accounts`: all that it may act for.
    """

    user_id: str
    name: str | None
    account: AccountSummary
    accounts: tuple[AccountSummary, ...]
    version: str
    env_mode: str
    network: Network


def summary(account: Account) -> AccountSummary:
    """Return an account as its member sees it."""
    return AccountSummary(id=account.id, name=account.name, kind=account.kind, role=account.role)


async def own_account(tx: Tx) -> Account:
    """Return the account that the caller acts for and that holds what it makes.

    It is the one that the request names or the key is of, else the personal one, else the first.

    Raises NotFound (`account_not_found`) when it is a member of none.
    """
    accounts = await Accounts(tx).list()
    if not accounts:
        raise NotFound("You have no account here.", code="account_not_found")
    return accounts[0]


class AccountService:
    """Tells callers who they are."""

    def __init__(self, database: Database, *, version: str, env_mode: str, network: Network) -> None:
        self._database = database
        self._version = version
        self._env_mode = env_mode
        self._network = network

    async def me(self, caller: Caller) -> Me:
        """Return the caller. Raises NotFound (`account_not_found`)."""
        async with self._database.tenant(caller) as tx:
            account = await own_account(tx)
            member = await Members(tx, account.id).get(caller.user_id)
            accounts = [account] if caller.scope else None
        if accounts is None:
            # A request that names an account sees no other.
            async with self._database.tenant(Caller(caller.user_id)) as tx:
                accounts = await Accounts(tx).list()
        return Me(
            user_id=caller.user_id,
            name=member.name,
            account=summary(account),
            accounts=tuple(map(summary, accounts)),
            version=self._version,
            env_mode=self._env_mode,
            network=self._network,
        )
