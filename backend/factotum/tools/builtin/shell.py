"""The shell: a command, alone and to its end, or in a session that lasts."""

from typing import Annotated

from pydantic import Field

from factotum.sandbox.port import Sandbox
from factotum.tools.builtin.outputs import KEPT_BYTES, LiveOutput, readable
from factotum.tools.builtin.session_run import own_session, run_in_session
from factotum.tools.builtin.workspace import told, workspace_path
from factotum.tools.declare import tool
from factotum.tools.tool import ToolContext, ToolError, ToolOutput, XmlForm

LONGEST_SECONDS = 600
_GRACE_SECONDS = 60
_OUTPUT_LIMIT = 30_000


@tool(
    effect="unsafe",
    family="shell",
    subject="command",
    xml=XmlForm("shell", attributes=("folder", "timeout_seconds", "session", "blocking"), content="command"),
    deadline_seconds=LONGEST_SECONDS + _GRACE_SECONDS,
    output_limit=_OUTPUT_LIMIT,
    example={"command": "python3 primes.py && ls -l", "timeout_seconds": 120},
)
async def shell(
    context: ToolContext,
    command: Annotated[str, Field(min_length=1)],
    folder: str = ".",
    timeout_seconds: Annotated[int, Field(ge=1, le=LONGEST_SECONDS)] = 60,
    session: Annotated[str, Field(max_length=64)] = "",
    blocking: bool = True,
) -> ToolOutput:
    """Run a command with bash in the workspace and wait until it ends; you get its output and exit code.

    Without a session each call is a new shell: variables and `cd` do not last, files do, nothing can be typed
    into it, and when it returns, every process it started has been ended.
    A session is a shell that lasts: variables, `cd` and background processes stay from call to call. Use one,
    not blocking, for servers and for programs that ask questions; shell_output shows what it says,
    shell_input types into it, shell_kill ends it.

    Args:
        command: What bash runs; it may have several lines.
        folder: Where it runs, relative to the workspace.
        timeout_seconds: How long to wait. Then the command is ended with all its processes; in a session it
            goes on.
        session: The name of the session to run it in, made if it does not exist.
        blocking: False returns at once, while the command goes on in the session.
    """
    if "\0" in command:
        raise ToolError("A command cannot hold a NUL character.", code="invalid_arguments")
    sandbox = await context.sandbox()
    if session or not blocking:
        seconds = timeout_seconds if blocking else 1
        return await run_in_session(
            context, sandbox, own_session(session), command, workspace_path(folder), seconds
        )
    return await _run_alone(context, sandbox, command, folder, timeout_seconds)


async def _run_alone(
    context: ToolContext, sandbox: Sandbox, command: str, folder: str, timeout_seconds: int
) -> ToolOutput:
    live = LiveOutput(context)
    result = await sandbox.exec(
        command,
        folder=workspace_path(folder),
        timeout=timeout_seconds,
        output_limit=KEPT_BYTES,
        on_output=live.show,
    )
    await live.end()
    written = await readable(context, sandbox, result.output, result.truncated_bytes)
    end = f"[exit code {result.exit_code}]"
    if result.timed_out:
        end = (
            f"[timed out: ended with all its processes after {timeout_seconds} s; "
            f"give a longer timeout_seconds (at most {LONGEST_SECONDS}), do less at once, or use a session]"
        )
    return written.told(await told(context, result.notice), end)
