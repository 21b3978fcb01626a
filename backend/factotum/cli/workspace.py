"""Files between this machine and a thread's workspace."""

import contextlib
import filecmp
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from factotum.cli.client import File, Service
from factotum.cli.summary import Deliverable
from factotum.core.errors import FactotumError, InvalidInput, NotFound


def check_uploads(files: Sequence[Path]) -> None:
    """Raise InvalidInput unless each file can be read and their names differ."""
    names: set[str] = set()
    for file in files:
        if not file.is_file():
            what = "is a folder; name its files" if file.is_dir() else "does not exist"
            raise InvalidInput(f"{file} {what}.", code="file_unreadable")
        if file.name in names:
            raise InvalidInput(
                f"Two of the files are named {file.name}.",
                hint="They would have the same place in the workspace: rename one.",
            )
        names.add(file.name)


def with_files(text: str, files: Sequence[Path]) -> str:
    """Return the task with a line that names the files that were sent."""
    if not files:
        return text
    return f"{text}\n\nAttached files, in the workspace: {', '.join(file.name for file in files)}"


def look_up(service: Service, thread_id: str, paths: Iterable[str]) -> list[Deliverable]:
    """Return the deliverables with their sizes, asking once a folder. Never raises for one that is gone."""
    sizes: dict[str, int] = {}
    paths = list(paths)
    for folder in {str(PurePosixPath(path).parent) for path in paths}:
        with contextlib.suppress(FactotumError):
            sizes.update({f.path: f.size_bytes for f in service.files(thread_id, folder).items})
    return [Deliverable(path, sizes.get(path)) for path in paths]


def save(service: Service, thread_id: str, paths: Iterable[str], folder: Path) -> Iterator[Deliverable]:
    """Download files below `folder`, a folder with all in it. What lies there already is never overwritten.

    A file that is gone is yielded without `saved`. Raises InvalidInput when it cannot be written here.
    """
    for path in paths:
        try:
            yield _save_one(service, thread_id, path, folder)
        except NotFound:
            yield Deliverable(path, None)
        except InvalidInput as fault:
            if fault.stable_code != "not_a_file":
                raise
            inside = service.files(thread_id, path, recursive=True).items
            yield from save(service, thread_id, _files_of(inside), folder)


def _files_of(entries: Iterable[File]) -> list[str]:
    return [entry.path for entry in entries if entry.kind == "file"]


def _save_one(service: Service, thread_id: str, path: str, folder: Path) -> Deliverable:
    target = _inside(folder, path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.parent.resolve().is_relative_to(folder.resolve()):
            raise InvalidInput(f"{path} would be written outside of {folder}.", code="path_outside")
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".factotum-", delete=False) as handle:
            fresh, content = Path(handle.name), service.download(thread_id, path)
            try:
                size = sum(handle.write(chunk) for chunk in content)
                handle.close()
                fresh.chmod(0o644)
                return Deliverable(path, size, _put(fresh, target))
            finally:
                fresh.unlink(missing_ok=True)
    except OSError as error:
        raise InvalidInput(
            f"{target} cannot be written: {error.strerror or error}.", code="file_unwritable"
        ) from None


def _inside(folder: Path, path: str) -> Path:
    """Return where a path of the workspace lies below `folder`. Raises InvalidInput outside of it."""
    parts = PurePosixPath(path).parts
    if not parts or ".." in parts or path.startswith("/"):
        raise InvalidInput(f"{path!r} is not a path in the workspace.", code="path_outside")
    return folder.joinpath(*parts)


def _put(fresh: Path, target: Path) -> Path:
    """Give the new file the first free name like `target`'s, unless the same content is there already."""
    place, number = target, 1
    while True:
        try:
            place.hardlink_to(fresh)
        except FileExistsError:
            if place.is_file() and filecmp.cmp(place, fresh, shallow=False):
                return place
            number += 1
            place = target.with_name(f"{target.stem}-{number}{target.suffix}")
        else:
            return place
