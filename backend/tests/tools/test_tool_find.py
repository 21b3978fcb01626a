"""Moving, finding by name and by content, in memory."""

import time
from collections.abc import AsyncIterator

import pytest

from factotum.protocol.events import FileChanged
from factotum.testing.memory_context import MemoryToolContext
from factotum.testing.memory_sandbox import MemorySandbox
from factotum.tools.builtin import find as find_module
from factotum.tools.builtin.files import move_file
from factotum.tools.builtin.find import find_files, search_files
from factotum.tools.builtin.globs import matches


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("a.py", "*.py", True),
        ("src/a.py", "*.py", True),
        ("src/a.py", "./*.py", False),
        ("src/a.py", "src/*.py", True),
        ("src/deep/a.py", "src/*.py", False),
        ("src/deep/a.py", "src/**/*.py", True),
        ("src/a.py", "src/**/*.py", True),
        ("src/a/b/c", "**/b/**", True),
        ("src/a/b", "**/b/**", True),
        ("a", "**", True),
        ("b", "a/**/b", False),
        ("a/x/y/b", "a/**/b", True),
        ("a1", "a[0-9]", True),
        ("ab", "a[!a-b]", False),
        ("a/b/c/d/e", "**/c/**/e", True),
        ("a", "a/b", False),
        ("a/b", "a", False),
    ],
)
def test_globs(path: str, pattern: str, expected: bool) -> None:
    assert matches(path, pattern) is expected


def test_a_glob_is_never_slow() -> None:
    started = time.monotonic()
    assert not matches("/".join(["a" * 200] * 50), "/".join(["**", "*a*a*a*a*a*a*a*ab"] * 20))
    assert time.monotonic() - started < 5


async def test_files_are_found_by_name(machine: MemorySandbox, context: MemoryToolContext) -> None:
    for path in ("src/a.py", "src/deep/b.py", "top.py", "src/c.txt"):
        await machine.write(path, _once(b"12"), limit=9)
    assert (await context.call(find_files, pattern="*.py")).text == "src/a.py\t2\nsrc/deep/b.py\t2\ntop.py\t2"
    assert (await context.call(find_files, pattern="**/*.py", path="/workspace/src/../src")).text == (
        "src/a.py\t2\nsrc/deep/b.py\t2"
    )
    assert (await context.call(find_files, pattern="deep")).text == "src/deep/"
    assert (await context.call(find_files, pattern="*.md")).text == "Nothing in . matches '*.md'."
    assert (await context.call(find_files, pattern="*", path="../..")).code == "path_outside"
    assert (await context.call(find_files, pattern="*", path="nowhere")).code == "file_not_found"


async def test_finding_is_bounded_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find_module, "_MOST_ENTRIES", 8)
    monkeypatch.setattr(find_module, "_MOST_FOUND", 5)
    context = MemoryToolContext(MemorySandbox(files={f"{n}": b"" for n in range(9)}))
    lines = (await context.call(find_files, pattern="*")).text.splitlines()
    assert lines[:5] == [f"{n}\t0" for n in range(5)]
    assert lines[5].startswith("[3 more match")
    assert lines[6].startswith("[only the first 8 entries were looked at")


async def test_lines_are_found(machine: MemorySandbox, context: MemoryToolContext) -> None:
    await machine.write("src/a.py", _once(b"import os\n    x = 1\n"), limit=99)
    await machine.write("b.txt", _once(b"x = 2\n"), limit=99)
    assert (await context.call(search_files, pattern="x = [12]")).text == (
        "b.txt:1: x = 2\nsrc/a.py:2:     x = 1"
    )
    assert (await context.call(search_files, pattern="x", names="*.py", path="src")).text == (
        "src/a.py:2:     x = 1"
    )
    assert (await context.call(search_files, pattern="none")).text == "No line in . matches."
    assert (await context.call(search_files, pattern="(")).code == "pattern_invalid"
    assert (await context.call(search_files, pattern="x", path="/etc")).code == "path_outside"
    await machine.write("long", _once(b"y\n" * 300), limit=999)
    lines = (await context.call(search_files, pattern="y")).text.splitlines()
    assert len(lines) == 201
    assert lines[-1] == "[more lines match: only the first 200 are shown]"


async def test_moving_tells_both_ends(machine: MemorySandbox, context: MemoryToolContext) -> None:
    await machine.write("a", _once(b"1"), limit=9)
    assert (await context.call(move_file, path="a", target="/workspace/new/b")).text == "Moved a to new/b."
    assert context.events == [
        FileChanged(path="a", action="deleted"),
        FileChanged(path="new/b", action="created", size_bytes=1),
    ]
    again = await context.call(move_file, path="a", target="new/b")
    assert again.code == "file_not_found"
    assert "'new/b' is there: this may have been done before" in again.text
    assert "before" not in (await context.call(move_file, path="a", target="none")).text
    await machine.write("a", _once(b"2"), limit=9)
    assert (await context.call(move_file, path="a", target="new/b")).code == "file_exists"
    assert (await context.call(move_file, path="a", target="../b")).code == "path_outside"
    assert (await context.call(move_file, path="new", target="old")).text == "Moved new to old."
    assert machine.content("old/b") == b"1"


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
