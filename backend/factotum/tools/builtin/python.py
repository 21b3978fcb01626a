"""Python code in the sandbox, with what it shows: its output, the last value, its charts."""

import contextlib
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from factotum.core.errors import NotFound
from factotum.sandbox.port import OWN_FOLDER, FileInfo, Sandbox
from factotum.tools.builtin.inside import command
from factotum.tools.builtin.outputs import KEPT_BYTES, LiveOutput, readable
from factotum.tools.builtin.pictures import picture_of
from factotum.tools.builtin.workspace import tell, told
from factotum.tools.declare import tool
from factotum.tools.tool import Picture, ToolContext, ToolError, ToolOutput, XmlForm

LONGEST_SECONDS = 600
_GRACE_SECONDS = 300
_CODE_LIMIT = 200_000
_CHARTS = "charts"
_SCRIPTS = f"{OWN_FOLDER}/python"
_MOST_SHOWN = 4


@tool(
    effect="unsafe",
    family="shell",
    subject="code",
    xml=XmlForm("run-python", attributes=("timeout_seconds",), content="code"),
    deadline_seconds=LONGEST_SECONDS + _GRACE_SECONDS,
    example={"code": "import pandas as pd\ndata = pd.read_csv('data.csv')\ndata.describe()"},
)
async def run_python(
    context: ToolContext,
    code: Annotated[str, Field(min_length=1, max_length=_CODE_LIMIT)],
    timeout_seconds: Annotated[int, Field(ge=1, le=LONGEST_SECONDS)] = 120,
) -> ToolOutput:
    """Run Python code in the workspace; you get what it prints and the value of its last expression.

    Each call is a new process: variables do not last, files do. Figures of matplotlib are saved as PNG files
    in charts/.

    Args:
        code: What to run. numpy, pandas, matplotlib and pillow are there.
        timeout_seconds: When to end it.
    """
    sandbox = await context.sandbox()
    prefix = hashlib.sha256(context.call_id.encode()).hexdigest()[:8]
    script = await sandbox.write(f"{_SCRIPTS}/{prefix}.py", _once(code.encode()), limit=2 * KEPT_BYTES)
    live = LiveOutput(context)
    try:
        result = await sandbox.exec(
            command("run", script.path, _CHARTS, prefix, isolated=False),
            timeout=timeout_seconds,
            output_limit=KEPT_BYTES,
            on_output=live.show,
        )
    finally:
        with contextlib.suppress(NotFound):  # the code may have tidied up more than it knows
            await sandbox.delete(script.path)
    await live.end()
    written = await readable(context, sandbox, result.output, result.truncated_bytes)
    notice = await told(context, result.notice)
    pictures: list[Picture] = []
    lines: list[str] = []
    for chart in await _charts(sandbox, prefix):
        await tell(context, chart, "created")
        said, picture = await _picture(sandbox, chart, shown=len(pictures) < _MOST_SHOWN)
        lines.append(f"[chart: {said}]")
        pictures += picture
    if result.timed_out:
        lines.append(f"[timed out: ended with all its processes after {timeout_seconds} s]")
    elif result.exit_code:
        lines.append(f"[exit code {result.exit_code}]")
    return replace(written.told(notice, *lines), pictures=tuple(pictures))


async def _charts(sandbox: Sandbox, prefix: str) -> list[FileInfo]:
    """Return what the code saved, in order; a name is the call's own, so nothing else is taken for it."""
    try:
        found = await sandbox.list(_CHARTS, limit=10_000)
    except NotFound:
        return []
    own = [info for info in found if info.kind == "file" and info.path.startswith(f"{_CHARTS}/{prefix}-")]
    return sorted(own, key=lambda info: (len(info.path), info.path))


async def _picture(sandbox: Sandbox, chart: FileInfo, *, shown: bool) -> tuple[str, list[Picture]]:
    if not shown:
        return chart.path, []
    try:
        picture, said = await picture_of(sandbox, chart.path)
    except ToolError as error:
        return f"{chart.path} ({error.message})", []
    return said.rstrip("."), [picture]


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
