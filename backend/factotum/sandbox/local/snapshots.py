"""Snapshots of a project's workspace: copies beside it, which no command can reach. The newest few are kept.

<project>/snapshots/<id>/tree        the workspace as it was
<project>/snapshots/<id>/about.json  when, how large, and a note; without it the snapshot was never finished
"""

import contextlib
import os
import shutil
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ValidationError

from factotum.core.clock import now
from factotum.core.errors import InvalidInput, NotFound
from factotum.core.ids import is_id, new_id
from factotum.sandbox.local import trash
from factotum.sandbox.local.boxes import gone
from factotum.sandbox.local.copying import Room, copy_tree
from factotum.sandbox.local.engine import Engine
from factotum.sandbox.local.files import explain
from factotum.sandbox.local.limits import Limits
from factotum.sandbox.local.project import Project
from factotum.sandbox.port import SnapshotInfo

MOST_KEPT: Final = 3
_LONGEST_NOTE: Final = 200
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_RECREATED: Final = (
    "[The workspace had been lost, and was recreated from the snapshot of {at}: "
    "what was written since is gone.]"
)


class _About(BaseModel):
    made_at: datetime
    size_bytes: int
    note: str


class LocalSnapshots:
    """The snapshots of one project. Implements the port's Snapshots."""

    def __init__(self, project: Project, engine: Engine) -> None:
        self._project = project
        self._engine = engine

    async def take(self, note: str = "") -> SnapshotInfo:
        """Copy the workspace as it is; what a command is writing may be half there."""
        if len(note) > _LONGEST_NOTE:
            raise InvalidInput(f"A note has at most {_LONGEST_NOTE} characters.", code="note_invalid")
        return await self._engine.call(take, self._project, self._engine.machine.limits, note)

    async def list(self) -> Sequence[SnapshotInfo]:
        """Return those that are kept, the newest first."""
        return await self._engine.call(kept, self._project)

    async def restore(self, snapshot_id: str) -> None:
        """End what runs and put the workspace back as it was."""
        await self._engine.call(find, self._project, snapshot_id)
        boxes = self._engine.boxes
        await boxes.end(self._project.id)
        try:
            await self._engine.call(restore, self._project, snapshot_id)
        finally:
            await boxes.end(self._project.id)  # what began meanwhile saw the workspace that went

    async def delete(self, snapshot_id: str) -> None:
        """Delete one. Does nothing when it is not there."""
        if is_id(snapshot_id):
            await self._engine.call(discard, self._project, snapshot_id)


def take(project: Project, limits: Limits, note: str) -> SnapshotInfo:
    """Make a snapshot; the oldest go where there are too many. Blocks. Raises as the port says."""
    project.snapshots.mkdir(mode=0o700, exist_ok=True)
    snapshot = project.snapshots / new_id()
    try:
        free = shutil.disk_usage(project.folder).free - limits.free_bytes
        room = Room(min(limits.disk_bytes, max(free, 0)), limits.disk_entries)
        before = room.bytes
        (snapshot / "tree").mkdir(parents=True, mode=0o700)
        with _folder(project.workspace) as source, _folder(snapshot / "tree") as target:
            copy_tree(source, target, room, None)
        about = _About(made_at=now(), size_bytes=before - room.bytes, note=note)
        (snapshot / "about.json").write_text(about.model_dump_json(), encoding="utf-8")
    except BaseException as error:
        discard(project, snapshot.name)
        if isinstance(error, OSError):
            raise explain(error, ".") from error
        raise
    for old in kept(project)[MOST_KEPT:]:
        discard(project, old.id)
    return _info(snapshot.name, about)


def kept(project: Project) -> list[SnapshotInfo]:
    """Return the finished snapshots, the newest first. Blocks."""
    found: list[SnapshotInfo] = []
    with contextlib.suppress(FileNotFoundError):
        for folder in project.snapshots.iterdir():
            with contextlib.suppress(FileNotFoundError, ValidationError):
                about = _About.model_validate_json((folder / "about.json").read_bytes())
                found.append(_info(folder.name, about))
    return sorted(found, key=lambda info: info.id, reverse=True)


def find(project: Project, snapshot_id: str) -> SnapshotInfo:
    """Return one. Blocks. Raises NotFound (`snapshot_not_found`)."""
    known = {info.id: info for info in kept(project)}
    if snapshot_id not in known:
        raise NotFound(
            "There is no such snapshot.", hint="Only the newest are kept.", code="snapshot_not_found"
        )
    return known[snapshot_id]


def restore(project: Project, snapshot_id: str) -> None:
    """Put a snapshot in the place of the workspace; that goes at once and as a whole. Blocks."""
    find(project, snapshot_id)
    draft = project.incoming / f"restored-{os.urandom(8).hex()}"
    try:
        draft.mkdir(mode=0o700)
        with _folder(project.snapshots / snapshot_id / "tree") as source, _folder(draft) as target:
            copy_tree(source, target, Room(2**62, 2**62), project.owner)
            if project.owner is not None:
                os.fchown(target, project.owner.uid, project.owner.uid)
        with _folder(project.folder) as folder:
            with contextlib.suppress(FileNotFoundError):
                trash.discard(folder, "workspace", project.trash)
            draft.rename(project.workspace)
    except OSError as error:
        raise explain(error, ".") from error
    finally:
        _remove(project.incoming, draft.name, project.trash)


def recreate(project: Project) -> str:
    """Put back a workspace that is lost from the newest snapshot, and say so; else return an empty text."""
    if project.workspace.exists():
        return ""
    newest = next(iter(kept(project)), None)
    if newest is None:
        return ""
    project.create_ours()
    restore(project, newest.id)
    return _RECREATED.format(at=newest.made_at.strftime("%Y-%m-%d %H:%M UTC"))


def discard(project: Project, snapshot_id: str) -> None:
    """Remove a snapshot, finished or not. Blocks."""
    _remove(project.snapshots, snapshot_id, project.trash)


def _remove(parent: Path, name: str, bin_: Path) -> None:
    with contextlib.suppress(FileNotFoundError), _opened(parent) as folder:
        trash.discard(folder, name, bin_)


def _info(name: str, about: _About) -> SnapshotInfo:
    return SnapshotInfo(name, about.made_at, about.size_bytes, about.note)


@contextmanager
def _folder(path: Path) -> Generator[int]:
    """Open a folder of a project. Raises Unavailable (`sandbox_gone`) when the project was deleted."""
    try:
        opened = os.open(path, _FOLDER)
    except FileNotFoundError:
        raise gone() from None
    try:
        yield opened
    finally:
        os.close(opened)


@contextmanager
def _opened(path: Path) -> Generator[int]:
    opened = os.open(path, _FOLDER)
    try:
        yield opened
    finally:
        os.close(opened)
