"""Files of the workspace: create, rewrite, delete, move, list.

All of them may be run again after a crash: what they leave is the same however often they ran.
"""

from typing import Annotated

from pydantic import Field

from factotum.core.wording import count
from factotum.sandbox.port import FileInfo, Sandbox
from factotum.tools.builtin.workspace import (
    find,
    read_whole,
    require_file,
    tell,
    workspace_path,
    write_whole,
)
from factotum.tools.declare import tool
from factotum.tools.tool import ToolContext, ToolError, ToolOutput, XmlForm

_MOST_ENTRIES = 1_000

Path = Annotated[str, Field(min_length=1)]


@tool(
    effect="idempotent",
    family="files",
    subject="path",
    xml=XmlForm("create-file", attributes=("path",), content="content"),
    deadline_seconds=60,
    example={"path": "notes/draft.md", "content": "# Draft\n\nThe first line.\n"},
)
async def create_file(context: ToolContext, path: Path, content: str) -> ToolOutput:
    """Create a text file. It must not exist yet; the folders above it are made.

    Args:
        path: The new file, relative to the workspace.
        content: All of its text, exactly as it shall be.
    """
    sandbox = await context.sandbox()
    data = content.encode()
    present = await find(sandbox, path)
    if present is not None:
        # The same content means that this very call ran before and its result was lost: it has succeeded.
        if not await _holds(sandbox, present, data):
            raise ToolError(
                f"{path!r} exists already; it was not changed.",
                hint="Use str_replace to change a part of it, or rewrite_file to replace it whole.",
                code="file_exists",
            )
        await tell(context, present, "created")
        return ToolOutput(f"{present.path} is there with exactly this content ({_size(present)}).")
    info = await write_whole(sandbox, path, data)
    await tell(context, info, "created")
    return ToolOutput(f"Created {info.path} ({_size(info)}).")


@tool(
    effect="idempotent",
    family="files",
    subject="path",
    xml=XmlForm("rewrite-file", attributes=("path",), content="content"),
    deadline_seconds=60,
    example={"path": "notes/draft.md", "content": "# Draft\n\nAll of it, new.\n"},
)
async def rewrite_file(context: ToolContext, path: Path, content: str) -> ToolOutput:
    """Write a text file whole, in place of what it held. Prefer str_replace for small changes.

    Args:
        path: The file, relative to the workspace; it is made if it does not exist.
        content: All of its new text, exactly as it shall be.
    """
    sandbox = await context.sandbox()
    present = await find(sandbox, path)
    if present is not None and present.kind == "folder":
        raise ToolError(f"{path!r} is a folder, not a file.", hint="Give another path.", code="not_a_file")
    info = await write_whole(sandbox, path, content.encode())
    await tell(context, info, "changed" if present else "created")
    return ToolOutput(f"{'Rewrote' if present else 'Created'} {info.path} ({_size(info)}).")


@tool(
    effect="idempotent",
    family="files",
    subject="path",
    xml=XmlForm("delete-file", attributes=("path",)),
    deadline_seconds=60,
    example={"path": "notes/draft.md"},
)
async def delete_file(context: ToolContext, path: Path) -> ToolOutput:
    """Delete one file. It cannot be undone.

    Args:
        path: The file, relative to the workspace. For a folder use the shell.
    """
    sandbox = await context.sandbox()
    info = await require_file(sandbox, path)
    await sandbox.delete(info.path)
    await tell(context, info, "deleted")
    return ToolOutput(f"Deleted {info.path}.")


@tool(
    effect="idempotent",
    family="files",
    subject="path",
    xml=XmlForm("move-file", attributes=("path", "target")),
    deadline_seconds=60,
    example={"path": "notes/draft.md", "target": "notes/final.md"},
)
async def move_file(context: ToolContext, path: Path, target: Path) -> ToolOutput:
    """Move or rename a file or a folder. Nothing is ever replaced; the folders above the target are made.

    Args:
        path: What to move, relative to the workspace.
        target: Its new path, name included.
    """
    sandbox = await context.sandbox()
    before = await find(sandbox, path)
    if before is None:
        done = await find(sandbox, target)
        may = f" {target!r} is there: this may have been done before." if done else ""
        raise ToolError(
            f"There is no {path!r} in the workspace; nothing was moved.{may}",
            hint="list_files shows what is there.",
            code="file_not_found",
        )
    info = await sandbox.move(before.path, workspace_path(target))
    await tell(context, before, "deleted")
    await tell(context, info, "created")
    return ToolOutput(f"Moved {before.path} to {info.path}.")


@tool(
    effect="pure",
    family="files",
    subject="path",
    xml=XmlForm("list-files", attributes=("path", "recursive")),
    deadline_seconds=60,
    example={"path": ".", "recursive": True},
)
async def list_files(context: ToolContext, path: str = ".", recursive: bool = False) -> ToolOutput:
    """List a folder of the workspace: folders end with a slash, files come with their size in bytes.

    Args:
        path: The folder, relative to the workspace.
        recursive: Whether to list what is in its folders too, and in theirs.
    """
    sandbox = await context.sandbox()
    entries = await sandbox.list(workspace_path(path), recursive=recursive, limit=_MOST_ENTRIES + 1)
    if not entries:
        return ToolOutput(f"{path} is empty.")
    lines = [_entry(info) for info in entries[:_MOST_ENTRIES]]
    if len(entries) > _MOST_ENTRIES:
        lines.append(
            f"[only the first {_MOST_ENTRIES:,} entries are shown; list a folder in it, or use find]"
        )
    return ToolOutput("\n".join(lines))


async def _holds(sandbox: Sandbox, info: FileInfo, data: bytes) -> bool:
    if info.kind != "file" or info.size_bytes != len(data):
        return False
    return await read_whole(sandbox, info) == data


def _size(info: FileInfo) -> str:
    return count(info.size_bytes, "byte")


def _entry(info: FileInfo) -> str:
    match info.kind:
        case "folder":
            return f"{info.path}/"
        case "file":
            return f"{info.path}\t{info.size_bytes}"
        case _:
            return f"{info.path}\t({info.kind})"
