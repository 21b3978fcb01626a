"""Packing and unpacking: what the program inside says is checked, and hostile ones leave nothing."""

import io
import json
import tarfile
import zipfile
from collections.abc import AsyncIterator, Callable

import pytest

from factotum.protocol.events import FileChanged, SandboxChanged
from factotum.sandbox.port import ExecResult
from factotum.testing.memory_context import MemoryToolContext
from factotum.testing.memory_sandbox import MemorySandbox, ScriptedCommand
from factotum.tools.builtin.archives import unzip_file, zip_files
from factotum.tools.builtin.shell import shell


def scripted(*, said: bytes, **more: object) -> MemoryToolContext:
    machine = MemorySandbox(files={"a.zip": b"PK", "b": b"x"})
    machine.script(ScriptedCommand(pieces=(("stdout", said),), **more))  # pyright: ignore[reportArgumentType]
    return MemoryToolContext(machine)


async def test_what_the_program_says_is_told() -> None:
    said = json.dumps({"files": 60, "bytes": 70, "names": ["x", "y"], "skipped": 0}).encode()
    context = scripted(said=said, files={"a/x": b"12345", "a/y": b""})
    result = await context.call(unzip_file, path="a.zip")
    assert result.text == "Unpacked 60 files (70 bytes) into a/:\nx\ny\n[and 58 more]"
    assert context.events == [
        FileChanged(path="a/x", action="created", size_bytes=5),
        FileChanged(path="a/y", action="created", size_bytes=0),
    ]
    said = json.dumps({"files": 1, "bytes": 1, "names": ["b"], "skipped": 2}).encode()
    context = scripted(said=said, files={"new/c.zip": b"PK"})
    result = await context.call(zip_files, paths=["b"], target="new/c.zip")
    assert result.text == ("Packed 1 entry (1 byte) into new/c.zip (2 bytes). Left out: 2 links and devices.")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b'{"code": "archive_unsafe", "why": "it is bad"}', "archive_unsafe"),
        (b'{"code": "file_exists", "why": "it is there"}', "file_exists"),
        (b'{"code": "no such <code>"}', "archive_failed"),
        (b'{"files": -1}', "archive_failed"),
        (b"Traceback\nMemoryError\n", "archive_failed"),
        (b"", "archive_failed"),
    ],
)
async def test_what_cannot_be_done_or_understood_is_a_result(said: bytes, code: str) -> None:
    assert (await scripted(said=said).call(unzip_file, path="a.zip")).code == code


class Stuck(MemorySandbox):
    """Its commands never end by themselves, and it was lost meanwhile."""

    async def exec(self, command: str, **_: object) -> ExecResult:
        assert command.startswith("python3 -I -c ")
        return ExecResult(None, b"", 0, True, 240.0, notice="It is a new one.")


async def test_one_that_takes_too_long_is_ended() -> None:
    context = MemoryToolContext(Stuck(files={"a.zip": b"PK"}))
    assert (await context.call(unzip_file, path="a.zip")).code == "archive_timeout"
    assert context.events == [SandboxChanged(status="recreated", note="It is a new one.")]


async def test_paths_outside_never_reach_a_command(context: MemoryToolContext) -> None:
    for arguments in ({"path": "../a.zip"}, {"path": "a.zip", "folder": "/etc"}):
        await context.machine.write("a.zip", _once(b"PK"), limit=9)
        assert (await context.call(unzip_file, **arguments)).code == "path_outside"
    for paths, target in ((["/etc"], "a.zip"), (["a.zip"], "../x.zip")):
        assert (await context.call(zip_files, paths=paths, target=target)).code == "path_outside"
    assert isinstance(context.machine, MemorySandbox)
    assert context.machine.executed == []


async def test_there_and_back(real: MemoryToolContext) -> None:
    made = (
        "mkdir -p site/sub; echo hi >site/index.html; printf '#!/bin/sh\\necho ran\\n' >site/sub/run; "
        "chmod +x site/sub/run; ln -s /etc/passwd site/link; mkfifo site/pipe; mkdir site/empty"
    )
    await real.call(shell, command=made)
    packed = await real.call(zip_files, paths=["site"], target="out/site.zip")
    assert packed.text.startswith("Packed 5 entries")
    assert packed.text.endswith("Left out: 2 links and devices.")
    assert (await real.call(zip_files, paths=["site"], target="out/site.zip")).code == "file_exists"
    unpacked = await real.call(unzip_file, path="out/site.zip", folder="copy")
    assert unpacked.text == "Unpacked 2 files (23 bytes) into copy/:\nsite/index.html\nsite/sub/run".replace(
        "23", str(3 + 19)
    )
    again = await real.call(unzip_file, path="out/site.zip", folder="copy")
    assert again.code == "file_exists"
    seen = await real.call(shell, command="copy/site/sub/run; find copy | sort; ls -A .factotum/archives")
    assert seen.text.splitlines() == [
        "ran",
        "copy",
        "copy/site",
        "copy/site/empty",
        "copy/site/index.html",
        "copy/site/sub",
        "copy/site/sub/run",
        "[exit code 0]",
    ]


async def test_tar_archives(real: MemoryToolContext) -> None:
    await real.call(
        shell, command="mkdir d; echo 1 >d/a; tar czf a.tar.gz d; tar cJf b.tar.xz d; tar cf c.tar d"
    )
    for name, folder in (("a.tar.gz", "a"), ("b.tar.xz", "b"), ("c.tar", "c")):
        assert (
            await real.call(unzip_file, path=name)
        ).text == f"Unpacked 1 file (2 bytes) into {folder}/:\nd/a"
    await real.call(shell, command="mkdir empty; printf x >plain")
    assert (await real.call(unzip_file, path="a.tar.gz", folder="empty")).outcome == "ok"
    for path in ("plain", "d"):
        assert (await real.call(unzip_file, path=path, folder="none")).outcome == "error"
    assert (await real.call(unzip_file, path="plain", folder="none")).code == "archive_broken"


def zipped(fill: Callable[[zipfile.ZipFile], None]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("fine.txt", "fine")
        fill(archive)
    return buffer.getvalue()


def tarred(*entries: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for entry in entries:
            archive.addfile(entry, io.BytesIO(b"x" * entry.size))
    return buffer.getvalue()


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, size
    return info


def linked(archive: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo("link")
    info.external_attr = 0o120777 << 16
    archive.writestr(info, "/etc/passwd")


HOSTILE = {
    "up.zip": zipped(lambda archive: archive.writestr("../up", "x")),
    "root.zip": zipped(lambda archive: archive.writestr("/etc/x", "x")),
    "deep.zip": zipped(lambda archive: archive.writestr("a/../../x", "x")),
    "windows.zip": zipped(lambda archive: archive.writestr("..\\x", "x")),
    "drive.zip": zipped(lambda archive: archive.writestr("C:/x", "x")),
    "twice.zip": zipped(lambda archive: archive.writestr("./fine.txt", "x")),
    "clash.zip": zipped(lambda archive: archive.writestr("fine.txt/x", "x")),
    "link.zip": zipped(linked),
    "up.tgz": tarred(entry("fine"), entry("../x", size=1)),
    "link.tgz": tarred(entry("fine"), entry("link", tarfile.SYMTYPE, "/etc")),
    "hard.tgz": tarred(entry("fine"), entry("hard", tarfile.LNKTYPE, "../../home/agent/x")),
    "device.tgz": tarred(entry("fine"), entry("device", tarfile.CHRTYPE)),
    "pipe.tgz": tarred(entry("fine"), entry("pipe", tarfile.FIFOTYPE)),
}


@pytest.mark.attack(12, 13, control="the same archives without the bad entry are unpacked")
async def test_hostile_archives_leave_nothing(real: MemoryToolContext) -> None:
    for name, data in HOSTILE.items():
        await real.machine.write(name, _once(data), limit=len(data))
        result = await real.call(unzip_file, path=name, folder="out/here")
        assert (name, result.code) == (name, "archive_unsafe")
    good = zipped(lambda archive: archive.writestr("up/..x", "x"))
    for name, data in {"good.zip": good, "good.tgz": tarred(entry("fine"), entry("x", size=1))}.items():
        await real.machine.write(name, _once(data), limit=len(data))
        assert (await real.call(unzip_file, path=name)).outcome == "ok"
        await real.call(shell, command="rm -r good")
    left = await real.call(shell, command="ls; ls .. ; ls -A .factotum/archives /home/agent")
    assert "out" not in left.text.split()
    assert "up" not in left.text.split()


BOMBS = """
import struct, zipfile
with zipfile.ZipFile("big.zip", "w", zipfile.ZIP_DEFLATED) as archive:
    with archive.open("zeros", "w", force_zip64=True) as file:
        for _ in range(1100): file.write(bytes(1 << 20))
with zipfile.ZipFile("many.zip", "w") as archive:
    for number in range(20001): archive.writestr(str(number), "")
with zipfile.ZipFile("fine.zip", "w", zipfile.ZIP_DEFLATED) as archive: archive.writestr("ok", bytes(9999))
# The archive says that less comes out of it than does.
data = bytearray(open("fine.zip", "rb").read())
entry = data.rindex(b"PK\\x01\\x02")
data[entry + 24 : entry + 28] = struct.pack("<I", 9)
open("liar.zip", "wb").write(data)
"""


@pytest.mark.attack(14, 15, control="a small archive is unpacked")
async def test_bombs_are_refused(real: MemoryToolContext) -> None:
    await real.call(shell, command=f"python3 - <<'E'\n{BOMBS}\nE", timeout_seconds=200)
    for name, code in (
        ("big.zip", "archive_too_large"),
        ("many.zip", "archive_too_large"),
        ("liar.zip", "archive_broken"),
    ):
        result = await real.call(unzip_file, path=name, folder="out")
        assert (name, result.code) == (name, code)
    await real.call(shell, command="truncate -s 200M hole; tar -S -cf sparse.tar hole; rm hole")
    assert (await real.call(unzip_file, path="sparse.tar", folder="out")).code == "archive_unsafe"
    assert (await real.call(unzip_file, path="fine.zip", folder="out")).outcome == "ok"


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
