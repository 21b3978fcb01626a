"""Sessions at Daytona: shells that the bridge inside keeps, whatever happens to connections."""

from collections.abc import Mapping

from factotum.core.errors import InvalidInput
from factotum.sandbox.daytona import answers
from factotum.sandbox.daytona.link import Link
from factotum.sandbox.local.paths import clean_path
from factotum.sandbox.port import CALL_SECONDS, SessionInfo, SessionOutput, TerminalSize
from factotum.sandbox.rules import check_command, check_session_name, check_terminal, session_environment

_SLACK_SECONDS = 30.0
_LONGEST_WAIT = 600.0
_MOST_TYPED = 2_000_000
_MOST_READ = 2_000_000


class DaytonaSessions:
    """Implements the port's Sessions."""

    def __init__(self, link: Link, environment: Mapping[str, str]) -> None:
        self._link = link
        self._environment = environment

    async def start(
        self,
        name: str,
        *,
        folder: str = ".",
        environment: Mapping[str, str] | None = None,
        terminal: TerminalSize | None = None,
    ) -> SessionInfo:
        """Start a shell."""
        check_session_name(name)
        check_terminal(terminal)
        given = session_environment(self._environment, environment, terminal)
        size = None if terminal is None else [terminal.rows, terminal.columns]
        head, _ = await self._link.ask(
            "shell.start",
            seconds=CALL_SECONDS,
            name=name,
            folder=clean_path(folder),
            environment=given,
            size=size,
        )
        return answers.read(answers.ShellAnswer, head).info.info()

    async def run(self, name: str, command: str) -> int:
        """Give the shell its next command."""
        check_command(command)
        head, _ = await self._link.ask("shell.run", command.encode(), seconds=CALL_SECONDS, name=name)
        return answers.read(answers.Cursor, head).cursor

    async def write(self, name: str, data: bytes, *, timeout: float = CALL_SECONDS) -> None:
        """Type into it."""
        if len(data) > _MOST_TYPED:
            raise InvalidInput(f"At most {_MOST_TYPED} bytes are typed at once.", hint="Write a file.")
        await self._link.ask("shell.write", data, seconds=timeout + _SLACK_SECONDS, name=name, within=timeout)

    async def poll(
        self, name: str, *, cursor: int = 0, limit: int = 100_000, wait: float = 0.0
    ) -> SessionOutput:
        """Return what it wrote after `cursor`."""
        if cursor < 0 or limit < 0 or wait < 0:
            raise InvalidInput("cursor, limit and wait cannot be negative.")
        waits = min(wait, _LONGEST_WAIT)
        head, data = await self._link.ask(
            "shell.poll",
            seconds=waits + _SLACK_SECONDS,
            again="same",
            name=name,
            cursor=cursor,
            limit=min(limit, _MOST_READ),
            wait=waits,
        )
        said = answers.read(answers.ShellPolled, head)
        return SessionOutput(data, said.cursor, said.missed, said.info.info())

    async def resize(self, name: str, size: TerminalSize) -> None:
        """Give its terminal another size."""
        check_terminal(size)
        await self._link.ask(
            "shell.resize",
            seconds=CALL_SECONDS,
            again="same",
            name=name,
            rows=size.rows,
            columns=size.columns,
        )

    async def kill(self, name: str) -> SessionInfo:
        """End a session and all that runs in it."""
        head, _ = await self._link.ask("shell.kill", seconds=CALL_SECONDS, again="same", name=name)
        return answers.read(answers.ShellAnswer, head).info.info()

    async def list(self) -> list[SessionInfo]:
        """Every session that can be polled, by name; a machine that is stopped has none."""
        if not await self._link.is_running():
            return []
        head, _ = await self._link.ask("shell.list", seconds=CALL_SECONDS, again="always")
        return [shell.info() for shell in answers.read(answers.ShellList, head).sessions]
