"""Snapshots of a project's workspace: copies beside it, which no command can reach. The newest few are kept.

<project>/snapshots/<id>/tree        the workspace as it was
<project>/snapshots/<id>/about.json  when, how large, and a note; without it the snapshot was never finished
<project>/marks                      what the workspace looked like when it was last like a snapshot
"""

import contextlib
import os
import shutil
import time
from collections.abc import Collection, Generator, Sequence
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
from factotum.sandbox.local.copying import Ledger, Room, copy_tree
from factotum.sandbox.local.engine import Engine
from factotum.sandbox.local.files import explain
from factotum.sandbox.local.limits import Limits
from factotum.sandbox.local.marks import Marks, load, same, survey
from factotum.sandbox.local.project import Project
from factotum.sandbox.port import SnapshotInfo

MOST_TAKEN: Final = 5
"""So many that were asked for are kept,"""
MOST_AUTOMATIC: Final = 10
"""and so many that were taken by themselves."""
_UNFINISHED_SECONDS: Final = 3600.0
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
    automatic: bool = False


class LocalSnapshots:
    """The snapshots of one project. Implements the port's Snapshots."""

    def __init__(self, project: Project, engine: Engine) -> None:
        self._project = project
        self._engine = engine

    async def take(self, note: str = "") -> SnapshotInfo:
        """Copy the workspace as it is; what a command is writing may be half there."""
        check_note(note)
        return await self._engine.patiently(take, self._project, self._engine.machine.limits, note)

    async def keep(self, note: str = "") -> SnapshotInfo | None:
        """Copy the workspace if it may differ from the snapshot that it was last like."""
        check_note(note)
        return await self._engine.patiently(keep, self._project, self._engine.machine.limits, note)

    async def list(self) -> Sequence[SnapshotInfo]:
        """Return those that are kept, the newest first."""
        return await self._engine.call(kept, self._project)

    async def restore(self, snapshot_id: str, note: str = "") -> None:
        """End what runs, keep what is there, and put the workspace back as it was."""
        check_note(note)
        await self._engine.call(find, self._project, snapshot_id)
        boxes, limits = self._engine.boxes, self._engine.machine.limits
        await boxes.end(self._project.id)
        try:
            await self._engine.patiently(keep, self._project, limits, note, spared=snapshot_id)
            await self._engine.patiently(restore, self._project, snapshot_id)
        finally:
            await boxes.end(self._project.id)  # what began meanwhile saw the workspace that went

    async def delete(self, snapshot_id: str) -> None:
        """Delete one. Does nothing when it is not there."""
        if is_id(snapshot_id):
            await self._engine.call(discard, self._project, snapshot_id)


def check_note(note: str) -> None:
    """Raise InvalidInput (`note_invalid`) for one that is too long."""
    if len(note) > _LONGEST_NOTE:
        raise InvalidInput(f"A note has at most {_LONGEST_NOTE} characters.", code="note_invalid")


def keep(project: Project, limits: Limits, note: str, spared: str = "") -> SnapshotInfo | None:
    """Make a snapshot unless one is surely like the workspace, or all is empty. Blocks. Raises as `take`."""
    known = load(project.marks)
    with _folder(project.workspace) as source:
        found = survey(source, limits.disk_entries)
    have = {info.id for info in kept(project)}
    if not found.entries and not have:
        return None
    if known is not None and known.snapshot_id in have and same(known.entries, found.entries):
        return None
    return take(project, limits, note, automatic=True, spared=spared)


def take(
    project: Project, limits: Limits, note: str, *, automatic: bool = False, spared: str = ""
) -> SnapshotInfo:
    """Make a snapshot; others go where there are too many, but `spared`. Blocks. Raises as the port says."""
    project.snapshots.mkdir(mode=0o700, exist_ok=True)
    snapshot = project.snapshots / new_id()
    try:
        free = shutil.disk_usage(project.folder).free - limits.free_bytes
        room = Room(min(limits.disk_bytes, max(free, 0)), limits.disk_entries)
        (snapshot / "tree").mkdir(parents=True, mode=0o700)
        known = load(project.marks)
        with (
            _folder(project.workspace) as source,
            _folder(snapshot / "tree") as target,
            _earlier(project, known) as earlier,
        ):
            ledger = Ledger(known, earlier)
            copy_tree(source, target, room, None, ledger)
        about = _About(made_at=now(), size_bytes=ledger.size_bytes, note=note, automatic=automatic)
        (snapshot / "about.json").write_text(about.model_dump_json(), encoding="utf-8")
    except BaseException as error:
        discard(project, snapshot.name)
        if isinstance(error, OSError):
            raise explain(error, ".") from error
        raise
    ledger.found.snapshot_id = snapshot.name
    with contextlib.suppress(OSError):  # without them the next one copies more
        ledger.found.save(project.marks)
    prune(project, limits, spared={spared, snapshot.name})
    return _info(snapshot.name, about)


def prune(project: Project, limits: Limits, *, spared: Collection[str] = (), older: float = 0.0) -> int:
    """Remove what is too much: too many, more bytes than a project's disk may have, or, when it is given,
    `older` than so many seconds. Never the newest. Blocks. Return how many went.
    """
    found = kept(project)
    too_many = [info for info in found if not info.automatic][MOST_TAKEN:]
    too_many += [info for info in found if info.automatic][MOST_AUTOMATIC:]
    if older:
        too_many += [info for info in found if (now() - info.made_at).total_seconds() > older]
    going = {info.id for info in too_many} - set(spared) - {info.id for info in found[:1]}
    for each in going:
        discard(project, each)
    left = [info for info in found if info.id not in going]
    # Those that a person asked for go last.
    for info in sorted(left, key=lambda info: (not info.automatic, info.id)):
        if sum(each.size_bytes for each in left) <= limits.disk_bytes or _fits(project, limits):
            break
        if info.id not in spared and info.id != found[0].id:
            discard(project, info.id)
            left.remove(info)
            going.add(info.id)
    _sweep(project)
    return len(going)


def _fits(project: Project, limits: Limits) -> bool:
    """Tell whether all snapshots fit into a project's disk, a file of several counted once."""
    inodes: set[int] = set()
    used = 0
    for folder, _, names, descriptor in os.fwalk(project.snapshots):
        del folder
        for name in names:
            with contextlib.suppress(OSError):
                status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
                used += 0 if status.st_ino in inodes else status.st_blocks * 512
                inodes.add(status.st_ino)
    return used <= limits.disk_bytes


def _sweep(project: Project) -> None:
    """Remove what was never finished because a service was killed."""
    with contextlib.suppress(FileNotFoundError):
        for folder in project.snapshots.iterdir():
            with contextlib.suppress(FileNotFoundError):
                age = time.time() - folder.lstat().st_mtime
                if age > _UNFINISHED_SECONDS and not (folder / "about.json").exists():
                    discard(project, folder.name)


@contextmanager
def _earlier(project: Project, known: Marks | None) -> Generator[int | None]:
    """Open the snapshot that marks are of, if it is still there."""
    with contextlib.ExitStack() as held:
        opened = None
        if known is not None and is_id(known.snapshot_id):
            with contextlib.suppress(OSError):
                opened = held.enter_context(_opened(project.snapshots / known.snapshot_id / "tree"))
        yield opened


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
        with _folder(project.workspace) as now_there:
            marks = survey(now_there, 2**62)
        marks.snapshot_id = snapshot_id
        marks.save(project.marks)
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
    return SnapshotInfo(name, about.made_at, about.size_bytes, about.note, about.automatic)


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
