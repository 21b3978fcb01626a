"""Editing by unified diff, and adding to the end: exact, all or nothing, and telling where a hunk went."""

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from factotum.protocol.events import FileChanged
from factotum.testing.memory_context import MemoryToolContext
from factotum.testing.memory_sandbox import MemorySandbox
from factotum.tools.builtin.diffs import OFFSET, apply_diff, read_diff
from factotum.tools.builtin.edit import append_file, edit_file
from factotum.tools.execute import ToolResult
from factotum.tools.tool import ToolError

CODE = "def one():\n\treturn 1\n\n\ndef two():\n\treturn 1\n\tpass\n"


async def edited(content: bytes, diff: str) -> tuple[ToolResult, bytes, MemoryToolContext]:
    sandbox = MemorySandbox(files={"a": content})
    context = MemoryToolContext(sandbox)
    result = await context.call(edit_file, path="a", diff=diff)
    return result, sandbox.content("a"), context


def patched(text: str, diff: str) -> str:
    return apply_diff(text, read_diff(diff)).text


async def test_a_diff_with_heads_applies() -> None:
    diff = "--- a/a\n+++ b/a\n@@ -5,3 +5,3 @@ def two\n def two():\n-\treturn 1\n+\treturn 2\n \tpass\n"
    result, content, context = await edited(CODE.encode(), diff)
    assert result.text == "Applied 1 hunk to a, at line 5."
    assert content == CODE.replace("\treturn 1\n\tpass", "\treturn 2\n\tpass").encode()
    assert context.events == [FileChanged(path="a", action="changed", size_bytes=len(content))]


async def test_a_line_number_that_is_off_is_mended_and_told() -> None:
    result, content, _ = await edited(
        CODE.encode(), "@@ -90,2 +90,2 @@\n \treturn 1\n-\tpass\n+\tpass  # x\n"
    )
    assert (
        result.text == "Applied 1 hunk to a, at line 6; not where it said: hunk 1 at line 6, 84 lines above."
    )
    assert content.endswith(b"\treturn 1\n\tpass  # x\n")


async def test_nothing_changes_when_one_hunk_does_not_fit() -> None:
    good = "@@ -1,1 +1,1 @@\n-def one():\n+def ONE():\n"
    diff = f"{good}@@ -5,2 +5,2 @@\n def two():\n-    return 1\n+    return 2\n"
    result, content, context = await edited(CODE.encode(), diff)
    assert (result.code, content, context.events) == ("hunk_not_found", CODE.encode(), [])
    assert result.text == snapshot("""\
Error (hunk_not_found): Hunk 2 does not fit; nothing was changed.
Its lines are not in the file as they are within 200 lines of line 5, after line 1.
The closest place is lines 5 to 6. First difference, in line 6:
  file:     "\\treturn 1"
  hunk: "    return 1"
They differ in white space; the file's line begins with 1 tab, hunk's with 4 spaces.
Read the file again, then repeat.\
""")


@pytest.mark.parametrize(
    ("diff", "code"),
    [
        ("no hunks", "diff_invalid"),
        ("@@ -1 +1 @@\n-a\n+b\n--- c\n+++ d\n@@ -1 +1 @@\n-x\n+y\n", "diff_invalid"),
        ("@@ -1,2 +1,2 @@\n def one():\n*** what\n", "diff_invalid"),
        ("@@ wrong\n-a\n+b\n", "diff_invalid"),
        ("@@ -1 +1 @@\n def one():\n", "diff_invalid"),
        ("@@ @@\n", "diff_invalid"),
        ("@@\n+\n" * 1001, "diff_invalid"),
        ("@@\n-\treturn 1\n+\treturn 2\n", "hunk_not_unique"),
        ("@@ -30 +30 @@\n-\treturn 1\n+\treturn 2\n", "hunk_not_unique"),
        ("@@\n+new\n", "hunk_not_found"),
        ("@@ -9,0 +9,1 @@\n+new\n", "hunk_not_found"),
        ("@@ -5 +5 @@\n-def two():\n+x\n@@ -1 +1 @@\n-def one():\n+y\n", "hunk_not_found"),
        ("@@ -1,9 +1,1 @@\n" + "-line\n" * 9, "hunk_not_found"),
    ],
)
async def test_what_cannot_be_applied_says_so(diff: str, code: str) -> None:
    result, content, _ = await edited(CODE.encode(), diff)
    assert (result.code, content) == (code, CODE.encode())


def test_the_search_ends_at_its_offset() -> None:
    text = "\n" * 1_000 + "here\n" + "\n" * 1_000
    assert "there" in patched(text, f"@@ -{1001 + OFFSET} +1 @@\n-here\n+there\n")
    with pytest.raises(ToolError, match="within 200 lines of line 1202"):
        patched(text, f"@@ -{1002 + OFFSET} +1 @@\n-here\n+there\n")


def test_lines_are_added_where_the_head_says() -> None:
    assert patched("a\nb\n", "@@ -1,0 +2 @@\n+x\n") == "a\nx\nb\n"
    assert patched("a\nb\n", "@@ -0,0 +1 @@\n+x\n") == "x\na\nb\n"
    assert patched("", "@@ -0,0 +1,2 @@\n+x\n+y\n") == "x\ny\n"


def test_ends_without_a_line_break() -> None:
    bare = "\\ No newline at end of file\n"
    assert patched("a\nb", "@@ -1,2 +1,2 @@\n-a\n+x\n b\n") == "x\nb"
    assert patched("a\nb", f"@@ -2 +2 @@\n-b\n{bare}+c\n") == "a\nc\n"
    assert patched("a\nb\n", f"@@ -2 +2 @@\n-b\n+c\n{bare}") == "a\nc"
    assert patched("a\nb", f"@@ -2 +2 @@\n-b\n{bare}+c\n{bare}") == "a\nc"
    assert patched("a\nb", f"@@ -1,2 +1,2 @@\n-a\n+x\n b\n{bare}") == "x\nb"
    assert patched("a\nb\n", "@@ -1,2 +0,0 @@\n-a\n-b\n") == ""


def test_carriage_returns_stay() -> None:
    assert patched("a\r\nb\r\n", "@@ -2 +2,2 @@\n-b\n+c\n+d\n") == "a\r\nc\r\nd\r\n"
    assert patched("a\r\nb\r\n", "@@ -2 +2 @@\r\n-b\r\n+c\r\n") == "a\r\nc\r\n"


LINES = st.lists(st.sampled_from(["a", "b", "", "\tx", "- y", "+ z", "@@"]), max_size=30)


@given(LINES, LINES, st.integers(0, 3))
def test_what_difflib_writes_applies(before: list[str], after: list[str], around: int) -> None:
    diff = "\n".join(difflib.unified_diff(before, after, "a", "b", lineterm="", n=around))
    if before != after:
        old, new = ("".join(f"{line}\n" for line in lines) for lines in (before, after))
        assert patched(old, diff) == new


async def test_adding_to_the_end(machine: MemorySandbox, context: MemoryToolContext) -> None:
    assert (await context.call(append_file, path="log", content="one\n")).text == "Created log (4 bytes)."
    added = await context.call(append_file, path="log", content="two\n")
    assert added.text == "Added 4 characters to log (8 bytes now)."
    assert machine.content("log") == b"one\ntwo\n"
    assert [event.action for event in context.events if isinstance(event, FileChanged)] == [
        "created",
        "changed",
    ]
    await machine.delete("log")
    for before, added_text, after in (
        (b"a\r\nb\r\n", "c\n", b"a\r\nb\r\nc\r\n"),
        ("\ufeffä".encode("utf-16-le"), "ö", "\ufeffäö".encode("utf-16-le")),
        (b"", "x", b"x"),
    ):
        sandbox = MemorySandbox(files={"f": before})
        assert (
            await MemoryToolContext(sandbox).call(append_file, path="f", content=added_text)
        ).outcome == "ok"
        assert sandbox.content("f") == after


async def test_nothing_is_added_to_what_is_no_text() -> None:
    for before, text, code in ((b"\0\1\2", "x", "binary_file"), ("ä\n".encode("latin-1"), "€", "encoding")):
        sandbox = MemorySandbox(files={"f": before})
        assert (await MemoryToolContext(sandbox).call(append_file, path="f", content=text)).code == code
        assert sandbox.content("f") == before


def test_neither_runs_again_by_itself() -> None:
    assert edit_file.effect == append_file.effect == "unsafe"
