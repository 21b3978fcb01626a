"""What callers may ask of commands, with any provider."""

from collections.abc import Mapping

from factotum.core.errors import InvalidInput, TooLarge
from factotum.sandbox.local.paths import check_variable

_COMMAND_LIMIT = 1_000_000
_ENVIRONMENT_LIMIT = 50_000


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
