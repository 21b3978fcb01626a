"""The folders of one project on the host: made, owned and swept here.

<root>/<project id>/workspace   the agent's, seen as /workspace
<root>/<project id>/home        the agent's, seen as /home/agent
<root>/<project id>/incoming    ours: files on their way in
<root>/<project id>/trash       ours: what is being deleted
<root>/<project id>/snapshots   ours: copies of the workspace
<root>/<project id>/marks       ours: what the workspace looked like at its newest snapshot
<root>/<project id>/traces      ours: which processes have sessions in it
<root>/<project id>/labels      ours: its labels, as JSON
"""

import contextlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from factotum.sandbox.local import trash
from factotum.sandbox.local.owners import Owner

_LABELS = "labels"
_STALE_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Project:
    """Where a project lives, and the host user its commands run as (None: ourselves)."""

    id: str
    folder: Path
    owner: Owner | None

    @property
    def workspace(self) -> Path:
        """What the agent sees as /workspace."""
        return self.folder / "workspace"

    @property
    def home(self) -> Path:
        """What the agent sees as /home/agent."""
        return self.folder / "home"

    @property
    def incoming(self) -> Path:
        """Where files are written before they are moved into place."""
        return self.folder / "incoming"

    @property
    def trash(self) -> Path:
        """Where things are moved before they are removed."""
        return self.folder / "trash"

    @property
    def snapshots(self) -> Path:
        """Where copies of the workspace are kept."""
        return self.folder / "snapshots"

    @property
    def traces(self) -> Path:
        """Where processes that have sessions in it leave a trace of themselves."""
        return self.folder / "traces"

    @property
    def marks(self) -> Path:
        """What the workspace looked like when it was last like a snapshot."""
        return self.folder / "marks"

    def create_ours(self) -> None:
        """Make what is missing of our own folders. Blocks. Raises OSError."""
        _make(self.folder, 0o711, None)
        for ours in (self.incoming, self.trash):
            _make(ours, 0o700, None)

    def create(self) -> None:
        """Make what is missing and sweep what a killed service left. Blocks. Raises OSError."""
        self.create_ours()
        for theirs in (self.home, self.workspace):
            _make(theirs, 0o700, self.owner)
        self._sweep()

    def label(self, labels: Mapping[str, str]) -> None:
        """Give it these labels in place of those it has. Blocks. Raises OSError."""
        draft = self.incoming / os.urandom(12).hex()
        draft.write_text(json.dumps(dict(labels)), encoding="utf-8")
        draft.rename(self.folder / _LABELS)

    def labels(self) -> dict[str, str]:
        """Return its labels. Blocks. Raises OSError when there is no such project."""
        try:
            return dict(json.loads((self.folder / _LABELS).read_text(encoding="utf-8")))
        except FileNotFoundError:
            self.workspace.stat()
            return {}

    def remove(self) -> None:
        """Delete everything of the project. Blocks. Raises OSError; does nothing when it is not there."""
        try:
            parent = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        try:
            for name in ("workspace", "home", "incoming", "snapshots", "traces"):
                with contextlib.suppress(FileNotFoundError):
                    trash.discard(parent, name, self.trash)
        finally:
            os.close(parent)
        trash.empty(self.trash)
        self.trash.rmdir()
        for name in (_LABELS, self.marks.name):
            (self.folder / name).unlink(missing_ok=True)
        self.folder.rmdir()

    def _sweep(self) -> None:
        for file in self.incoming.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if time.time() - file.lstat().st_mtime > _STALE_SECONDS:
                    file.rename(self.trash / file.name)
        trash.empty(self.trash)


def _make(folder: Path, mode: int, owner: Owner | None) -> None:
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return
    if owner is not None:
        os.chown(folder, owner.uid, owner.uid)
    folder.chmod(mode)
