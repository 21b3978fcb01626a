"""The fake Daytona itself: one loopback port for its API, its toolbox and its previews."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web
from daytona_api_client_async import SandboxState

from factotum.core.errors import FactotumError
from factotum.sandbox.daytona.options import DaytonaOptions
from factotum.sandbox.local.limits import Limits
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.testing.daytona.api import Api
from factotum.testing.daytona.faults import Faults, befall, cut
from factotum.testing.daytona.machines import Machine, Machines
from factotum.testing.daytona.previews import Previews
from factotum.testing.daytona.toolbox import Toolbox
from factotum.testing.daytona.wire import Refused, error

HOST = "127.0.0.1"
KEY = "dtn_fake_key_of_a_test"
_PREFIX = "/api"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FakeDaytona:
    """Serves until it is closed. `delay`: seconds that a change of state takes."""

    def __init__(self, folder: Path, *, limits: Limits | None = None, delay: float = 0.0) -> None:
        self.faults = Faults()
        self.requests: list[str] = []
        """Every request that came, as `METHOD /path`."""
        self._local = LocalSandboxProvider(folder, limits=limits or Limits())
        self._delay = delay
        self._runner: web.AppRunner | None = None
        self._port = 0
        self._machines: Machines | None = None
        self._api: Api | None = None

    @property
    def origin(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self._port}"

    @property
    def machines(self) -> Machines:
        """Its sandboxes."""
        assert self._machines is not None
        return self._machines

    @property
    def api(self) -> Api:
        """Its API."""
        assert self._api is not None
        return self._api

    def options(self, **changes: object) -> DaytonaOptions:
        """Return the options of a provider that uses it."""
        wanted: dict[str, object] = {"api_key": KEY, "api_url": f"{self.origin}{_PREFIX}", "target": "eu"}
        return DaytonaOptions(**{**wanted, **changes})  # pyright: ignore[reportArgumentType] - named by callers

    async def refusal(self) -> str | None:
        """Say why it has no sandboxes here, or None."""
        return await self._local.refusal()

    async def start(self) -> None:
        """Listen."""
        site_app = web.Application(middlewares=[self._watch], client_max_size=2**31)
        self._runner = web.AppRunner(site_app, handle_signals=False, shutdown_timeout=1.0)
        machines = self._machines = Machines(self._local, "", self._delay)
        api = self._api = Api(machines, lambda: f"{self.origin}/preview")
        site_app.add_routes([_prefixed(route) for route in api.routes()])
        site_app.add_routes(Toolbox(machines).routes())
        previews = Previews(machines, api)
        site_app.router.add_route("*", "/preview/{place}", previews.handle)
        site_app.router.add_route("*", "/preview/{place}/{rest:.*}", previews.handle)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, 0)
        await site.start()
        self._port = self._runner.addresses[0][1]
        machines.toolbox_url = f"{self.origin}/toolbox"

    async def aclose(self) -> None:
        """End it, and all its sandboxes."""
        if self._machines is not None:
            await self._machines.aclose()
        if self._runner is not None:
            await self._runner.cleanup()
        await self._local.aclose()

    async def lose(self, name: str) -> None:
        """Let a sandbox vanish, with its files, between two calls."""
        machine = self.machines.find(name)
        await self.machines.destroy(machine)

    async def archive(self, name: str) -> None:
        """Stop and archive a sandbox, as idleness does."""
        machine = self.machines.find(name)
        await self.machines.stop(machine, SandboxState.STOPPED)
        self.machines.become(machine, SandboxState.ARCHIVED)

    async def fail(self, name: str, *, recoverable: bool) -> None:
        """Let a sandbox be in error."""
        machine = self.machines.find(name)
        await self.machines.stop(machine, SandboxState.ERROR)
        machine.record.recoverable = recoverable

    async def drop_sockets(self, name: str) -> int:
        """Cut the WebSockets to a sandbox; return how many there were."""
        machine: Machine = self.machines.find(name)
        return await self.machines.drop_sockets(machine)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @web.middleware
    async def _watch(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Note a request, let it meet its fault, check its key, and turn refusals into answers."""
        name = f"{request.method} {request.path.removeprefix(_PREFIX)}"
        self.requests.append(name)
        fault = self.faults.take(name)
        if fault is not None and (met := await befall(fault, request)) is not None:
            return met
        is_preview = request.path.startswith("/preview/")
        if not is_preview and request.headers.get("Authorization") != f"Bearer {KEY}":
            return error(401, "Unauthorized")
        try:
            done = await handler(request)
        except Refused as refused:
            done = error(refused.status, refused.message)
        except FactotumError as failure:
            done = error(500 if failure.retryable else 400, failure.message)
        if fault is not None and fault.kind == "late":
            cut(request)
        return done


def _prefixed(route: web.RouteDef) -> web.RouteDef:
    return web.RouteDef(route.method, f"{_PREFIX}{route.path}", route.handler, route.kwargs)
