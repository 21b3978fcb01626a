"""The network of one attempt: its grant at the egress proxy, and its connections on their way to the log."""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Protocol, Self

from factotum.core.errors import FactotumError
from factotum.core.ids import new_id
from factotum.core.tasks import whole
from factotum.protocol.network import NetworkConnection, NetworkLayers
from factotum.sandbox.egress.grants import Connection, Grant
from factotum.sandbox.egress.proxy import EgressProxy
from factotum.sandbox.egress.swapping import HeldSecret
from factotum.store.database import Database
from factotum.store.network_log import NetworkLog
from factotum.store.records import Caller
from factotum.store.secrets import Secrets

_log = logging.getLogger(__name__)

_GATHER_SECONDS = 1.0
_BATCH = 500
_MOST_WAITING = 20_000


class _Reaching(Protocol):
    """Which run of which account it is for, and in whose name its connections are logged."""

    @property
    def id(self) -> str: ...
    @property
    def account_id(self) -> str: ...
    @property
    def caller(self) -> Caller: ...


class RunNetwork:
    """The context of one attempt. Without a proxy, or where the rules say off, it gives no way out."""

    def __init__(
        self,
        database: Database,
        run: _Reaching,
        proxy: EgressProxy | None,
        rules: NetworkLayers,
        secrets: Sequence[HeldSecret] = (),
    ) -> None:
        self._database = database
        self._run = run
        self._proxy = proxy if rules.mode != "off" else None
        self._rules = rules
        self._secrets = secrets
        self._grant: Grant | None = None
        self._waiting: deque[NetworkConnection] = deque(maxlen=_MOST_WAITING)
        self._writing: asyncio.Task[None] | None = None

    def environment(self) -> Mapping[str, str]:
        """Return what the commands of the run need to get out; nothing when they may not."""
        if self._proxy is None:
            return {}
        if self._grant is None:
            self._grant = self._proxy.grant(self._rules, self._note, self._secrets)
        return self._grant.environment

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Take the grant back, and store what is still to be stored."""
        if self._proxy is None or self._grant is None:
            return
        await self._proxy.revoke(self._grant)
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait({self._writing})
        await whole(self._write())

    def _note(self, connection: Connection) -> None:
        self._waiting.append(NetworkConnection(id=new_id(), run_id=self._run.id, **asdict(connection)))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._soon(), name=f"network-log:{self._run.id}")

    async def _soon(self) -> None:
        """Store what has gathered, until there is nothing more."""
        while self._waiting:
            await asyncio.sleep(_GATHER_SECONDS)
            await whole(self._write())

    async def _write(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
            try:
                async with self._database.tenant(self._run.caller) as tx:
                    await NetworkLog(tx).add(self._run.id, batch)
                    if used := {name for each in batch for name in each.secrets}:
                        await Secrets(tx, self._run.account_id).used(used)
            except FactotumError as fault:
                _log.warning("%d connections of a run were not logged: %s", len(batch), fault.message)
