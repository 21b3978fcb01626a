"""The caller: who it is, and the account that is its own."""

from typing import Literal

from factotum.core.errors import NotFound
from factotum.core.frozen import Frozen
from factotum.protocol.network import Network
from factotum.store.accounts import Accounts
from factotum.store.database import Database
from factotum.store.records import Account, Caller
from factotum.store.tx import Tx


class AccountSummary(Frozen):
    """An account as its member sees it."""

    id: str
    name: str
    kind: Literal["personal", "team"]


class Me(Frozen):
    """The caller, its account, and the service it talks to. `network` is the service's own rule."""

    user_id: str
    account: AccountSummary
    version: str
    env_mode: str
    network: Network


async def own_account(tx: Tx) -> Account:
    """Return the account that holds what the caller makes: the personal one, else the first.

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
        return Me(
            user_id=caller.user_id,
            account=AccountSummary(id=account.id, name=account.name, kind=account.kind),
            version=self._version,
            env_mode=self._env_mode,
            network=self._network,
        )
