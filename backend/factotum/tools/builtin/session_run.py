"""Commands in sessions: begun, followed while they run, and reported to the model."""

import asyncio
import shlex
import time
from itertools import count

from factotum.core.errors import Conflict
from factotum.core.tasks import whole
from factotum.sandbox.browser.client import SESSION as BROWSER_SESSION
from factotum.sandbox.port import WORKSPACE, Sandbox, SessionInfo, TerminalSize
from factotum.tools.builtin.outputs import KEPT_BYTES, LiveOutput, readable
from factotum.tools.builtin.workspace import told
from factotum.tools.tool import ToolContext, ToolError, ToolOutput

_PIECE = 100_000


def own_session(name: str) -> str:
    """Return the name of a session that the agent may use.

    Raises ToolError for its browser's: a person may have that, and what it says is theirs.
    """
    if name == BROWSER_SESSION:
        raise ToolError(
            f"The session {name!r} is the browser's own.",
            hint="Use the browser's tools.",
            code="session_not_yours",
        )
    return name


async def run_in_session(
    context: ToolContext, sandbox: Sandbox, name: str, command: str, folder: str, seconds: float
) -> ToolOutput:
    """Run a command in a session, made if need be; report what it wrote within `seconds`.

    Without a name it is a session of its own, and gets one. When the call is cancelled the session ends: what
    was stopped has stopped.
    """
    sessions = sandbox.sessions
    name, is_new = await _opened(sandbox, name, folder)
    notice = await told(context, sandbox.take_notice()) if is_new else ""
    if not is_new and folder != ".":
        command = f"cd -- {shlex.quote(f'{WORKSPACE}/{folder}')}\n{command}"
    try:
        cursor = await sessions.run(name, command)
        return await report(context, sandbox, name, cursor, seconds, notice=notice)
    except asyncio.CancelledError:
        await whole(sessions.kill(name))
        raise


async def _opened(sandbox: Sandbox, name: str, folder: str) -> tuple[str, bool]:
    """Return the name of a session that is there, and whether it was made for this.

    A call beside this one may make the same session first; there are only so many.
    """
    while True:
        taken = {info.name for info in await sandbox.sessions.list() if info.alive}
        if name in taken:
            return name, False
        wanted = name or next(free for number in count(1) if (free := f"s{number}") not in taken)
        try:
            await sandbox.sessions.start(wanted, folder=folder, terminal=TerminalSize())
        except Conflict as conflict:
            if conflict.stable_code != "session_exists":
                raise
        else:
            return wanted, True


async def report(
    context: ToolContext, sandbox: Sandbox, name: str, cursor: int, seconds: float, *, notice: str = ""
) -> ToolOutput:
    """Follow a session from `cursor` until its command ends, at most `seconds`, and say how it stands."""
    live = LiveOutput(context)
    found = bytearray()
    missed = 0
    until = time.monotonic() + seconds
    while True:
        left = max(until - time.monotonic(), 0.0)
        output = await sandbox.sessions.poll(name, cursor=cursor, limit=_PIECE, wait=left)
        cursor = output.cursor
        missed += output.missed_bytes
        found += output.data
        await live.show("stdout", output.data)
        is_over = not output.info.busy or left <= 0
        if (is_over and not output.data) or len(found) >= KEPT_BYTES:
            break
    await live.end()
    written = await readable(context, sandbox, bytes(found), missed)
    return written.told(notice, state(output.info, cursor))


def state(info: SessionInfo, cursor: int) -> str:
    """Say how a session stands, and how to go on with it."""
    if info.busy:
        return (
            f"[still running in the session {info.name!r}; shell_output with after={cursor} shows more, "
            "shell_input types into it, shell_kill ends it]"
        )
    if not info.alive and info.exit_code is None:
        return (
            f"[the session {info.name!r} has ended with no exit code: it was killed, or its sandbox ended; "
            "shell starts another]"
        )
    ended = "" if info.alive else f"; the session {info.name!r} has ended"
    code = "no exit code" if info.exit_code is None else f"exit code {info.exit_code}"
    return f"[{code}{ended}]"
