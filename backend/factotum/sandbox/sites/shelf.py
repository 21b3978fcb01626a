"""The published folders of this machine: each a snapshot that its workspace no longer changes.

<folder>/<id>/<version>/<number>   the files, numbered: no path of theirs is ever one of this machine's
<folder>/<id>/site.json            which version is shown, and what each path is
<folder>/<id>/lock                 held by who publishes or removes
<folder>/.incoming/<name>          what is being gathered
"""

import asyncio
import contextlib
import fcntl
import os
import shutil
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from factotum.core.ids import is_id
from factotum.core.tasks import whole
from factotum.sandbox.sites.gathering import SiteFile

SignSite = Callable[[str, int], str]
"""Makes the address of a site, from its id and seconds."""

_STALE_SECONDS: Final = 24 * 3600
_REMEMBERED: Final = 16
_PARTS: Final = 2
"""Of a kept version's name: when and by whom."""


class SiteEntry(BaseModel):
    """One path of a site: where its content lies, its bytes, and what names its content."""

    model_config = ConfigDict(frozen=True)

    number: int
    size: int
    digest: str


class Site(BaseModel):
    """What is shown of a site now."""

    model_config = ConfigDict(frozen=True)

    version: str
    files: Mapping[str, SiteEntry]


class Shelf:
    """Keeps sites in one folder, for all processes of the service that share it. Everything blocks."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: OrderedDict[str, tuple[int, Site]] = OrderedDict()
        self.sign: SignSite | None = None
        """Makes addresses of sites; set by what serves them."""

    @asynccontextmanager
    async def room(self) -> AsyncGenerator[Path]:
        """Give a new folder to gather files in, gone with what is left in it when the block is left.

        Raises OSError. Does not block, unlike the rest.
        """
        made = await asyncio.to_thread(self._make_room)
        try:
            yield made
        finally:
            await whole(asyncio.to_thread(shutil.rmtree, made, ignore_errors=True))

    def _make_room(self) -> Path:
        parent = self._folder / ".incoming"
        parent.mkdir(parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        self._sweep(parent)
        made = parent / f"{int(time.time())}-{os.urandom(8).hex()}"
        made.mkdir(mode=0o700)
        return made

    def put(self, site_id: str, gathered: Path, files: Sequence[SiteFile]) -> None:
        """Show `files`, which lie in `gathered`, in place of what the site was. Raises OSError."""
        site = Site(
            version=gathered.name,
            files={
                file.path: SiteEntry(number=int(file.copy.name), size=file.size, digest=file.digest)
                for file in files
            },
        )
        place = self._folder / site_id
        place.mkdir(mode=0o700, exist_ok=True)
        with _locked(place):
            gathered.rename(place / site.version)
            draft = place / "draft.json"
            draft.write_text(site.model_dump_json(), encoding="utf-8")
            draft.replace(place / "site.json")
            for other in place.iterdir():
                if other.is_dir() and other.name != site.version:
                    shutil.rmtree(other, ignore_errors=True)

    def remove(self, site_id: str) -> None:
        """Show a site no more. Does nothing when it is not there. Raises OSError."""
        place = self._folder / site_id
        if is_id(site_id) and place.is_dir():
            with _locked(place):
                (place / "site.json").unlink(missing_ok=True)
                shutil.rmtree(place, ignore_errors=True)

    def site(self, site_id: str) -> Site | None:
        """Return what is shown of a site, or None."""
        try:
            with (self._folder / site_id / "site.json").open("rb") as file:
                at = os.fstat(file.fileno()).st_mtime_ns
                known = self._known.get(site_id)
                if known is not None and known[0] == at:
                    return known[1]
                site = Site.model_validate_json(file.read())
        except (OSError, ValidationError):
            return None
        self._known[site_id] = at, site
        self._known.move_to_end(site_id)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return site

    def open(self, site_id: str, site: Site, entry: SiteEntry) -> int | None:
        """Open a file for reading; None when another version has just taken its place."""
        path = self._folder / site_id / site.version / str(entry.number)
        try:
            return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return None

    def _sweep(self, parent: Path) -> None:
        """Remove what killed processes left half gathered."""
        for folder in parent.iterdir():
            began = folder.name.split("-")
            if len(began) == _PARTS and began[0].isdigit() and time.time() - int(began[0]) > _STALE_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(place: Path) -> Generator[None]:
    held = os.open(place / "lock", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        with contextlib.suppress(OSError):
            os.close(held)
