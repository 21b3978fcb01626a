"""Versions of a project's workspace: listed, taken, put back and deleted under the caller's rights."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from factotum.core.errors import Conflict, Forbidden
from factotum.core.frozen import Frozen
from factotum.core.ids import is_id
from factotum.sandbox.port import Sandbox, SandboxProvider, SnapshotInfo
from factotum.store.accounts import Accounts
from factotum.store.activity import Activity
from factotum.store.database import Database
from factotum.store.projects import Projects
from factotum.store.records import Caller

_NOTE = re.compile(r"(before-run|after-run|before-restore)(?: (\S+))?")
_BEFORE_RESTORE = "before-restore"

Reason = Literal["before_run", "after_run", "before_restore", "asked"]
_REASONS: Mapping[str, Reason] = {
    "before-run": "before_run",
    "after-run": "after_run",
    _BEFORE_RESTORE: "before_restore",
}


class NewSnapshot(Frozen):
    """What a person says of a version."""

    note: Annotated[str, Field(max_length=200)] = ""


class WorkspaceSnapshot(Frozen):
    """The workspace as it once was. `run_id`: the run that it was taken before or after."""

    id: str
    made_at: datetime
    size_bytes: int
    reason: Reason
    run_id: str | None
    note: str


class SnapshotList(Frozen):
    """All that are kept, the newest first. `supported`: whether this kind of sandbox can have any."""

    items: tuple[WorkspaceSnapshot, ...]
    supported: bool


class SnapshotService:
    """The versions of the caller's projects."""

    def __init__(self, database: Database, sandboxes: SandboxProvider) -> None:
        self._database = database
        self._sandboxes = sandboxes

    async def list(self, caller: Caller, project_id: str) -> SnapshotList:
        """Return a project's. Raises NotFound (`project_not_found`)."""
        async with self._database.tenant(caller) as tx:
            await Projects(tx).get(project_id)
        sandbox = await self._sandboxes.open(project_id)
        found = await sandbox.snapshots.list()
        return SnapshotList(items=tuple(map(_shown, found)), supported=sandbox.capabilities.snapshots)

    async def take(self, caller: Caller, project_id: str, new: NewSnapshot) -> WorkspaceSnapshot:
        """Keep the workspace as it is. Raises NotFound, Forbidden, TooLarge (`snapshot_too_large`),
        Unavailable (`disk_full`, `not_supported`)."""
        sandbox = await self._for_change(caller, project_id)
        return _shown(await sandbox.snapshots.take(new.note))

    async def restore(self, caller: Caller, project_id: str, snapshot_id: str) -> None:
        """Keep what is there, and put a version in its place. Raises as `take`, NotFound
        (`snapshot_not_found`), and Conflict (`project_busy`) while a run of the project has not ended."""
        sandbox = await self._for_change(caller, project_id, idle=True)
        await sandbox.snapshots.restore(snapshot_id, _BEFORE_RESTORE)

    async def delete(self, caller: Caller, project_id: str, snapshot_id: str) -> None:
        """Delete one. Does nothing when it is not there. Raises NotFound (`project_not_found`), Forbidden."""
        sandbox = await self._for_change(caller, project_id)
        await sandbox.snapshots.delete(snapshot_id)

    async def _for_change(self, caller: Caller, project_id: str, *, idle: bool = False) -> Sandbox:
        async with self._database.tenant(caller) as tx:
            project = await Projects(tx).get(project_id)
            if (await Accounts(tx).get(project.account_id)).role == "viewer":
                raise Forbidden(
                    "You may read this account, but not change it.",
                    hint="Ask an owner or admin of the account for more rights.",
                )
            busy = await Activity(tx).unended_run_of_project(project_id) if idle else None
        if busy is not None:
            raise Conflict(
                "A run of this project has not ended.",
                hint=f"Wait for it, or stop it first: POST /v1/runs/{busy}/stop.",
                code="project_busy",
            )
        return await self._sandboxes.open(project_id)


def _shown(info: SnapshotInfo) -> WorkspaceSnapshot:
    """Read why it was taken out of the note, where it was taken by itself."""
    told = _NOTE.fullmatch(info.note) if info.automatic else None
    named = told[2] if told is not None else None
    return WorkspaceSnapshot(
        id=info.id,
        made_at=info.made_at,
        size_bytes=info.size_bytes,
        reason="asked" if told is None else _REASONS[told[1]],
        run_id=named if named and is_id(named) else None,
        note=info.note if told is None else "",
    )
