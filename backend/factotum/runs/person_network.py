"""The way to the network for a person who has a run's browser: as the run's rules say, and in its log.

A run that waits has no way out: the person is given one of their own, for as long as they have the browser.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from factotum.core.tasks import cancelled
from factotum.protocol.network import NetworkLayers
from factotum.runs.network import RunNetwork
from factotum.sandbox.egress.proxy import EgressProxy
from factotum.store.database import Database
from factotum.store.records import Caller


@dataclass(frozen=True, slots=True)
class Person:
    """Who reaches the network, and for which run."""

    id: str
    account_id: str
    caller: Caller


@dataclass(eq=False, slots=True)
class Way:
    """One person's way out; `until` is the loop's time (seconds) at which it ends."""

    environment: Mapping[str, str]
    until: float
    task: "asyncio.Task[None] | None" = None

    async def close(self) -> None:
        """End it."""
        if self.task is not None:
            await cancelled(self.task)


class PersonNetwork:
    """One way out for each project whose browser a person has, in this process."""

    def __init__(self, database: Database, proxy: EgressProxy | None, *, seconds: float) -> None:
        """A way that is not asked for any more ends after `seconds`."""
        self._database = database
        self._proxy = proxy
        self._seconds = seconds
        self._ways: dict[str, Way] = {}

    def make(self, person: Person, rules: NetworkLayers) -> Way:
        """Open a way that nobody has yet; it leads nowhere without a proxy, or where the rules say off."""
        network = RunNetwork(self._database, person, self._proxy, rules)
        way = Way(network.environment(), self._later())
        way.task = asyncio.create_task(self._keep(way, network), name=f"person-network:{person.id}")
        return way

    async def give(self, project_id: str, way: Way) -> None:
        """Let it be the way of who has the project's browser, in place of the one before."""
        await self.close(project_id)
        self._ways[project_id] = way

    def renew(self, project_id: str) -> Mapping[str, str]:
        """Keep the way open for longer, and return it; nothing where there is none."""
        way = self._ways.get(project_id)
        if way is None:
            return {}
        way.until = self._later()
        return way.environment

    async def close(self, project_id: str) -> None:
        """End the way, if there is one."""
        way = self._ways.pop(project_id, None)
        if way is not None:
            await way.close()

    async def aclose(self) -> None:
        """End all."""
        for project_id in tuple(self._ways):
            await self.close(project_id)

    def _later(self) -> float:
        return asyncio.get_running_loop().time() + self._seconds

    async def _keep(self, way: Way, network: RunNetwork) -> None:
        async with network:
            while True:
                left = way.until - asyncio.get_running_loop().time()
                if left <= 0:
                    break
                await asyncio.sleep(left)
        for project_id in [name for name, known in self._ways.items() if known is way]:
            del self._ways[project_id]
