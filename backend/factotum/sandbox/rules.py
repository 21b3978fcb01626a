"""What callers may ask of commands and sessions, with any provider."""

import re
from collections.abc import Mapping

from factotum.core.errors import InvalidInput, TooLarge
from factotum.sandbox.local.paths import check_variable
from factotum.sandbox.port import TerminalSize

_COMMAND_LIMIT = 1_000_000
_ENVIRONMENT_LIMIT = 50_000
_SESSION_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
_LARGEST_SIDE = 1000
_NO_PAGERS = {"PAGER": "cat", "GIT_PAGER": "cat"}
_TERMINAL = {"TERM": "xterm-256color"}


def check_command(command: str) -> None:
    """Raise InvalidInput (`command_invalid`) or TooLarge for what can be no command."""
    if "\0" in command:
        raise InvalidInput("A command cannot hold a NUL character.", code="command_invalid")
    try:
        size = len(command.encode())
    except UnicodeEncodeError:
        raise InvalidInput("The command is not valid Unicode text.", code="command_invalid") from None
    if size > _COMMAND_LIMIT:
        raise TooLarge(
            f"The command is longer than {_COMMAND_LIMIT} bytes.", hint="Write it to a file and run that."
        )


def check_environment(environment: Mapping[str, str] | None) -> dict[str, str]:
    """Return the variables if a command may be given them. Raises InvalidInput (`environment_invalid`)."""
    given = dict(environment or {})
    size = 0
    for name, value in given.items():
        check_variable(name, value)
        try:
            size += len(f"{name}={value}".encode())
        except UnicodeEncodeError:
            raise InvalidInput(f"{name} is not valid Unicode text.", code="environment_invalid") from None
    if size > _ENVIRONMENT_LIMIT:
        raise InvalidInput(
            f"The variables are longer than {_ENVIRONMENT_LIMIT} bytes in all.",
            hint="Write them to a file.",
            code="environment_invalid",
        )
    return given


def check_session_name(name: str) -> None:
    """Raise InvalidInput (`session_name_invalid`) for what can be no session's name."""
    if not _SESSION_NAME.fullmatch(name):
        raise InvalidInput(
            "A session's name is made of up to 64 letters, digits, dots, - and _.",
            code="session_name_invalid",
        )


def check_terminal(size: TerminalSize | None) -> None:
    """Raise InvalidInput (`terminal_invalid`) for a size that no terminal has."""
    if size is not None and not (0 < size.rows <= _LARGEST_SIDE and 0 < size.columns <= _LARGEST_SIDE):
        raise InvalidInput(f"A terminal has 1 to {_LARGEST_SIDE} rows and columns.", code="terminal_invalid")


def session_environment(
    own: Mapping[str, str], given: Mapping[str, str] | None, terminal: TerminalSize | None
) -> dict[str, str]:
    """Return a session's variables: those of every one, the sandbox's `own`, and what was given for this.

    Raises InvalidInput (`environment_invalid`).
    """
    return {**_NO_PAGERS, **({} if terminal is None else _TERMINAL), **own, **check_environment(given)}
