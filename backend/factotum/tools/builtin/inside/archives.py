"""Packs and unpacks archives, inside the sandbox. Prints one JSON object: what was done, or what is wrong.

Arguments: `unpack ARCHIVE FOLDER SCRATCH` or `pack TARGET SCRATCH PATH...`, relative to the workspace. An
archive is looked at whole before anything is written, what is written goes to SCRATCH first, and one rename
puts it in its place. Only files and folders come out: links, devices and holes are refused.
"""

import json
import lzma
import os
import shutil
import stat
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, NoReturn

MOST_ENTRIES = 20_000
MOST_BYTES = 1_000_000_000
MOST_NAME = 1_000
SHOWN = 50
PIECE = 1 << 20

Opened = tuple[PurePosixPath, IO[bytes], int]


BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    ValueError,
    RuntimeError,
)


class Refused(Exception):
    """The archive, or what is to go into one, is not taken. The arguments: a code, and why."""


def refuse(code: str, why: str) -> NoReturn:
    raise Refused(code, why)


def checked(name: str) -> PurePosixPath:
    """Return an entry's path if it stays in its folder."""
    path = PurePosixPath(name.replace("\\", "/"))
    shown = ascii(name[:200])
    if "\0" in name or len(name) > MOST_NAME:
        refuse("archive_unsafe", f"the name {shown} cannot be a path")
    if path.is_absolute() or ".." in path.parts or (path.parts and ":" in path.parts[0]):
        refuse("archive_unsafe", f"the entry {shown} leads out of its folder")
    return path


class Entries:
    """What is to come out: checked, each path once, counted."""

    def __init__(self) -> None:
        self.files: dict[PurePosixPath, object] = {}
        self.folders: set[PurePosixPath] = set()
        self.count = self.bytes = 0

    def add(self, name: str, size: int, handle: object, *, folder: bool) -> None:
        self.count += 1
        self.bytes += max(size, 0)
        if self.count > MOST_ENTRIES:
            refuse("archive_too_large", f"it has more than {MOST_ENTRIES:,} entries")
        if self.bytes > MOST_BYTES:
            refuse("archive_too_large", f"it holds more than {MOST_BYTES:,} bytes")
        path = checked(name)
        if folder:
            self.folders.add(path)
            return
        if not path.parts or path in self.files:
            refuse("archive_unsafe", f"the entry {name[:200]!a} is there twice, or has no name")
        self.files[path] = handle

    def check(self) -> None:
        above = {parent for path in (*self.files, *self.folders) for parent in path.parents}
        if clash := next((path for path in self.files if path in above or path in self.folders), None):
            refuse("archive_unsafe", f"the entry {str(clash)[:200]!a} is a file and a folder")


def zip_entries(archive: zipfile.ZipFile) -> Entries:
    entries = Entries()
    for info in archive.infolist():
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            refuse("archive_unsafe", f"the entry {info.filename[:200]!a} is a link or a device")
        if info.flag_bits & 1:
            refuse("archive_encrypted", "it is encrypted")
        entries.add(info.filename, info.file_size, info, folder=info.is_dir())
    return entries


def tar_entries(archive: tarfile.TarFile) -> Entries:
    entries = Entries()
    for info in archive:
        if info.issparse():
            refuse("archive_unsafe", f"the entry {info.name[:200]!a} has holes")
        if not (info.isreg() or info.isdir()):
            refuse("archive_unsafe", f"the entry {info.name[:200]!a} is a link or a device")
        entries.add(info.name, info.size, info, folder=info.isdir())
    return entries


def write_out(entries: Entries, opened: Iterator[Opened], scratch: Path) -> int:
    """Write all entries; what they really hold is counted, whatever the archive says."""
    total = 0
    for folder in entries.folders:
        (scratch / folder).mkdir(parents=True, exist_ok=True)
    for path, source, mode in opened:
        place = scratch / path
        place.parent.mkdir(parents=True, exist_ok=True)
        with source, place.open("xb") as target:
            while piece := source.read(PIECE):
                total += len(piece)
                if total > MOST_BYTES:
                    refuse("archive_too_large", f"it holds more than {MOST_BYTES:,} bytes")
                target.write(piece)
        place.chmod(0o755 if mode & 0o100 else 0o644)
    return total


def unpack(archive: str, folder: str, scratch: Path) -> dict[str, object]:
    place = Path(folder)
    if place.is_symlink() or (place.exists() and (not place.is_dir() or any(place.iterdir()))):
        refuse("file_exists", f"{folder} exists and is not an empty folder")
    with open_plain(archive) as stream:
        if zipfile.is_zipfile(stream):
            with zipfile.ZipFile(stream) as opened:
                entries = zip_entries(opened)
                entries.check()
                total = write_out(entries, from_zip(opened, entries), scratch)
        else:
            entries, total = untar(stream, scratch)
    place.parent.mkdir(parents=True, exist_ok=True)
    scratch.rename(place)
    names = sorted(str(path) for path in entries.files)
    return {"files": len(names), "bytes": total, "names": names[:SHOWN], "skipped": 0}


def untar(stream: IO[bytes], scratch: Path) -> tuple[Entries, int]:
    stream.seek(0)
    with tarfile.open(fileobj=stream, mode="r:*") as opened:
        entries = tar_entries(opened)
        entries.check()
        return entries, write_out(entries, from_tar(opened, entries), scratch)


def open_plain(path: str) -> IO[bytes]:
    """Open a regular file; what is something else would hang or be endless."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        refuse("not_a_file", f"{path} is no regular file")
    return os.fdopen(descriptor, "rb")


def from_zip(archive: zipfile.ZipFile, entries: Entries) -> Iterator[Opened]:
    for path, info in entries.files.items():
        assert isinstance(info, zipfile.ZipInfo)
        yield path, archive.open(info), info.external_attr >> 16


def from_tar(archive: tarfile.TarFile, entries: Entries) -> Iterator[Opened]:
    for path, info in entries.files.items():
        assert isinstance(info, tarfile.TarInfo)
        source = archive.extractfile(info)
        assert source is not None
        yield path, source, info.mode


def pack(target: str, scratch: Path, paths: list[str]) -> dict[str, object]:
    if os.path.lexists(target):
        refuse("file_exists", f"{target} exists already")
    count = total = skipped = 0
    names: list[str] = []
    draft = scratch / "archive"
    with zipfile.ZipFile(draft, "x", zipfile.ZIP_DEFLATED) as archive:
        for path in below(paths):
            status = path.lstat()
            if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
                skipped += 1
                continue
            count += 1
            total += status.st_size if stat.S_ISREG(status.st_mode) else 0
            if count > MOST_ENTRIES or total > MOST_BYTES:
                refuse("archive_too_large", f"more than {MOST_ENTRIES:,} entries or {MOST_BYTES:,} bytes")
            archive.write(path, path)
            names.append(str(path))
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    draft.rename(target)
    return {"files": count, "bytes": total, "names": names[:SHOWN], "skipped": skipped}


def below(paths: list[str]) -> Iterator[Path]:
    """Yield the paths and what is in them, by name; no link is followed."""
    for name in paths:
        if not os.path.lexists(name):
            refuse("file_not_found", f"{name} does not exist")
        waiting = [Path(os.path.normpath(name))]
        while waiting:
            path = waiting.pop()
            if path != Path() and path.parts[:1] != (".factotum",):
                yield path
            if path.is_dir() and not path.is_symlink() and path.parts[:1] != (".factotum",):
                waiting += sorted(path.iterdir(), reverse=True)


def main(action: str, *arguments: str) -> dict[str, object]:
    scratch = Path(arguments[2] if action == "unpack" else arguments[1])
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        if action == "unpack":
            return unpack(arguments[0], arguments[1], scratch)
        return pack(arguments[0], scratch, list(arguments[2:]))
    except Refused as error:
        return {"code": error.args[0], "why": error.args[1]}
    except FileNotFoundError as error:
        return {"code": "file_not_found", "why": f"{error.filename} does not exist"}
    except BROKEN as error:
        return {"code": "archive_broken", "why": f"it cannot be read: {error}"[:300]}
    except OSError as error:
        return {"code": "archive_failed", "why": f"{error}"[:300]}
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])))
