"""Which of their accounts a caller acts for, where a request names one."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from factotum.core.errors import NotFound
from factotum.features.ids import named
from factotum.features.recent import Recent
from factotum.store.accounts import Accounts
from factotum.store.database import Database
from factotum.store.records import Caller


class _Membership(NamedTuple):
    user_id: str
    account_id: str


class ActingService:
    """Narrows callers to one account, and remembers for a few seconds that it is theirs."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._known: Recent[_Membership] = Recent(clock)

    async def narrowed(self, caller: Caller, account_id: str) -> Caller:
        """Return the caller as one who sees and changes this account alone.

        Raises NotFound (`account_not_found`) for an account that is not theirs, or not that of their key.
        """
        named("account", account_id)
        if caller.account_id is not None:
            if caller.account_id != account_id.lower():
                raise NotFound("This key is for another account.", code="account_not_found")
            return caller
        narrowed = replace(caller, account_id=account_id.lower())
        key = f"{caller.user_id} {narrowed.account_id}"
        if self._known.get(key) is None:
            async with self._database.tenant(narrowed) as tx:
                await Accounts(tx).get(account_id)
            self._known.put(key, _Membership(caller.user_id, account_id))
        return narrowed

    def forget_person(self, user_id: str) -> None:
        """Ask the database when a person acts for an account the next time."""
        self._known.drop(lambda membership: membership.user_id == user_id)
