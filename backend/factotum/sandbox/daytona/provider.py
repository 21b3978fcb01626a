"""The Daytona provider: opens the client with its first use, and keeps one link for each project."""

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from factotum.core.errors import FactotumError, InvalidInput
from factotum.core.tasks import all_of
from factotum.sandbox.daytona import sdk
from factotum.sandbox.daytona.calls import Breaker, Calls, Clash, Missing
from factotum.sandbox.daytona.finding import ENVIRONMENT, OWN, PROJECT, READ_SECONDS, Finder, state_of
from factotum.sandbox.daytona.link import Link
from factotum.sandbox.daytona.options import MOST_WARM, DaytonaOptions
from factotum.sandbox.daytona.sandbox import DaytonaSandbox
from factotum.sandbox.local.paths import check_labels, check_project_id
from factotum.sandbox.port import SandboxInfo
from factotum.sandbox.rules import check_environment

if TYPE_CHECKING:
    from daytona import AsyncDaytona, AsyncSandbox

_log = logging.getLogger(__name__)

MOST_CONNECTED = 200
_WELL_SECONDS = 30.0


class DaytonaSandboxProvider:
    """Implements the port's SandboxProvider."""

    def __init__(self, options: DaytonaOptions, *, breaker: Breaker | None = None) -> None:
        self._options = options
        self._calls = Calls(breaker)
        self._client: AsyncDaytona | None = None
        self._finder: Finder | None = None
        self._opening = asyncio.Lock()
        self._links: dict[str, Link] = {}
        self._well_until = 0.0
        self._closing: set[asyncio.Task[None]] = set()

    async def refusal(self) -> str | None:
        """Say why Daytona cannot be used and what to do, or None when it can."""
        if time.monotonic() < self._well_until:
            return None
        try:
            await self._listed({}, 1)
        except FactotumError as error:
            return f"{error.message} {error.hint}".strip()
        self._well_until = time.monotonic() + _WELL_SECONDS
        return None

    async def open(
        self,
        project_id: str,
        *,
        labels: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> DaytonaSandbox:
        """Give a project's sandbox. Its machine is found or made now if it gets labels, else by its use."""
        check_project_id(project_id)
        if labels is not None:
            check_labels(labels)
        link = self._links.get(project_id)
        if link is None:
            link = self._links[project_id] = Link(project_id, await self._ready(), opened=self._make_room)
        await link.found(labels)
        return DaytonaSandbox(link, check_environment(environment))

    async def find(self, labels: Mapping[str, str] | None = None, *, limit: int = 1000) -> list[SandboxInfo]:
        """Find sandboxes that have all of `labels`, by project, at most `limit`."""
        found: list[SandboxInfo] = []
        for machine in await self._listed({f"{OWN}{name}": value for name, value in (labels or {}).items()}):
            held = machine.labels
            own = {name.removeprefix(OWN): value for name, value in held.items() if name.startswith(OWN)}
            found.append(SandboxInfo(held.get(PROJECT, ""), state_of(machine) == "started", own))
        return sorted(found, key=lambda info: info.project_id)[:limit]

    async def stop(self, project_id: str) -> None:
        """End all that runs in it. Its files stay, and the next command starts it again."""
        check_project_id(project_id)
        finder = await self._ready()
        if (link := self._links.get(project_id)) is not None:
            await link.close()
        if (machine := await finder.get(project_id)) is not None:
            await finder.stop(machine)

    async def thin_out(self, older_seconds: float) -> int:
        """Do nothing: there are no snapshots."""
        del older_seconds
        return 0

    async def delete(self, project_id: str) -> None:
        """End it and delete its workspace. Deleting one that does not exist does nothing."""
        check_project_id(project_id)
        finder = await self._ready()
        if (link := self._links.pop(project_id, None)) is not None:
            link.gone = True
            await link.close()
        if (machine := await finder.get(project_id)) is not None:
            await finder.delete(machine)

    async def aclose(self) -> None:
        """Let all connections go. The machines go on until they have been idle for long enough."""
        links, self._links = list(self._links.values()), {}
        await all_of(link.close() for link in links)
        if self._closing:
            await asyncio.wait(self._closing)
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _ready(self) -> Finder:
        async with self._opening:
            if self._finder is None:
                self._client = await sdk.open_client(self._options)
                self._finder = Finder(self._client, self._calls, self._options)
                await self._keep_warm(self._client)
            return self._finder

    async def _listed(self, labels: Mapping[str, str], limit: int | None = None) -> "list[AsyncSandbox]":
        """Return the machines of this environment that have these labels at Daytona."""
        client = (await self._ready()).client
        module = await sdk.load()
        wanted = module.ListSandboxesQuery(
            labels={ENVIRONMENT: self._options.environment, **labels}, limit=limit
        )

        async def collect() -> "list[AsyncSandbox]":
            found: list[AsyncSandbox] = []
            async for machine in client.list(wanted, request_timeout=READ_SECONDS):
                if state_of(machine) not in {"destroyed", "destroying"}:
                    found.append(machine)
                if limit is not None and len(found) >= limit:
                    break
            return found

        try:
            return await self._calls.make(collect, "list sandboxes", seconds=READ_SECONDS, again=True)
        except (Missing, Clash) as error:
            raise InvalidInput(
                f"There is no Daytona API at {self._options.api_url}.", hint="Look at DAYTONA_API_URL."
            ) from error

    async def _keep_warm(self, client: "AsyncDaytona") -> None:
        """Have Daytona keep sandboxes of our snapshot ready; that it cannot is no failure."""
        snapshot, wished = self._options.snapshot, min(self._options.warm, MOST_WARM)
        if snapshot is None or wished <= 0:
            return

        async def set_pool() -> None:
            for pool in await client.warm_pool.list():
                if pool.snapshot == snapshot and self._options.target in (None, pool.target):
                    if pool.pool != wished:
                        await client.warm_pool.update(pool.id, wished)
                    return
            await client.warm_pool.create(snapshot, wished, self._options.target)

        try:
            await self._calls.make(set_pool, "keep sandboxes ready", seconds=READ_SECONDS, again=True)
        except (FactotumError, Missing, Clash) as error:
            _log.warning("no sandboxes are kept ready", extra={"said": str(error)})

    def _make_room(self, opened: Link) -> None:
        """Let the connection go that was unused for longest, when there are too many."""
        connected = [link for link in self._links.values() if link.is_open and link is not opened]
        if len(connected) < MOST_CONNECTED:
            return
        idle = min(
            (link for link in connected if not link.is_busy), key=lambda link: link.used_at, default=None
        )
        if idle is not None:
            task = asyncio.create_task(idle.close(), name="daytona-idle")
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
