"""The fake's API: sandboxes made, found, started, stopped, archived, deleted; previews; warm pools."""

import json
import secrets
import time
from collections.abc import Awaitable, Callable

from aiohttp import web
from daytona_api_client_async import (
    CreateSandbox,
    CreateWarmPool,
    ListSandboxesResponse,
    PortPreviewUrl,
    SandboxLabels,
    SandboxState,
    SignedPortPreviewUrl,
    ToolboxProxyUrl,
    UpdateWarmPool,
    WarmPool,
)
from pydantic import ValidationError

from factotum.core.clock import now
from factotum.core.ids import new_id
from factotum.testing.daytona.machines import Machine, Machines, listed
from factotum.testing.daytona.wire import Refused, answer

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Api:
    """Handlers of the API. `signed` holds the preview tokens: sandbox, port and when they end."""

    def __init__(self, machines: Machines, preview_url: Callable[[], str]) -> None:
        self._machines = machines
        self._preview_url = preview_url
        self.signed: dict[str, tuple[str, int, float]] = {}
        self.pools: dict[str, WarmPool] = {}

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, without the API's prefix."""
        one = "/sandbox/{name}"
        return [
            web.post("/sandbox", self.create),
            web.get("/sandbox", self.list),
            web.get(one, self.get),
            web.delete(one, self.delete),
            web.put(f"{one}/labels", self.label),
            web.post(f"{one}/start", self._changer(self._start)),
            web.post(f"{one}/stop", self._changer(self._stop)),
            web.post(f"{one}/archive", self._changer(self._archive)),
            web.post(f"{one}/recover", self._changer(self._recover)),
            web.post(f"{one}/last-activity", self._changer(self._nothing)),
            web.get(f"{one}/toolbox-proxy-url", self.toolbox),
            web.get(f"{one}/ports/{{port}}/preview-url", self.preview),
            web.get(f"{one}/ports/{{port}}/signed-preview-url", self.sign),
            web.post(f"{one}/ports/{{port}}/signed-preview-url/{{token}}/expire", self.expire),
            web.get("/warm-pools", self.list_pools),
            web.post("/warm-pools", self.create_pool),
            web.patch("/warm-pools/{id}", self.update_pool),
        ]

    async def create(self, request: web.Request) -> web.Response:
        """POST /sandbox."""
        try:
            wanted = CreateSandbox.from_dict(await request.json())
        except ValidationError as error:
            raise Refused(400, str(error)) from error
        if wanted is None:
            raise Refused(400, "no body")
        return answer(self._machines.create(wanted).record)

    async def list(self, request: web.Request) -> web.Response:
        """GET /sandbox: a page of those with all labels."""
        wanted = json.loads(request.query.get("labels", "{}"))
        limit, begin = int(request.query.get("limit", "100")), int(request.query.get("cursor", "0"))
        fitting = [
            machine.record
            for machine in self._machines.all.values()
            if wanted.items() <= machine.record.labels.items()
        ]
        page = [listed(record) for record in fitting[begin : begin + limit]]
        more = str(begin + limit) if begin + limit < len(fitting) else None
        return answer(ListSandboxesResponse(items=page, next_cursor=more))

    async def get(self, request: web.Request) -> web.Response:
        """GET /sandbox/{name}."""
        return answer(self._machine(request).record)

    async def delete(self, request: web.Request) -> web.Response:
        """DELETE /sandbox/{name}."""
        machine = self._machine(request)
        await self._machines.destroy(machine)
        return answer(machine.record)

    async def label(self, request: web.Request) -> web.Response:
        """PUT /sandbox/{name}/labels."""
        labels = SandboxLabels.from_dict(await request.json())
        machine = self._machine(request)
        machine.record.labels = dict(labels.labels) if labels else {}
        return answer(SandboxLabels(labels=machine.record.labels))

    async def toolbox(self, request: web.Request) -> web.Response:
        """GET /sandbox/{name}/toolbox-proxy-url."""
        return answer(ToolboxProxyUrl(url=self._machine(request).record.toolbox_proxy_url))

    async def preview(self, request: web.Request) -> web.Response:
        """GET .../preview-url."""
        machine, port = self._machine(request), int(request.match_info["port"])
        url = f"{self._preview_url()}/{port}-{machine.record.id}"
        return answer(PortPreviewUrl(sandbox_id=machine.record.id, url=url, token=machine.preview_token))

    async def sign(self, request: web.Request) -> web.Response:
        """GET .../signed-preview-url."""
        machine, port = self._machine(request), int(request.match_info["port"])
        seconds = float(request.query.get("expiresInSeconds", "60"))
        token = secrets.token_hex(12)
        self.signed[token] = (machine.record.id, port, time.monotonic() + seconds)
        url = f"{self._preview_url()}/{port}-{token}"
        return answer(SignedPortPreviewUrl(sandbox_id=machine.record.id, port=port, token=token, url=url))

    async def expire(self, request: web.Request) -> web.Response:
        """POST .../expire."""
        self.signed.pop(request.match_info["token"], None)
        return web.Response(status=200)

    async def list_pools(self, _request: web.Request) -> web.Response:
        """GET /warm-pools."""
        return web.json_response([pool.to_dict() for pool in self.pools.values()])

    async def create_pool(self, request: web.Request) -> web.Response:
        """POST /warm-pools."""
        wanted = CreateWarmPool.from_dict(await request.json())
        if wanted is None:
            raise Refused(400, "no body")
        at = now().isoformat()
        pool = WarmPool(
            id=new_id(),
            organization_id="organization",
            snapshot=wanted.snapshot,
            target=wanted.target or "eu",
            pool=wanted.pool,
            current_size=0,
            cpu=1,
            mem=1,
            disk=3,
            os_user="daytona",
            env={},
            created_at=at,
            updated_at=at,
        )
        self.pools[pool.id] = pool
        return answer(pool, 201)

    async def update_pool(self, request: web.Request) -> web.Response:
        """PATCH /warm-pools/{id}."""
        wanted = UpdateWarmPool.from_dict(await request.json())
        pool = self.pools.get(request.match_info["id"])
        if pool is None or wanted is None:
            raise Refused(404, "no such pool")
        pool.pool = wanted.pool
        return answer(pool)

    def _machine(self, request: web.Request) -> Machine:
        return self._machines.find(request.match_info["name"])

    def _changer(self, change: Callable[[Machine], Awaitable[None]]) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            machine = self._machine(request)
            await change(machine)
            return answer(machine.record)

        return handle

    async def _start(self, machine: Machine) -> None:
        if machine.state not in {"stopped", "archived"}:
            raise Refused(409, f"Sandbox cannot be started (state: {machine.state})")
        machine.record.state = (
            SandboxState.RESTORING if machine.state == "archived" else SandboxState.STARTING
        )
        self._machines.become(machine, SandboxState.STARTED)

    async def _stop(self, machine: Machine) -> None:
        if machine.state != "started":
            raise Refused(409, f"Sandbox is not started (state: {machine.state})")
        machine.record.state = SandboxState.STOPPING
        await self._machines.stop(machine, SandboxState.STOPPED)

    async def _archive(self, machine: Machine) -> None:
        if machine.state != "stopped":
            raise Refused(409, f"Sandbox is not stopped (state: {machine.state})")
        machine.record.state = SandboxState.ARCHIVING
        self._machines.become(machine, SandboxState.ARCHIVED)

    async def _recover(self, machine: Machine) -> None:
        if machine.state != "error" or not machine.record.recoverable:
            raise Refused(400, "Sandbox cannot be recovered")
        machine.record.state = SandboxState.STARTING
        self._machines.become(machine, SandboxState.STARTED)

    async def _nothing(self, _machine: Machine) -> None:
        return None
