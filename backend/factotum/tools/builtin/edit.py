"""Editing a file by replacing text in it."""

import asyncio
from typing import Annotated, Literal

from pydantic import Field

from factotum.core.errors import Conflict
from factotum.sandbox.port import FileInfo, Sandbox
from factotum.tools.builtin.encoding import LATIN_1, SAMPLE_BYTES, Encoding, binary_kind, encoding_of
from factotum.tools.builtin.replacing import Occurrence, Replaced, at_lines, replace
from factotum.tools.builtin.workspace import LARGEST_TEXT, read_whole, require_file, tell, write_whole
from factotum.tools.declare import tool
from factotum.tools.tool import ToolContext, ToolError, ToolOutput, XmlForm


# Unsafe: where new_text holds old_text (a line added next to another), doing it again would change more, and
# the file alone cannot tell whether it was done.
@tool(
    effect="unsafe",
    family="files",
    subject="path",
    xml=XmlForm("str-replace", attributes=("path", "occurrence"), elements=("old_text", "new_text")),
    deadline_seconds=60,
    example={"path": "app.py", "old_text": "    return 1\n", "new_text": "    return 2\n"},
)
async def str_replace(
    context: ToolContext,
    path: Annotated[str, Field(min_length=1)],
    old_text: Annotated[str, Field(min_length=1)],
    new_text: str,
    occurrence: Literal["once", "all"] | Annotated[int, Field(ge=1)] = "once",
) -> ToolOutput:
    """Replace text in a file. old_text must be exactly what is there, with every space, tab and line break.

    Args:
        path: The file, relative to the workspace.
        old_text: The text to replace, without the line numbers that read_file shows.
        new_text: The text to put in its place; may be empty.
        occurrence: Which one, if it is there more than once: "once" refuses then, "all" takes every one, a
            number takes the nth, from 1.
    """
    if old_text == new_text:
        raise ToolError(
            "old_text and new_text are the same; nothing would change.",
            hint="Give the text as it shall be in new_text.",
            code="invalid_arguments",
        )
    sandbox = await context.sandbox()
    info = await require_file(sandbox, path)
    content = await read_whole(sandbox, info)
    changed, replaced = await asyncio.to_thread(_edit, info, content, old_text, new_text, occurrence)
    await _require_unchanged(sandbox, info)
    written = await write_whole(sandbox, info.path, changed)
    await tell(context, written, "changed")
    places = "1 place" if replaced.count == 1 else f"{replaced.count:,} places"
    return ToolOutput(f"Replaced {places} in {written.path}, {at_lines(replaced.lines, replaced.count)}.")


def _edit(
    info: FileInfo, content: bytes, old: str, new: str, occurrence: Occurrence
) -> tuple[bytes, Replaced]:
    """Return the file's new bytes. What is not replaced stays the same, byte for byte."""
    encoding = encoding_of(content[:SAMPLE_BYTES])
    if encoding is None:
        kind = binary_kind(content) or "a binary file"
        raise ToolError(
            f"{info.path} is {kind}, not text.", hint="Use the shell to work with it.", code="binary_file"
        )
    encoding, text = _decode(content, encoding)
    replaced = replace(text, old, new, occurrence, limit=LARGEST_TEXT)
    try:
        return encoding.encode(replaced.text), replaced
    except UnicodeEncodeError as error:
        raise ToolError(
            f"{info.path} is {encoding.name}, which cannot hold {error.object[error.start]!r}.",
            hint="Use characters that it can hold, or convert the file to UTF-8 with iconv first.",
            code="encoding",
        ) from None


def _decode(content: bytes, encoding: Encoding) -> tuple[Encoding, str]:
    try:
        return encoding, encoding.decode(content)
    except UnicodeDecodeError:
        return LATIN_1, LATIN_1.decode(content)


async def _require_unchanged(sandbox: Sandbox, before: FileInfo) -> None:
    after = await require_file(sandbox, before.path)
    if (after.size_bytes, after.modified_at) != (before.size_bytes, before.modified_at):
        raise Conflict(
            f"{before.path} was changed by something else meanwhile; nothing was replaced.",
            hint="Read it again, then repeat the edit.",
            code="file_changed",
        )
