"""Editing a text file: by replacing text in it, by a unified diff, by adding to its end."""

import asyncio
from typing import Annotated, Literal

from pydantic import Field

from factotum.core.wording import count
from factotum.tools.builtin.diffs import apply_diff, read_diff
from factotum.tools.builtin.replacing import at_lines, replace
from factotum.tools.builtin.text_file import TextFile
from factotum.tools.builtin.workspace import LARGEST_TEXT, find, tell, write_whole
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
    text = await TextFile.open(await context.sandbox(), path)
    replaced = await asyncio.to_thread(
        replace, text.content, old_text, new_text, occurrence, limit=LARGEST_TEXT
    )
    written = await text.replace(replaced.text)
    await tell(context, written, "changed")
    places = count(replaced.count, "place")
    return ToolOutput(f"Replaced {places} in {written.path}, {at_lines(replaced.lines, replaced.count)}.")


@tool(
    effect="unsafe",
    family="files",
    subject="path",
    xml=XmlForm("edit-file", attributes=("path",), content="diff"),
    deadline_seconds=60,
    example={"path": "app.py", "diff": "@@ -1,3 +1,3 @@\n def one():\n-    return 1\n+    return 2\n \n"},
)
async def edit_file(
    context: ToolContext,
    path: Annotated[str, Field(min_length=1)],
    diff: Annotated[str, Field(min_length=1)],
) -> ToolOutput:
    """Change several places of a text file at once, by a unified diff. All of it applies, or nothing does.

    The context and removed lines must be exactly those of the file.

    Args:
        path: The file, relative to the workspace.
        diff: The hunks, each after a line `@@ -3,4 +3,5 @@`. A line number may be off by up to 200;
            `@@` alone looks in the whole file.
    """
    hunks = await asyncio.to_thread(read_diff, diff)
    text = await TextFile.open(await context.sandbox(), path)
    patched = await asyncio.to_thread(apply_diff, text.content, hunks)
    written = await text.replace(patched.text)
    await tell(context, written, "changed")
    moved = [
        f"hunk {number} at line {line}, {count(abs(offset), 'line')} {'below' if offset > 0 else 'above'}"
        for number, (line, offset) in enumerate(zip(patched.lines, patched.offsets, strict=True), 1)
        if offset
    ]
    applied = count(len(hunks), "hunk")
    note = f"; not where it said: {', '.join(moved[:10])}" if moved else ""
    return ToolOutput(
        f"Applied {applied} to {written.path}, {at_lines(patched.lines[:20], len(hunks))}{note}."
    )


@tool(
    effect="unsafe",
    family="files",
    subject="path",
    xml=XmlForm("append-file", attributes=("path",), content="content"),
    deadline_seconds=60,
    example={"path": "notes/log.md", "content": "- One more line.\n"},
)
async def append_file(
    context: ToolContext,
    path: Annotated[str, Field(min_length=1)],
    content: Annotated[str, Field(min_length=1)],
) -> ToolOutput:
    """Add text to the end of a text file; it is made if it does not exist.

    Args:
        path: The file, relative to the workspace.
        content: The text to add, exactly as it shall be; no line break is put before it.
    """
    sandbox = await context.sandbox()
    if await find(sandbox, path) is None:
        info = await write_whole(sandbox, path, content.encode())
        await tell(context, info, "created")
        return ToolOutput(f"Created {info.path} ({count(info.size_bytes, 'byte')}).")
    text = await TextFile.open(sandbox, path)
    if text.content and text.content.count("\r\n") == text.content.count("\n") > 0 and "\r" not in content:
        content = content.replace("\n", "\r\n")
    info = await text.replace(text.content + content)
    await tell(context, info, "changed")
    size = count(info.size_bytes, "byte")
    return ToolOutput(f"Added {count(len(content), 'character')} to {info.path} ({size} now).")
