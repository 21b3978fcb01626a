"""The sessions of the shell: look, type, end, list."""

from typing import Annotated, Literal

from pydantic import Field

from factotum.sandbox.port import SessionInfo
from factotum.tools.builtin.session_run import own_session, report
from factotum.tools.declare import tool
from factotum.tools.tool import ToolContext, ToolError, ToolOutput, XmlForm

LONGEST_WAIT = 300
_GRACE_SECONDS = 60
_NEWEST = 8_000
_COMMAND_SHOWN = 100

Name = Annotated[str, Field(min_length=1, max_length=64)]
Wait = Annotated[int, Field(ge=0, le=LONGEST_WAIT)]
Key = Literal["enter", "none", "ctrl-c", "ctrl-d", "ctrl-z", "escape", "tab", "up", "down", "left", "right"]

_KEYS: dict[Key, bytes] = {
    "enter": b"\n",
    "none": b"",
    "ctrl-c": b"\x03",
    "ctrl-d": b"\x04",
    "ctrl-z": b"\x1a",
    "escape": b"\x1b",
    "tab": b"\t",
    "up": b"\x1b[A",
    "down": b"\x1b[B",
    "left": b"\x1b[D",
    "right": b"\x1b[C",
}


@tool(
    effect="pure",
    family="shell",
    subject="session",
    xml=XmlForm("shell-output", attributes=("session", "after", "wait_seconds")),
    deadline_seconds=LONGEST_WAIT + _GRACE_SECONDS,
    example={"session": "server", "wait_seconds": 10},
)
async def shell_output(
    context: ToolContext,
    session: Name,
    after: Annotated[int | None, Field(ge=0)] = None,
    wait_seconds: Wait = 0,
) -> ToolOutput:
    """Show what a session of the shell has written, and whether its command still runs.

    Args:
        session: Its name.
        after: Show what came after this place, as an earlier answer named it; left out, the newest output.
        wait_seconds: Wait up to this long for the command to end.
    """
    sandbox = await context.sandbox()
    own_session(session)
    if after is None:
        end = (await sandbox.sessions.poll(session, limit=0, cursor=2**62)).cursor
        after = max(end - _NEWEST, 0)
    return await report(context, sandbox, session, after, wait_seconds)


@tool(
    effect="unsafe",
    family="shell",
    subject="text",
    xml=XmlForm("shell-input", attributes=("session", "key", "wait_seconds"), content="text"),
    deadline_seconds=LONGEST_WAIT + 2 * _GRACE_SECONDS,
    example={"session": "setup", "text": "yes"},
)
async def shell_input(
    context: ToolContext, session: Name, text: str = "", key: Key = "enter", wait_seconds: Wait = 2
) -> ToolOutput:
    """Type into the command that runs in a session of the shell; you get what it writes then.

    Args:
        session: Its name.
        text: What to type, exactly.
        key: The key to press after it.
        wait_seconds: Wait up to this long for the command to end.
    """
    sandbox = await context.sandbox()
    before = await sandbox.sessions.poll(own_session(session), limit=0, cursor=2**62)
    if not before.info.busy:
        raise ToolError(
            f"No command runs in the session {session!r}.",
            hint="Run one in it with shell first.",
            code="session_not_reading",
        )
    await sandbox.sessions.write(session, text.encode() + _KEYS[key], timeout=_GRACE_SECONDS)
    return await report(context, sandbox, session, before.cursor, wait_seconds)


@tool(
    effect="idempotent",
    family="shell",
    subject="session",
    xml=XmlForm("shell-kill", attributes=("session",)),
    deadline_seconds=60,
    example={"session": "server"},
)
async def shell_kill(context: ToolContext, session: Name) -> ToolOutput:
    """End a session of the shell, with everything that runs in it.

    Args:
        session: Its name.
    """
    info = await (await context.sandbox()).sessions.kill(own_session(session))
    return ToolOutput(f"The session {info.name!r} has ended, with all that ran in it.")


@tool(
    effect="pure",
    family="shell",
    xml=XmlForm("shell-sessions"),
    deadline_seconds=60,
    example={},
)
async def shell_sessions(context: ToolContext) -> ToolOutput:
    """List the sessions of the shell, and the ports that programs listen on."""
    sandbox = await context.sandbox()
    found = await sandbox.sessions.list()
    lines = [_line(info) for info in found] or ["There are no sessions."]
    ports = await sandbox.ports()
    if ports:
        lines.append(f"Open ports: {', '.join(str(port) for port in ports)}")
    return ToolOutput("\n".join(lines))


def _line(info: SessionInfo) -> str:
    command = " ".join(info.command.split())[:_COMMAND_SHOWN]
    if info.busy:
        return f"{info.name}\trunning\t{command}"
    how = "idle" if info.alive else "ended"
    code = "" if info.exit_code is None else f", exit code {info.exit_code}"
    return f"{info.name}\t{how}{code}\t{command}"
