"""Reading a file: numbered lines of a text within a bound, or what kind of file it is."""

import codecs
from typing import Annotated

from pydantic import Field

from factotum.core.wording import count
from factotum.sandbox.port import FileInfo, Sandbox
from factotum.tools.builtin.encoding import LATIN_1, SAMPLE_BYTES, Encoding, binary_kind, encoding_of
from factotum.tools.builtin.lines import LineWindow
from factotum.tools.builtin.workspace import opened, read_start, require_file
from factotum.tools.declare import tool
from factotum.tools.tool import ToolContext, ToolError, ToolOutput, XmlForm

_OUTPUT_LIMIT = 30_000
_HEADER = 1_000

LineNumber = Annotated[int, Field(ge=1)]


@tool(
    effect="pure",
    family="files",
    subject="path",
    xml=XmlForm("read-file", attributes=("path", "start_line", "end_line")),
    deadline_seconds=60,
    output_limit=_OUTPUT_LIMIT,
    example={"path": "notes/draft.md", "start_line": 1, "end_line": 40},
)
async def read_file(
    context: ToolContext, path: str, start_line: LineNumber = 1, end_line: LineNumber | None = None
) -> ToolOutput:
    """Read a text file. Each line comes with its number and a tab, which are no part of the file.

    Long files are shown in parts: the result says where to go on. Of a binary file you get its kind and size.

    Args:
        path: The file, relative to the workspace.
        start_line: The first line to show, from 1.
        end_line: The last line to show; without it, as many as there is room for.
    """
    if end_line is not None and end_line < start_line:
        raise ToolError(
            f"end_line {end_line} is before start_line {start_line}.",
            hint="Give an end_line that is not smaller, or leave it out.",
            code="invalid_arguments",
        )
    sandbox = await context.sandbox()
    info = await require_file(sandbox, path)
    sample = await read_start(sandbox, info.path, SAMPLE_BYTES)
    encoding = encoding_of(sample)
    if encoding is None:
        return ToolOutput(_binary(info, sample))
    try:
        window = await _read(sandbox, info.path, encoding, start_line, end_line)
    except UnicodeDecodeError:
        encoding = LATIN_1
        window = await _read(sandbox, info.path, encoding, start_line, end_line)
    return ToolOutput(_report(info, encoding, window, start_line))


async def _read(
    sandbox: Sandbox, path: str, encoding: Encoding, start_line: int, end_line: int | None
) -> LineWindow:
    """Stream the file through a window. Raises UnicodeDecodeError where the encoding does not fit."""
    window = LineWindow(start_line, end_line, _OUTPUT_LIMIT - _HEADER)
    decoder = codecs.getincrementaldecoder(encoding.codec)()
    mark = encoding.mark
    async with opened(sandbox, path) as stream:
        async for piece in stream:
            # The mark is at the start of the first piece, or is cut over the first few.
            taken = min(len(mark), len(piece))
            mark = mark[taken:]
            window.feed(decoder.decode(piece[taken:]))
            if window.full:
                return window
    window.feed(decoder.decode(b"", final=True))
    window.close()
    return window


def _binary(info: FileInfo, sample: bytes) -> str:
    kind = binary_kind(sample) or "a binary file"
    what = f"{info.path} is {kind} of {count(info.size_bytes, 'byte')}, not text."
    if kind.endswith("image"):
        return f"{what} see_image shows it, if you have that tool; else work with it in the shell."
    return f"{what} Use the shell to work with it."


def _report(info: FileInfo, encoding: Encoding, window: LineWindow, start_line: int) -> str:
    if not window.lines:
        if window.count == 0:
            return f"{info.path} is empty."
        raise ToolError(
            f"{info.path} has {count(window.count, 'line')}; there is no line {start_line:,}.",
            hint=f"Give a start_line from 1 to {window.count}.",
            code="line_not_found",
        )
    last = start_line + len(window.lines) - 1
    total = "" if window.full else f" of {window.count}"
    ends = ", line ends are CRLF" if window.carriage_returns else ""
    lines = [f"{info.path}, lines {start_line} to {last}{total} ({encoding.name}{ends}):", *window.lines]
    if window.next_line is not None:
        lines.append(f"[there is more: go on with start_line={window.next_line}]")
    return "\n".join(lines)
