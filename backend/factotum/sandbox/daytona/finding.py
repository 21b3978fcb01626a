"""A project's machine at Daytona: found by its name, started, restored or recovered, or made anew."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from factotum.core.errors import FactotumError, Unavailable
from factotum.sandbox.daytona import sdk
from factotum.sandbox.daytona.calls import Calls, Clash, Missing
from factotum.sandbox.daytona.options import DaytonaOptions

if TYPE_CHECKING:
    from daytona import AsyncDaytona, AsyncSandbox

_log = logging.getLogger(__name__)

PROJECT, ENVIRONMENT, OWN = "factotum-project", "factotum-environment", "factotum-label-"
READ_SECONDS = 30.0
STOP_SECONDS = 60.0
_TRIES = 8
_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 3.0

NEW = (
    "The sandbox had been lost, with its files, and this is a new one: /workspace is empty, and sessions and "
    "servers are gone."
)
STOPPED = "The sandbox had been stopped and was started again: files are kept, sessions and servers are gone."
ARCHIVED = "The sandbox had been archived and was restored: files are kept, sessions and servers are gone."
RECOVERED = "The sandbox had failed and was recovered: sessions and servers are gone; look at your files."

_ON_THEIR_WAY = frozenset(
    {
        "creating",
        "restoring",
        "starting",
        "pending_build",
        "building_snapshot",
        "pulling_snapshot",
        "resuming",
        "unknown",
        "resizing",
        "forking",
        "snapshotting",
    }
)
_ENDING = frozenset({"stopping", "archiving", "pausing"})
_GONE = frozenset({"destroyed", "destroying"})


class Finder:
    """Finds, starts and makes the machines of projects."""

    def __init__(self, client: "AsyncDaytona", calls: Calls, options: DaytonaOptions) -> None:
        self.client = client
        self.calls = calls
        self.options = options

    def name(self, project_id: str) -> str:
        """Return the name of a project's machine: two processes cannot both make one."""
        return f"factotum-{self.options.environment}-{project_id}"

    async def get(self, project_id: str) -> "AsyncSandbox | None":
        """Return a project's machine as it is, or None."""
        try:
            found = await self.calls.make(
                lambda: self.client.get(self.name(project_id), request_timeout=READ_SECONDS),
                "find the sandbox",
                seconds=READ_SECONDS,
                again=True,
            )
        except Missing:
            return None
        return None if state_of(found) in _GONE else found

    async def ready(
        self, project_id: str, labels: Mapping[str, str] | None, *, known: bool
    ) -> "tuple[AsyncSandbox, str]":
        """Return a project's machine, running, and what its user should know.

        `known`: it has been used before, so that a new one is a loss. Raises as Calls.make does.
        """
        for attempt in range(_TRIES):
            found = await self.get(project_id)
            try:
                if found is None:
                    return await self._create(project_id, labels or {}), NEW if known else ""
                notice = await self._start(found)
            except (Missing, Clash):
                # It changed under our hands, or its name is not free yet: look again.
                await asyncio.sleep(min(_PAUSE_SECONDS * 2**attempt, _LONGEST_PAUSE_SECONDS))
                continue
            if notice is not None:
                return found, notice
            await self.delete(found)
            known = True
        raise Unavailable(
            "The sandbox could not be started.", hint="Try again in a minute.", code="sandbox_timeout"
        )

    async def _start(self, found: "AsyncSandbox") -> str | None:
        """Get it running; return what to tell, or None when it is beyond repair."""
        state = state_of(found)
        seconds = self.options.start_seconds
        if state == "started":
            return ""
        if state in {"error", "build_failed"}:
            if not found.recoverable:
                return None
            try:
                await self.calls.make(
                    lambda: found.recover(timeout=seconds), "recover the sandbox", seconds=seconds
                )
            except Unavailable:
                return None
            return RECOVERED
        if state in _ON_THEIR_WAY:
            await self._wait(found)
            return STOPPED if state != "creating" else ""
        if state in _ENDING:
            await self.calls.make(
                lambda: found.wait_for_sandbox_stop(timeout=STOP_SECONDS),
                "stop the sandbox",
                seconds=STOP_SECONDS,
            )
        was_archived = "archiv" in state
        await self.calls.make(lambda: found.start(timeout=seconds), "start the sandbox", seconds=seconds + 5)
        return ARCHIVED if was_archived else STOPPED

    async def _wait(self, found: "AsyncSandbox") -> None:
        seconds = self.options.start_seconds
        await self.calls.make(
            lambda: found.wait_for_sandbox_start(timeout=seconds), "start the sandbox", seconds=seconds + 5
        )

    async def _create(self, project_id: str, labels: Mapping[str, str]) -> "AsyncSandbox":
        """Make a machine. One that was made too late is deleted. Raises Clash when there is one by now."""
        module = await sdk.load()
        options, seconds = self.options, self.options.create_seconds
        common: dict[str, Any] = {
            "name": self.name(project_id),
            "labels": self.labels(project_id, labels),
            "auto_stop_interval": options.auto_stop_minutes,
            "auto_archive_interval": options.auto_archive_minutes,
            "auto_delete_interval": options.auto_delete_minutes,
            "public": False,
        }
        if options.network_allow or options.domain_allow:
            common["network_allow_list"] = ",".join(options.network_allow) or None
            common["domain_allow_list"] = ",".join(options.domain_allow) or None
        else:
            common["network_block_all"] = True
        if options.image is not None:
            resources = module.Resources(cpu=options.cpu, memory=options.memory_gib, disk=options.disk_gib)
            wanted = module.CreateSandboxFromImageParams(image=options.image, resources=resources, **common)
        else:
            wanted = module.CreateSandboxFromSnapshotParams(snapshot=options.snapshot, **common)

        async def create() -> "AsyncSandbox":
            try:
                return await self.client.create(wanted, timeout=seconds)
            except module.DaytonaTimeoutError as error:
                await self._clean_up(error.sandbox_id)
                raise

        return await self.calls.make(create, "make a sandbox", seconds=seconds + 2 * READ_SECONDS)

    async def _clean_up(self, sandbox_id: str | None) -> None:
        """Delete what a creation that was given up has left."""
        if sandbox_id is None:
            return
        try:
            left = await self.calls.make(
                lambda: self.client.get(sandbox_id, request_timeout=READ_SECONDS),
                "find the sandbox",
                seconds=READ_SECONDS,
                again=True,
            )
            await self.delete(left)
        except (FactotumError, Missing, Clash) as error:
            _log.warning(
                "a sandbox may be left at Daytona", extra={"sandbox": sandbox_id, "said": str(error)}
            )

    async def delete(self, found: "AsyncSandbox") -> None:
        """Delete a machine, and wait until its name is free."""
        with contextlib.suppress(Missing):
            await self.calls.make(
                lambda: found.delete(timeout=STOP_SECONDS, wait=True),
                "delete the sandbox",
                seconds=STOP_SECONDS + 5,
                again=True,
            )

    async def stop(self, found: "AsyncSandbox") -> None:
        """Stop a machine that runs."""
        if state_of(found) == "started":
            with contextlib.suppress(Missing, Clash):
                await self.calls.make(
                    lambda: found.stop(timeout=STOP_SECONDS), "stop the sandbox", seconds=STOP_SECONDS + 5
                )

    async def label(self, found: "AsyncSandbox", project_id: str, labels: Mapping[str, str]) -> None:
        """Give a machine other labels."""
        wanted = self.labels(project_id, labels)
        await self.calls.make(
            lambda: found.set_labels(wanted, request_timeout=READ_SECONDS),
            "label the sandbox",
            seconds=READ_SECONDS,
            again=True,
        )

    def labels(self, project_id: str, labels: Mapping[str, str]) -> dict[str, str]:
        """Return a machine's labels at Daytona: whose it is, and those it was given."""
        own = {PROJECT: project_id, ENVIRONMENT: self.options.environment}
        return own | {f"{OWN}{name}": value for name, value in labels.items()}


def state_of(found: "AsyncSandbox") -> str:
    """Return the state of a machine, as Daytona calls it."""
    return str(getattr(found.state, "value", found.state or "unknown"))
