"""Reading: ranges, bounds, encodings and binaries, whatever pieces the bytes come in."""

from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.testing.memory_context import MemoryToolContext
from factotum.testing.memory_sandbox import MemorySandbox
from factotum.tools.arguments import bind
from factotum.tools.builtin.lines import LONGEST_LINE, LineWindow
from factotum.tools.builtin.read import read_file
from factotum.tools.execute import ToolResult, execute


async def read(content: bytes, **arguments: object) -> ToolResult:
    context = MemoryToolContext(MemorySandbox(files={"a": content}))
    return await execute(read_file, context, bind(read_file, {"path": "a", **arguments}, "native"))


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ({}, "a, lines 1 to 3 of 3 (UTF-8):\n     1\tone\n     2\t\ttwo\n     3\t three"),
        ({"start_line": 2}, "a, lines 2 to 3 of 3 (UTF-8):\n     2\t\ttwo\n     3\t three"),
        ({"end_line": 2}, "a, lines 1 to 2 (UTF-8):\n     1\tone\n     2\t\ttwo"),
        ({"start_line": 2, "end_line": 2}, "a, lines 2 to 2 (UTF-8):\n     2\t\ttwo"),
        ({"start_line": 3, "end_line": 99}, "a, lines 3 to 3 of 3 (UTF-8):\n     3\t three"),
    ],
)
@pytest.mark.parametrize("end", [b"\n", b""])
async def test_lines_are_numbered_and_ranges_kept(
    arguments: dict[str, object], shown: str, end: bytes
) -> None:
    assert (await read(b"one\n\ttwo\n three" + end, **arguments)).text == shown


async def test_empty_files_and_lines_that_are_not_there() -> None:
    assert (await read(b"")).text == "a is empty."
    assert (await read(b"\n")).text == "a, lines 1 to 1 of 1 (UTF-8):\n     1\t"
    beyond = await read(b"x\ny\n", start_line=3)
    assert (beyond.outcome, beyond.code) == ("error", "line_not_found")
    assert "a has 2 lines; there is no line 3." in beyond.text
    assert (await read(b"x", start_line=3, end_line=2)).code == "invalid_arguments"


async def test_a_long_file_is_shown_in_parts_that_meet() -> None:
    content = "".join(f"line {n} {'x' * 60}\n" for n in range(1, 2001)).encode()
    seen: list[str] = []
    start: int | None = 1
    while start is not None:
        text = (await read(content, start_line=start)).text
        assert len(text) <= read_file.output_limit
        assert "characters were left out" not in text
        lines = text.splitlines()
        start = (
            int(lines[-1].split("start_line=")[1][:-1]) if lines[-1].startswith("[there is more") else None
        )
        seen += [line.split("\t")[1] for line in lines[1:] if "\t" in line]
    assert seen == content.decode().splitlines()


async def test_one_endless_line_is_cut_with_what_is_missing() -> None:
    text = (await read(b"x" * 5_000_000 + b"\nnext\n")).text
    assert text.splitlines()[1] == f"     1\t{'x' * LONGEST_LINE} [… 4,998,000 more characters in this line]"
    assert text.splitlines()[2] == "     2\tnext"


async def test_no_more_is_read_than_is_shown() -> None:
    class Endless(MemorySandbox):
        taken = 0
        closed = False

        async def read(self, path: str, *, offset: int = 0, limit: int | None = None) -> AsyncIterator[bytes]:
            try:
                while limit is None or self.taken < limit:
                    self.taken += 1000
                    yield b"y" * 999 + b"\n"
            finally:
                self.closed = True

    sandbox = Endless(files={"a": b""})
    result = await execute(
        read_file, MemoryToolContext(sandbox), {"path": "a", "start_line": 1, "end_line": None}
    )
    assert "[there is more: go on with start_line=" in result.text
    assert sandbox.taken < 200_000
    assert sandbox.closed


@pytest.mark.parametrize(
    ("content", "name", "line"),
    [
        ("é€\n".encode(), "UTF-8", "é€"),
        (b"\xef\xbb\xbf" + "é".encode(), "UTF-8 with a byte order mark", "é"),
        (b"\xff\xfe" + "é".encode("utf-16-le"), "UTF-16", "é"),
        (b"\xfe\xff" + "é".encode("utf-16-be"), "UTF-16", "é"),
        ("é".encode("latin-1"), "Latin-1, as it is not UTF-8", "é"),
        (b"a\r\n", "UTF-8, line ends are CRLF", "a"),
    ],
)
async def test_encodings(content: bytes, name: str, line: str) -> None:
    assert (await read(content)).text == f"a, lines 1 to 1 of 1 ({name}):\n     1\t{line}"


async def test_a_text_that_stops_being_utf_8_late_is_read_as_latin_1() -> None:
    result = await read(b"x" * 100_000 + b"\n\xe9\n", start_line=2)
    assert result.text == "a, lines 2 to 2 of 2 (Latin-1, as it is not UTF-8):\n     2\té"


async def test_a_character_on_the_edge_of_the_sample_is_no_fault() -> None:
    result = await read(b"x" * 65_535 + "€\nlast".encode(), start_line=2)
    assert result.text == "a, lines 2 to 2 of 2 (UTF-8):\n     2\tlast"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x89PNG\r\n\x1a\nrest", "a PNG image"),
        (b"%PDF-1.7 only text here", "a PDF document"),
        (b"RIFF\x00\x00\x00\x00WEBPxx", "a WebP image"),
        (b"text\0text", "a binary file"),
        (bytes(range(128, 256)) + bytes(range(1, 32)) * 2, "a binary file"),
    ],
)
async def test_of_a_binary_the_kind_and_size_are_told(content: bytes, kind: str) -> None:
    result = await read(content)
    assert result.outcome == "ok"
    assert result.text.startswith(f"a is {kind} of {len(content):,} bytes, not text.")


async def test_what_is_not_a_file_is_said_so(context: MemoryToolContext) -> None:
    assert (await context.call(read_file, path="gone")).code == "file_not_found"
    assert (await context.call(read_file, path=".")).code == "not_a_file"
    assert (await context.call(read_file, path="../x")).code == "path_outside"


@given(
    text=st.text(st.sampled_from("a\tb\r\n"), max_size=60),
    cuts=st.lists(st.integers(0, 60), max_size=6),
    first=st.integers(1, 6),
    length=st.none() | st.integers(0, 4),
)
def test_the_window_is_the_same_however_the_text_is_cut(
    text: str, cuts: list[int], first: int, length: int | None
) -> None:
    last = None if length is None else first + length
    window = LineWindow(first, last, 10_000)
    edges = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    for start, end in pairwise(edges):
        if window.full:
            break
        window.feed(text[start:end])
    window.close()
    whole = text.split("\n")[:-1] if text.endswith("\n") or not text else text.split("\n")
    assert [line.split("\t", 1)[1] for line in window.lines] == [
        line.removesuffix("\r") for line in whole[first - 1 : last]
    ]
    if not window.full:
        assert window.count == len(whole)
