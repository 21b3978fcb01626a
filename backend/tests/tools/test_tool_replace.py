"""Replacing text: exact to the last tab, and helpful when it is not there."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from factotum.core.errors import TooLarge
from factotum.protocol.events import FileChanged
from factotum.sandbox.port import FileInfo
from factotum.testing.memory_context import MemoryToolContext
from factotum.testing.memory_sandbox import MemorySandbox
from factotum.tools.arguments import bind
from factotum.tools.builtin.edit import str_replace
from factotum.tools.builtin.nearest import nearest
from factotum.tools.builtin.replacing import replace
from factotum.tools.builtin.workspace import LARGEST_TEXT
from factotum.tools.execute import ToolResult, execute
from factotum.tools.tool import ToolError

CODE = b"def one():\n\treturn 1\n\n\ndef two():\n\treturn 1\n\tpass\n"


class Edit:
    """One edit of a file `a` that holds `content`."""

    def __init__(self, content: bytes) -> None:
        self.sandbox = MemorySandbox(files={"a": content})
        self.context = MemoryToolContext(self.sandbox)

    async def __call__(self, old: str, new: str, **more: object) -> ToolResult:
        arguments = {"path": "a", "old_text": old, "new_text": new, **more}
        return await execute(str_replace, self.context, bind(str_replace, arguments, "native"))

    @property
    def content(self) -> bytes:
        return self.sandbox.content("a")


async def test_the_only_occurrence_is_replaced() -> None:
    edit = Edit(CODE)
    result = await edit("def two():\n\treturn 1", "def two():\n\treturn 2")
    assert result.text == "Replaced 1 place in a, at line 5."
    assert edit.content == b"def one():\n\treturn 1\n\n\ndef two():\n\treturn 2\n\tpass\n"
    assert edit.context.events == [FileChanged(path="a", action="changed", size_bytes=len(CODE))]


async def test_several_occurrences_are_refused_with_their_lines() -> None:
    edit = Edit(CODE)
    result = await edit("\treturn 1", "\treturn 2")
    assert result.code == "text_not_unique"
    assert result.text == snapshot("""\
Error (text_not_unique): old_text occurs 2 times, at lines 2, 6; nothing was changed.
Put more of the surrounding lines into old_text so that it occurs once,
or set occurrence to "all", or to a number from 1 to 2 to pick one.\
""")
    assert (edit.content, edit.context.events) == (CODE, [])


@pytest.mark.parametrize(
    ("occurrence", "left", "told"),
    [
        (1, b"x.y.y", "1 place in a, at line 1"),
        (3, b"y.y.x", "1 place in a, at line 1"),
        ("all", b"x.x.x", "3 places in a, at lines 1, 1, 1"),
        ("2", b"y.x.y", "1 place in a, at line 1"),
    ],
)
async def test_one_or_all_can_be_picked(occurrence: object, left: bytes, told: str) -> None:
    edit = Edit(b"y.y.y")
    assert (await edit("y", "x", occurrence=occurrence)).text == f"Replaced {told}."
    assert edit.content == left


async def test_an_occurrence_that_is_not_there_is_refused() -> None:
    edit = Edit(b"y\ny\n")
    result = await edit("y", "x", occurrence=3)
    assert (result.code, edit.content) == ("occurrence_not_found", b"y\ny\n")
    assert "old_text occurs 2 times, at lines 1, 2; there is no occurrence 3." in result.text


async def test_text_that_overlaps_itself_is_not_unique() -> None:
    edit = Edit(b"aaa")
    assert (await edit("aa", "b")).code == "text_not_unique"
    assert (await edit("aa", "b", occurrence=1)).outcome == "ok"
    assert edit.content == b"ba"


async def test_text_can_be_taken_out() -> None:
    edit = Edit(b"keep drop")
    await edit(" drop", "")
    assert edit.content == b"keep"


@pytest.mark.parametrize(
    ("content", "old", "new", "left"),
    [
        (b"a\r\nb\r\nc\r\n", "a\nb", "x\ny\nz", b"x\r\ny\r\nz\r\nc\r\n"),
        (b"a\r\nb\r\n", "a\r\nb", "x\ny", b"x\ny\r\n"),
        (b"a\r\nb\nc\n", "b\nc", "x\ny", b"a\r\nx\ny\n"),
    ],
)
async def test_line_ends(content: bytes, old: str, new: str, left: bytes) -> None:
    edit = Edit(content)
    assert (await edit(old, new)).outcome == "ok"
    assert edit.content == left


@pytest.mark.parametrize(
    ("mark", "codec"),
    [(b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"", "latin-1")],
)
async def test_the_rest_of_a_file_stays_the_same_in_any_encoding(mark: bytes, codec: str) -> None:
    edit = Edit(mark + "é a\r\n".encode(codec))
    assert (await edit("a", "ü")).outcome == "ok"
    assert edit.content == mark + "é ü\r\n".encode(codec)


async def test_what_an_encoding_cannot_hold_is_refused() -> None:
    edit = Edit("é a".encode("latin-1"))
    result = await edit("a", "€")
    assert (result.code, edit.content) == ("encoding", "é a".encode("latin-1"))


async def test_a_file_that_is_latin_1_only_far_down_is_edited_too() -> None:
    edit = Edit(b"x" * 70_000 + b" a \xe9")
    await edit(" a ", " b ")
    assert edit.content == b"x" * 70_000 + b" b \xe9"


@pytest.mark.parametrize(
    ("content", "kind"), [(b"\x89PNG\r\n\x1a\n", "a PNG image"), (b"a\0b", "a binary file")]
)
async def test_binaries_are_left_alone(content: bytes, kind: str) -> None:
    edit = Edit(content)
    result = await edit("a", "b")
    assert (result.code, edit.content) == ("binary_file", content)
    assert f"a is {kind}, not text." in result.text


async def test_the_same_text_is_no_edit() -> None:
    assert (await Edit(b"a")("a", "a")).code == "invalid_arguments"


async def test_a_file_that_changed_meanwhile_is_not_overwritten() -> None:
    class Busy(MemorySandbox):
        looks = 0

        async def stat(self, path: str) -> FileInfo:
            self.looks += 1
            if self.looks == 2:
                self._put("a", b"other a")
            return await super().stat(path)

    sandbox = Busy(files={"a": b"a"})
    bound = bind(str_replace, {"path": "a", "old_text": "a", "new_text": "b"}, "native")
    result = await execute(str_replace, MemoryToolContext(sandbox), bound)
    assert (result.code, sandbox.content("a")) == ("file_changed", b"other a")


async def test_files_over_the_bound_are_refused() -> None:
    edit = Edit(b"x" * (LARGEST_TEXT + 1))
    assert (await edit("x", "y", occurrence=1)).code == "too_large"


def test_an_explosion_is_refused_before_it_is_made() -> None:
    with pytest.raises(TooLarge):
        replace("a" * 1_000_000, "a", "b" * 1_000_000, "all", limit=LARGEST_TEXT)


@pytest.mark.parametrize(
    ("text", "old", "said"),
    [
        (
            "if x:\n\treturn 1\n",
            "if x:\n    return 1\n",
            snapshot("""\
The closest place is lines 1 to 2. First difference, in line 2:
  file:     "\\treturn 1"
  old_text: "    return 1"
They differ in white space; the file's line begins with 1 tab, old_text's with 4 spaces.\
"""),
        ),
        (
            "a = 1\nb  =  2\n",
            "b = 2",
            snapshot("""\
The closest place is line 2. First difference, in line 2:
  file:     "b  =  2"
  old_text: "b = 2"
They differ in white space within the line or at its end.\
"""),
        ),
        (
            "one\nvalue = 1   \ntwo\n",
            "value = 1\ntwo",
            snapshot("""\
The closest place is lines 2 to 3. First difference, in line 2:
  file:     "value = 1   "
  old_text: "value = 1"
They differ in white space within the line or at its end.\
"""),
        ),
        (
            "class Name:\n",
            "class name:",
            snapshot("""\
The closest place is line 1. First difference, in line 1:
  file:     "class Name:"
  old_text: "class name:"
They differ in letter case.\
"""),
        ),
        (
            "alpha\nresult = compute(x, y)\nomega\n",
            "alpha\nresult = compute(x, z)\n",
            snapshot("""\
The closest place is lines 1 to 2. First difference, in line 2:
  file:     "result = compute(x, y)"
  old_text: "result = compute(x, z)"
They differ in the text from column 21 on.\
"""),
        ),
        ("alpha\n", "something else entirely", snapshot("")),
        ("alpha\n", "  \n", snapshot("")),
    ],
)
def test_the_closest_place_is_shown_with_what_differs(text: str, old: str, said: str) -> None:
    assert nearest(text, old) == said


async def test_a_miss_is_told_with_the_closest_place() -> None:
    result = await Edit(CODE)("def two():\n    return 1", "x")
    assert result.code == "text_not_found"
    assert result.text == snapshot("""\
Error (text_not_found): old_text is not in the file; nothing was changed.
The closest place is lines 5 to 6. First difference, in line 6:
  file:     "\\treturn 1"
  old_text: "    return 1"
They differ in white space; the file's line begins with 1 tab, old_text's with 4 spaces.
Copy old_text exactly from read_file, white space too, but without the line numbers.\
""")


def test_an_edit_that_may_have_been_made_before_is_told() -> None:
    with pytest.raises(ToolError, match="new_text is there already, at line 2: this may have been done"):
        replace("a\nnew\n", "old thing", "new", "once", limit=100)


def test_a_miss_in_a_large_file_takes_a_bounded_time() -> None:
    text = "".join(f"value_{n} = compute_something_with({n}, {n * 7})\n" for n in range(200_000))
    started = time.monotonic()
    nearest(text, "valve_x = computer_something_width(q, r) + 1\nsecond line")
    assert time.monotonic() - started < 60


@given(
    text=st.text(st.sampled_from("ab\n\t "), max_size=40),
    old=st.text(st.sampled_from("ab\n\t "), min_size=1, max_size=3),
    new=st.text(st.sampled_from("xy\n"), max_size=3),
)
def test_replacing_is_what_python_does(text: str, old: str, new: str) -> None:
    if old not in text:
        with pytest.raises(ToolError) as caught:
            replace(text, old, new, "all", limit=1000)
        assert caught.value.stable_code == "text_not_found"
        return
    everything = replace(text, old, new, "all", limit=1000)
    assert (everything.text, everything.count) == (text.replace(old, new), text.count(old))
    pieces = text.split(old)
    for nth in range(1, text.count(old) + 1):
        expected = old.join(pieces[:nth]) + new + old.join(pieces[nth:])
        one = replace(text, old, new, nth, limit=1000)
        assert (one.text, one.lines) == (expected, (old.join(pieces[:nth]).count("\n") + 1,))
