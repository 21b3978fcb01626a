"""The local provider: a sandbox is a project's folders, and each command a bubblewrap of its own over
them.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from pathlib import Path

from factotum.core.errors import SandboxRefused, SetupFault
from factotum.sandbox.local.engine import Engine
from factotum.sandbox.local.launch import LaunchFailed
from factotum.sandbox.local.limits import Limits
from factotum.sandbox.local.machine import examine
from factotum.sandbox.local.paths import check_project_id
from factotum.sandbox.local.probe import Refusal, diagnose, judge, probe_script
from factotum.sandbox.local.project import Project, kept_projects
from factotum.sandbox.local.sandbox import LocalSandbox

_log = logging.getLogger(__name__)

_REFUSAL_SECONDS = 30.0
_PROBE_SECONDS = 30.0
_CLOSED = "The sandbox provider was closed."


class LocalSandboxProvider:
    """Sandboxes on this machine, made with bubblewrap. Implements the port's SandboxProvider.

    Nothing runs until a trial sandbox has shown that it is closed; where it is not, every open() is refused,
    and there is no other way to run a command.
    """

    def __init__(
        self,
        folder: Path,
        *,
        python_site: Path | None = None,
        limits: Limits | None = None,
        concurrent: int = 32,
    ) -> None:
        """`folder` holds the workspaces; `python_site` is a virtual environment whose packages the agent's
        Python sees; `concurrent` bounds the commands at a time in this process."""
        self._folder = folder
        self._python_site = python_site
        self._limits = limits or Limits()
        self._concurrent = concurrent
        self._engine: Engine | None = None
        self._refused: SandboxRefused | None = None
        self._refused_at = 0.0
        self._closed = False
        self._proving = asyncio.Lock()

    @property
    def limits_in_force(self) -> Mapping[str, str]:
        """By which means each limit is held on this machine; empty until refusal() or open() was asked."""
        return {} if self._engine is None else self._engine.machine.limits_in_force()

    async def refusal(self) -> str | None:
        """Say why this machine cannot isolate commands and what to do, or None when it can."""
        try:
            await self._proved()
        except SandboxRefused as error:
            return f"{error.message} {error.hint}".strip()
        return None

    async def open(self, project_id: str) -> LocalSandbox:
        """Find or create the project's sandbox. Raises SandboxRefused."""
        check_project_id(project_id)
        engine = await self._proved()

        def make() -> Project:
            project = engine.machine.project(project_id)
            project.create()
            return project

        try:
            return LocalSandbox(await engine.call(make), engine)
        except OSError as error:
            raise SetupFault(
                f"The project's folder cannot be made: {error.strerror or error}.",
                hint="Look after the disk and the permissions of the data folder.",
            ) from error

    async def delete(self, project_id: str) -> None:
        """End it and delete its workspace. Deleting one that does not exist does nothing."""
        check_project_id(project_id)
        if self._engine is not None:
            self._engine.end(project_id)
        await asyncio.to_thread(Project(project_id, self._folder / project_id, None).remove)

    async def projects(self) -> list[str]:
        """Return the ids of the projects that something is kept of here."""
        return await asyncio.to_thread(kept_projects, self._folder)

    def close(self) -> None:
        """End all commands. The provider cannot be used afterwards."""
        self._closed = True
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    async def _proved(self) -> Engine:
        """Return the engine, once a trial has shown that sandboxes are closed; a refusal is kept for a
        while.
        """
        async with self._proving:
            if self._closed:
                raise SandboxRefused(_CLOSED, hint="Make a new one.")
            if self._engine is not None:
                return self._engine
            if self._refused is not None and time.monotonic() - self._refused_at < _REFUSAL_SECONDS:
                raise self._refused
            try:
                self._engine = await self._prove()
            except SandboxRefused as error:
                self._refused, self._refused_at = error, time.monotonic()
                raise
            return self._engine

    async def _prove(self) -> Engine:
        machine = await asyncio.to_thread(examine, self._folder, self._python_site, self._limits)
        engine = Engine(machine, concurrent=self._concurrent)
        try:
            refusal = await self._try(engine)
        except BaseException:
            engine.close()
            raise
        if refusal is not None:
            engine.close()
            raise SandboxRefused(refusal.reason, hint=refusal.remedy)
        return engine

    async def _try(self, engine: Engine) -> Refusal | None:
        project = await engine.call(engine.machine.probe_project)
        try:
            await engine.call(project.create)
            result = await engine.run(
                project,
                probe_script(engine.machine.folder),
                folder=".",
                environment={},
                timeout=_PROBE_SECONDS,
                output_limit=10_000,
                on_output=None,
            )
        except LaunchFailed as error:
            _log.warning("trial sandbox did not start", extra={"said": str(error)})
            return diagnose(str(error))
        except OSError as error:
            return Refusal(f"A trial sandbox could not be made: {error}.", "Look after the data folder.")
        finally:
            await engine.call(project.remove)
        if result.timed_out:
            return Refusal("A trial sandbox did not end in time.", "Look what keeps this machine busy.")
        return judge(result.output.decode(errors="replace"), needs_python=self._python_site is not None)
