"""Finding files of the workspace: by their names, and by what is in them."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from factotum.sandbox.port import FileInfo, Match
from factotum.tools.builtin.globs import matches
from factotum.tools.builtin.workspace import workspace_path
from factotum.tools.declare import tool
from factotum.tools.tool import ToolContext, ToolOutput, XmlForm

_MOST_ENTRIES = 50_000
_MOST_FOUND = 500
_MOST_MATCHES = 200
_SEARCH_SECONDS = 30.0
_LINE_SHOWN = 300

Pattern = Annotated[str, Field(min_length=1, max_length=1_000)]


@tool(
    effect="pure",
    family="files",
    subject="path",
    xml=XmlForm("find-files", attributes=("pattern", "path")),
    deadline_seconds=60,
    example={"pattern": "src/**/*.py"},
)
async def find_files(context: ToolContext, pattern: Pattern, path: str = ".") -> ToolOutput:
    """Find files and folders whose path matches a glob.

    Args:
        pattern: The glob, relative to path: `*`, `?`, `[…]` in a name, `**` for any folders. Without `/` it
            is for names, in all folders.
        path: The folder to look in, relative to the workspace.
    """
    sandbox = await context.sandbox()
    folder = (await sandbox.stat(workspace_path(path))).path
    entries = await sandbox.list(folder, recursive=True, limit=_MOST_ENTRIES + 1)
    found = await asyncio.to_thread(_matching, entries[:_MOST_ENTRIES], pattern, folder)
    lines = [_line(info) for info in found[:_MOST_FOUND]] or [f"Nothing in {path} matches {pattern!r}."]
    if len(found) > _MOST_FOUND:
        lines.append(f"[{len(found) - _MOST_FOUND:,} more match: look in a folder, or narrow the pattern]")
    if len(entries) > _MOST_ENTRIES:
        lines.append(f"[only the first {_MOST_ENTRIES:,} entries were looked at: look in a folder]")
    return ToolOutput("\n".join(lines))


@tool(
    effect="pure",
    family="files",
    subject="path",
    xml=XmlForm("search-files", attributes=("path", "names"), content="pattern"),
    deadline_seconds=90,
    example={"pattern": "def main\\(", "names": "*.py"},
)
async def search_files(
    context: ToolContext,
    pattern: Pattern,
    path: str = ".",
    names: Annotated[str, Field(max_length=200)] = "",
) -> ToolOutput:
    """Search the text files of the workspace for lines that match a regular expression, hidden files too.

    Args:
        pattern: An extended regular expression, for one line.
        path: The folder or file to look in, relative to the workspace.
        names: A glob for the names of files to look in; empty for all.
    """
    sandbox = await context.sandbox()
    place = workspace_path(path)
    found = await sandbox.search(
        pattern, place, names=names, limit=_MOST_MATCHES + 1, timeout=_SEARCH_SECONDS
    )
    if not found:
        return ToolOutput(f"No line in {path} matches.")
    return ToolOutput("\n".join(_shown(found)))


def _matching(entries: Sequence[FileInfo], pattern: str, folder: str) -> list[FileInfo]:
    prefix = "" if folder == "." else f"{folder}/"
    return [info for info in entries if matches(info.path.removeprefix(prefix), pattern)]


def _line(info: FileInfo) -> str:
    return f"{info.path}/" if info.kind == "folder" else f"{info.path}\t{info.size_bytes}"


def _shown(found: Sequence[Match]) -> list[str]:
    lines = [f"{match.path}:{match.line}: {match.text[:_LINE_SHOWN]}" for match in found]
    if len(found) > _MOST_MATCHES:
        return [*lines[:_MOST_MATCHES], f"[more lines match: only the first {_MOST_MATCHES} are shown]"]
    return lines
