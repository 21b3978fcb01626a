"""Archives: packed and unpacked inside the sandbox, where a hostile one can do no more than a command."""

import hashlib
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from factotum.core.wording import count
from factotum.protocol.events import FileChanged
from factotum.sandbox.port import OWN_FOLDER
from factotum.tools.builtin.inside import command
from factotum.tools.builtin.workspace import find, require_file, tell, told, workspace_path
from factotum.tools.declare import tool
from factotum.tools.tool import ToolContext, ToolError, ToolOutput, XmlForm

_SECONDS = 240.0
_OUTPUT_LIMIT = 200_000
_MOST_TOLD = 50
_SUFFIXES = (".zip", ".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".tar")

Path = Annotated[str, Field(min_length=1)]


class _Report(BaseModel):
    """What the program inside says: what it did, or a code and a reason."""

    code: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")] | None = None
    why: Annotated[str, Field(max_length=2_000)] = ""
    files: Annotated[int, Field(ge=0)] = 0
    bytes: Annotated[int, Field(ge=0)] = 0
    skipped: Annotated[int, Field(ge=0)] = 0
    names: Annotated[list[Annotated[str, Field(max_length=4_000)]], Field(max_length=100)] = []


@tool(
    effect="idempotent",
    family="files",
    subject="target",
    xml=XmlForm("zip-files", attributes=("target",), elements=("paths",)),
    deadline_seconds=_SECONDS + 30,
    example={"paths": ["report", "data.csv"], "target": "report.zip"},
)
async def zip_files(
    context: ToolContext, paths: Annotated[list[Path], Field(min_length=1, max_length=200)], target: Path
) -> ToolOutput:
    """Pack files and folders into a new ZIP archive, at most 20,000 entries and 1 GB. Links are left out.

    Args:
        paths: What to pack, relative to the workspace; folders with all in them.
        target: The archive, relative to the workspace; it must not exist yet.
    """
    sandbox = await context.sandbox()
    inside = [(await sandbox.stat(workspace_path(path))).path for path in paths]
    made = workspace_path(target)
    await find(sandbox, made)
    notice, report = await _run(context, "pack", made, _scratch(context), *inside)
    info = await require_file(sandbox, made)
    await tell(context, info, "created")
    skipped = count(report.skipped, "link or device", "links and devices")
    left_out = f" Left out: {skipped}." if report.skipped else ""
    return ToolOutput(
        f"{notice}Packed {count(report.files, 'entry', 'entries')} ({count(report.bytes, 'byte')}) "
        f"into {info.path} ({count(info.size_bytes, 'byte')}).{left_out}"
    )


@tool(
    effect="idempotent",
    family="files",
    subject="path",
    xml=XmlForm("unzip-file", attributes=("path", "folder")),
    deadline_seconds=_SECONDS + 30,
    example={"path": "data.zip", "folder": "data"},
)
async def unzip_file(context: ToolContext, path: Path, folder: str = "") -> ToolOutput:
    """Unpack a ZIP or tar archive (also gz, bz2, xz) into a new folder: all of it, or nothing.

    An archive with links, with entries that lead out of the folder, or that is huge is refused.

    Args:
        path: The archive, relative to the workspace.
        folder: The folder, new or empty; left out, it is named after the archive.
    """
    sandbox = await context.sandbox()
    archive = await require_file(sandbox, path)
    target = workspace_path(folder) if folder else _without_suffix(archive.path)
    await find(sandbox, target)
    notice, report = await _run(context, "unpack", archive.path, target, _scratch(context))
    made = await sandbox.stat(target)
    for name in report.names[:_MOST_TOLD]:
        info = await find(sandbox, f"{made.path}/{name}")
        if info is not None:
            await context.emit(FileChanged(path=info.path, action="created", size_bytes=info.size_bytes))
    shown = "\n".join(report.names)
    more = f"\n[and {report.files - len(report.names):,} more]" if report.files > len(report.names) else ""
    return ToolOutput(
        f"{notice}Unpacked {count(report.files, 'file')} ({count(report.bytes, 'byte')}) "
        f"into {made.path}/:\n{shown}{more}"
    )


async def _run(context: ToolContext, *arguments: str) -> tuple[str, _Report]:
    sandbox = await context.sandbox()
    result = await sandbox.exec(command("archives", *arguments), timeout=_SECONDS, output_limit=_OUTPUT_LIMIT)
    notice = await told(context, result.notice)
    if result.timed_out:
        raise ToolError(
            f"It did not end within {_SECONDS:g} s; nothing was made.",
            hint="Do less at a time, or use the shell.",
            code="archive_timeout",
        )
    try:
        report = _Report.model_validate_json(result.output)
    except ValidationError:
        said = result.output.decode(errors="replace").strip().splitlines()
        raise ToolError(
            f"The archive could not be worked on: {(said or ['no reason was given'])[-1][:300]}",
            hint="There may be no room on the disk; else use the shell.",
            code="archive_failed",
        ) from None
    if report.code is not None:
        raise ToolError(f"Nothing was made: {report.why}.", hint=_hint(report.code), code=report.code)
    return notice, report


def _hint(code: str) -> str:
    match code:
        case "archive_unsafe":
            return "Do not trust this archive. What is needed of it can be taken out in the shell."
        case "file_exists":
            return "Choose another place, or delete what is there first."
        case _:
            return "Look at it in the shell."


def _scratch(context: ToolContext) -> str:
    """Return a folder for what is half done: the same when the call runs again, which empties it first."""
    return f"{OWN_FOLDER}/archives/{hashlib.sha256(context.call_id.encode()).hexdigest()[:16]}"


def _without_suffix(path: str) -> str:
    suffix = next((each for each in _SUFFIXES if path.lower().endswith(each)), "")
    return path[: -len(suffix)] if len(path.rpartition("/")[2]) > len(suffix) > 0 else f"{path}-unpacked"
