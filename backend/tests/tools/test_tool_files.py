"""Create, rewrite, delete, list: what they leave, what they tell, and what running them again does."""

import pytest

from factotum.protocol.events import FileChanged
from factotum.testing.memory_context import MemoryToolContext
from factotum.testing.memory_sandbox import MemorySandbox, ScriptedCommand
from factotum.tools.builtin.files import create_file, delete_file, list_files, rewrite_file
from factotum.tools.builtin.workspace import LARGEST_TEXT
from factotum.tools.tool import Tool


async def test_a_file_is_created_with_its_folders(machine: MemorySandbox, context: MemoryToolContext) -> None:
    result = await context.call(create_file, path="a/b/c.txt", content=" tab\there\r\n\n")
    assert machine.content("a/b/c.txt") == b" tab\there\r\n\n"
    assert result.text == "Created a/b/c.txt (12 bytes)."
    assert context.events == [FileChanged(path="a/b/c.txt", action="created", size_bytes=12)]


async def test_creating_again_after_a_crash_succeeds(context: MemoryToolContext) -> None:
    await context.call(create_file, path="a.txt", content="é")
    again = await context.call(create_file, path="a.txt", content="é")
    assert (again.outcome, again.text) == ("ok", "a.txt is there with exactly this content (2 bytes).")
    assert context.events == [FileChanged(path="a.txt", action="created", size_bytes=2)] * 2


@pytest.mark.parametrize("content", ["new", "OLD", ""])
async def test_creating_over_other_content_changes_nothing(
    content: str, machine: MemorySandbox, context: MemoryToolContext
) -> None:
    machine.script(ScriptedCommand(files={"a.txt": b"old"}))
    await machine.exec("x")
    result = await context.call(create_file, path="a.txt", content=content)
    assert (result.outcome, result.code) == ("error", "file_exists")
    assert "str_replace" in result.text
    assert "rewrite_file" in result.text
    assert machine.content("a.txt") == b"old"
    assert context.events == []


async def test_a_folder_is_never_taken_for_a_file(context: MemoryToolContext) -> None:
    await context.call(create_file, path="d/a", content="")
    assert (await context.call(create_file, path="d", content="")).code == "file_exists"
    assert (await context.call(rewrite_file, path="d", content="")).code == "not_a_file"
    assert (await context.call(delete_file, path="d")).code == "not_a_file"
    assert (await context.call(delete_file, path=".")).code == "not_a_file"


async def test_rewriting_says_whether_the_file_was_new(
    machine: MemorySandbox, context: MemoryToolContext
) -> None:
    assert (await context.call(rewrite_file, path="a", content="1")).text == "Created a (1 byte)."
    assert (
        await context.call(rewrite_file, path="/workspace/a", content="22")
    ).text == "Rewrote a (2 bytes)."
    assert machine.content("a") == b"22"
    assert [event.action for event in context.events if isinstance(event, FileChanged)] == [
        "created",
        "changed",
    ]


async def test_too_large_a_file_changes_nothing(machine: MemorySandbox, context: MemoryToolContext) -> None:
    await context.call(rewrite_file, path="a", content="small")
    result = await context.call(rewrite_file, path="a", content="x" * (LARGEST_TEXT + 1))
    assert (result.outcome, result.code) == ("error", "too_large")
    assert machine.content("a") == b"small"
    assert len(context.events) == 1


async def test_deleting_tells_and_deleting_again_is_told_too(
    machine: MemorySandbox, context: MemoryToolContext
) -> None:
    await context.call(create_file, path="a", content="x")
    assert (await context.call(delete_file, path="a")).text == "Deleted a."
    assert context.events[-1] == FileChanged(path="a", action="deleted", size_bytes=None)
    assert await machine.list() == []
    again = await context.call(delete_file, path="a")
    assert (again.outcome, again.code) == ("error", "file_not_found")
    assert len(context.events) == 2


async def test_listing(machine: MemorySandbox, context: MemoryToolContext) -> None:
    assert (await context.call(list_files)).text == ". is empty."
    for path in ("b.txt", "a/x.txt", "a/y/z"):
        await context.call(create_file, path=path, content="123")
    assert (await context.call(list_files)).text == "a/\nb.txt\t3"
    assert (await context.call(list_files, recursive=True)).text == "a/\na/x.txt\t3\na/y/\na/y/z\t3\nb.txt\t3"
    assert (await context.call(list_files, path="/workspace/a")).text == "a/x.txt\t3\na/y/"
    assert (await context.call(list_files, path="nowhere")).code == "file_not_found"


async def test_a_long_listing_is_bounded_and_says_so(
    machine: MemorySandbox, context: MemoryToolContext
) -> None:
    machine.script(ScriptedCommand(files={f"{n:04}": b"" for n in range(1001)}))
    await machine.exec("x")
    lines = (await context.call(list_files)).text.splitlines()
    assert len(lines) == 1001
    assert lines[-1].startswith("[only the first 1,000 entries are shown")
    await machine.delete("1000")
    assert (await context.call(list_files)).text.splitlines()[-1] == "0999\t0"


@pytest.mark.parametrize("tool", [create_file, rewrite_file])
@pytest.mark.parametrize("path", ["../a", "/etc/passwd", "a/../../b", "/workspace/../a"])
async def test_paths_outside_are_refused(tool: Tool, path: str, context: MemoryToolContext) -> None:
    assert (await context.call(tool, path=path, content="x")).code == "path_outside"


def test_all_may_run_again() -> None:
    assert create_file.effect == rewrite_file.effect == delete_file.effect == "idempotent"
    assert list_files.effect == "pure"
