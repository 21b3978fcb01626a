"""The shell: one command at a time, its output shown while it runs."""

import codecs
from typing import Annotated

from pydantic import Field

from factotum.sandbox.port import ExecResult, OutputStream
from factotum.tools.builtin.workspace import workspace_path
from factotum.tools.declare import tool
from factotum.tools.text import bounded, without_terminal_codes
from factotum.tools.tool import ToolContext, ToolError, ToolOutput, XmlForm

LONGEST_SECONDS = 600
_GRACE_SECONDS = 30
_OUTPUT_LIMIT = 30_000
_NOTES = 1_000
_KEPT_BYTES = 100_000


@tool(
    effect="unsafe",
    family="shell",
    subject="command",
    xml=XmlForm("shell", attributes=("folder", "timeout_seconds"), content="command"),
    deadline_seconds=LONGEST_SECONDS + _GRACE_SECONDS,
    output_limit=_OUTPUT_LIMIT,
    example={"command": "python3 primes.py && ls -l", "timeout_seconds": 120},
)
async def shell(
    context: ToolContext,
    command: Annotated[str, Field(min_length=1)],
    folder: str = ".",
    timeout_seconds: Annotated[int, Field(ge=1, le=LONGEST_SECONDS)] = 60,
) -> ToolOutput:
    """Run a command with bash in the workspace and wait until it ends; you get its output and exit code.

    Each call is a new shell: variables and `cd` do not last, files do. Nothing can be typed into it, so use
    options that ask no questions. When it returns, every process it started has been ended.

    Args:
        command: What bash runs; it may have several lines.
        folder: Where it runs, relative to the workspace.
        timeout_seconds: Seconds after which it and all its processes are ended.
    """
    if "\0" in command:
        raise ToolError("A command cannot hold a NUL character.", code="invalid_arguments")
    sandbox = await context.sandbox()
    live = _LiveOutput(context)
    result = await sandbox.exec(
        command,
        folder=workspace_path(folder),
        timeout=timeout_seconds,
        output_limit=_KEPT_BYTES,
        on_output=live.show,
    )
    await live.end()
    return ToolOutput(_report(result, timeout_seconds))


class _LiveOutput:
    """Decodes each stream as it comes: a character cut in two is shown once it is whole."""

    def __init__(self, context: ToolContext) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")
        self._context = context
        self._decoders = {"stdout": decoder("replace"), "stderr": decoder("replace")}

    async def show(self, stream: OutputStream, data: bytes) -> None:
        text = self._decoders[stream].decode(data)
        if text:
            await self._context.output(stream, text)

    async def end(self) -> None:
        streams: tuple[OutputStream, ...] = ("stdout", "stderr")
        for stream in streams:
            rest = self._decoders[stream].decode(b"", final=True)
            if rest:
                await self._context.output(stream, rest)


def _report(result: ExecResult, timeout_seconds: int) -> str:
    text = without_terminal_codes(result.output.decode("utf-8", "replace")).rstrip("\n")
    lines = [bounded(text, _OUTPUT_LIMIT - _NOTES) if text.strip() else "(no output)"]
    if result.truncated_bytes:
        lines.append(
            f"[{result.truncated_bytes:,} bytes were dropped from the middle of the output; "
            "send it to a file and read parts of it to see all]"
        )
    if result.timed_out:
        lines.append(
            f"[timed out: ended with all its processes after {timeout_seconds} s; "
            f"give a longer timeout_seconds (at most {LONGEST_SECONDS}) or do less at once]"
        )
    else:
        lines.append(f"[exit code {result.exit_code}]")
    return "\n".join(lines)
