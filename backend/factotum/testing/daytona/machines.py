"""The fake's sandboxes: Daytona's record of each, over a local sandbox that does the work."""

import asyncio
import contextlib
import secrets
from dataclasses import dataclass, field

from daytona_api_client_async import CreateSandbox, Sandbox, SandboxListItem, SandboxState

from factotum.core.clock import now
from factotum.core.ids import new_id
from factotum.core.tasks import cancelled
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.sandbox.local.sandbox import LocalSandbox
from factotum.testing.daytona.wire import Refused


@dataclass(slots=True)
class Machine:
    """One sandbox. `record` is what Daytona tells of it."""

    record: Sandbox
    sockets: set[asyncio.Transport] = field(default_factory=set[asyncio.Transport])
    """Of the WebSockets that are open to it."""
    sessions: dict[str, dict[str, tuple[str, int]]] = field(
        default_factory=dict[str, dict[str, tuple[str, int]]]
    )
    """Commands of sessions by id: the text, and where its output begins."""
    preview_token: str = field(default_factory=lambda: secrets.token_hex(8))
    changing: asyncio.Task[None] | None = None

    @property
    def state(self) -> str:
        """Its state."""
        return str(self.record.state.value if self.record.state else "unknown")


class Machines:
    """All sandboxes of the fake. `delay`: seconds that each change of state takes."""

    def __init__(self, local: LocalSandboxProvider, toolbox_url: str, delay: float) -> None:
        self._local = local
        self.toolbox_url = toolbox_url
        self.delay = delay
        self.all: dict[str, Machine] = {}

    def find(self, name: str) -> Machine:
        """Return the sandbox with this id or name. Raises Refused."""
        for machine in self.all.values():
            if name in (machine.record.id, machine.record.name):
                return machine
        raise Refused(404, f"Sandbox with ID or name {name} not found")

    def create(self, wanted: CreateSandbox) -> Machine:
        """Make a sandbox; it starts by and by. Raises Refused when its name is taken."""
        number = new_id()
        name = wanted.name or number
        if any(machine.record.name == name for machine in self.all.values()):
            raise Refused(409, f"Sandbox with name {name} already exists")
        record = Sandbox(
            id=number,
            organization_id="organization",
            name=name,
            snapshot=wanted.snapshot,
            user=wanted.user or "daytona",
            env=wanted.env or {},
            labels=wanted.labels or {},
            public=bool(wanted.public),
            network_block_all=bool(wanted.network_block_all),
            network_allow_list=wanted.network_allow_list,
            domain_allow_list=wanted.domain_allow_list,
            kvm=False,
            target=wanted.target or "eu",
            cpu=wanted.cpu or 1,
            gpu=0,
            memory=wanted.memory or 1,
            disk=wanted.disk or 3,
            state=SandboxState.CREATING,
            auto_stop_interval=wanted.auto_stop_interval,
            auto_archive_interval=wanted.auto_archive_interval,
            auto_delete_interval=wanted.auto_delete_interval,
            created_at=now().isoformat(),
            toolbox_proxy_url=self.toolbox_url,
        )
        machine = self.all[number] = Machine(record)
        self.become(machine, SandboxState.STARTED)
        return machine

    def become(self, machine: Machine, state: SandboxState) -> None:
        """Change a sandbox's state after the delay."""

        async def change() -> None:
            await asyncio.sleep(self.delay)
            machine.record.state = state
            if state == SandboxState.DESTROYED:
                self.all.pop(machine.record.id, None)

        if self.delay <= 0:
            machine.record.state = state
            if state == SandboxState.DESTROYED:
                self.all.pop(machine.record.id, None)
        else:
            machine.changing = asyncio.create_task(change(), name="fake-daytona-state")

    async def sandbox(self, machine: Machine) -> LocalSandbox:
        """Return what does a sandbox's work. Raises Refused unless it runs."""
        if machine.state != "started":
            raise Refused(400, f"Sandbox is not started (state: {machine.state})")
        return await self._local.open(machine.record.id)

    async def stop(self, machine: Machine, state: SandboxState) -> None:
        """End all that runs in a sandbox."""
        await self.drop_sockets(machine)
        await self._local.stop(machine.record.id)
        machine.sessions.clear()
        self.become(machine, state)

    async def destroy(self, machine: Machine) -> None:
        """Delete a sandbox with all in it."""
        machine.record.state = SandboxState.DESTROYING
        await self.drop_sockets(machine)
        await self._local.delete(machine.record.id)
        self.become(machine, SandboxState.DESTROYED)

    async def drop_sockets(self, machine: Machine) -> int:
        """Cut every WebSocket to a sandbox, without a word; return how many there were."""
        sockets, machine.sockets = list(machine.sockets), set()
        for transport in sockets:
            transport.abort()
        return len(sockets)

    async def aclose(self) -> None:
        """End everything."""
        for machine in list(self.all.values()):
            if machine.changing is not None:
                await cancelled(machine.changing)
            with contextlib.suppress(OSError):
                await self.drop_sockets(machine)


def listed(record: Sandbox) -> SandboxListItem:
    """Return what a list tells of a sandbox."""
    known = {name: getattr(record, name) for name in SandboxListItem.model_fields if hasattr(record, name)}
    known.pop("sandbox_class", None)
    known["additional_properties"] = {}
    return SandboxListItem(**known)
