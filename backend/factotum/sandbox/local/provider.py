"""The local provider: a sandbox is a project's folders, and a bubblewrap over them while it is used."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping
from pathlib import Path

from factotum.core.errors import FactotumError, SandboxRefused, SetupFault
from factotum.sandbox.local.engine import Engine
from factotum.sandbox.local.follow import Lost
from factotum.sandbox.local.launch import LaunchFailed
from factotum.sandbox.local.limits import Limits
from factotum.sandbox.local.machine import OWNERS, examine
from factotum.sandbox.local.owners import give_back
from factotum.sandbox.local.paths import check_labels, check_project_id
from factotum.sandbox.local.probe import Refusal, diagnose, judge, probe_script
from factotum.sandbox.local.project import Project
from factotum.sandbox.local.sandbox import LocalSandbox, Sign
from factotum.sandbox.local.snapshots import prune, recreate
from factotum.sandbox.port import SandboxInfo
from factotum.sandbox.rules import check_environment

_log = logging.getLogger(__name__)

_REFUSAL_SECONDS = 30.0
_PROBE_SECONDS = 30.0
_MOST_PROJECTS = 100_000
_UNSEEN_SECONDS = 3600.0
"""How long a project is gone before another may have its user id; longer than an idle sandbox lives."""
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
        most_running: int = 64,
        idle_seconds: float = 900.0,
        egress: Path | None = None,
    ) -> None:
        """`folder` holds the workspaces; `python_site` is a virtual environment whose packages the agent's
        Python sees; `concurrent` bounds the commands at a time in this process, `most_running` the sandboxes;
        one that nobody uses is ended after `idle_seconds`, with its sessions and servers. `egress`: a
        folder below `folder` with the socket of an egress proxy, for all sandboxes."""
        self._folder = folder
        self._python_site = python_site
        self._limits = limits or Limits()
        self._concurrent = concurrent
        self._most_running = most_running
        self._idle_seconds = idle_seconds
        self._egress = egress
        self._engine: Engine | None = None
        self._refused: SandboxRefused | None = None
        self._refused_at = 0.0
        self.sign_preview: Sign | None = None
        """Makes addresses of previews; set by what serves them."""
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

    async def open(
        self,
        project_id: str,
        *,
        labels: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> LocalSandbox:
        """Find or create the project's sandbox. Raises SandboxRefused."""
        check_project_id(project_id)
        if labels is not None:
            check_labels(labels)
        engine = await self._proved()
        recreated: list[str] = []

        def make() -> Project:
            project = engine.machine.project(project_id)
            recreated.append(recreate(project))
            project.create()
            if labels is not None:
                project.label(labels)
            return project

        try:
            project = await engine.call(make)
        except OSError as error:
            raise SetupFault(
                f"The project's folder cannot be made: {error.strerror or error}.",
                hint="Look after the disk and the permissions of the data folder.",
            ) from error
        for notice in filter(None, recreated):
            engine.boxes.remind(project_id, notice)
        return LocalSandbox(project, engine, check_environment(environment), self.sign_preview)

    async def running(self, project_id: str) -> LocalSandbox | None:
        """Return a project's sandbox if it runs now, without starting or making one."""
        engine = self._engine
        if engine is None or not self._is_running(project_id):
            return None
        project = await engine.call(engine.machine.project, project_id)
        return LocalSandbox(project, engine, sign=self.sign_preview)

    async def find(self, labels: Mapping[str, str] | None = None, *, limit: int = 1000) -> list[SandboxInfo]:
        """Find sandboxes that have all of `labels`, by project, at most `limit`."""
        found = await asyncio.to_thread(self._labelled, dict(labels or {}), limit)
        return [SandboxInfo(name, self._is_running(name), held) for name, held in found]

    async def stop(self, project_id: str) -> None:
        """End all that runs in it. Its files stay, and the next command starts it again."""
        check_project_id(project_id)
        if self._engine is not None:
            await self._engine.boxes.end(project_id)

    async def delete(self, project_id: str) -> None:
        """End it and delete its workspace. Deleting one that does not exist does nothing."""
        await self.stop(project_id)
        await asyncio.to_thread(Project(project_id, self._folder / project_id, None).remove)

    async def thin_out(self, older_seconds: float) -> int:
        """Remove snapshots that are older, but each project's newest; return how many went.

        The user ids of projects that are gone are given back with that.
        """
        await asyncio.to_thread(self._give_back)
        found = await asyncio.to_thread(self._labelled, {}, _MOST_PROJECTS)
        return await asyncio.to_thread(self._prune, [name for name, _ in found], older_seconds)

    async def aclose(self) -> None:
        """End all sandboxes and wait for their end. The provider cannot be used afterwards."""
        self._closed = True
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.aclose()

    def close(self) -> None:
        """End all sandboxes without waiting. The provider cannot be used afterwards."""
        self._closed = True
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def _is_running(self, project_id: str) -> bool:
        place = None if self._engine is None else self._engine.boxes.place(project_id)
        return place is not None and place.is_running

    def _prune(self, names: list[str], older_seconds: float) -> int:
        went = 0
        for name in names:
            with contextlib.suppress(OSError, FactotumError):  # deleted meanwhile, or its turn comes again
                project = Project(name, self._folder / name, None)
                went += prune(project, self._limits, older=older_seconds)
        return went

    def _give_back(self) -> None:
        with contextlib.suppress(OSError):  # none was ever taken, or their turn comes again
            give_back(self._folder / OWNERS, self._folder, unseen_seconds=_UNSEEN_SECONDS)

    def _labelled(self, wanted: dict[str, str], limit: int) -> list[tuple[str, dict[str, str]]]:
        found: list[tuple[str, dict[str, str]]] = []
        if not self._folder.is_dir():
            return found
        for name in sorted(entry.name for entry in self._folder.iterdir() if not entry.name.startswith(".")):
            try:
                held = Project(name, self._folder / name, None).labels()
            except OSError:
                continue  # deleted meanwhile
            if wanted.items() <= held.items() and len(found) < limit:
                found.append((name, held))
        return found

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
        machine = await asyncio.to_thread(
            examine, self._folder, self._python_site, self._limits, self._egress
        )
        engine = Engine(
            machine,
            concurrent=self._concurrent,
            most=self._most_running,
            idle_seconds=self._idle_seconds,
        )
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
        except Lost:
            return Refusal("A trial sandbox ended by itself.", "Run `factotum doctor` for the details.")
        finally:
            await engine.boxes.end(project.id)
            await engine.call(project.remove)
        if result.timed_out:
            return Refusal("A trial sandbox did not end in time.", "Look what keeps this machine busy.")
        return judge(result.output.decode(errors="replace"), needs_python=self._python_site is not None)
