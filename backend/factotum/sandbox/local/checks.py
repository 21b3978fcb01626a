"""What callers may ask of commands, and what they are told when a sandbox fails."""

import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from factotum.core.errors import InvalidInput, TooLarge, Unavailable
from factotum.sandbox.local.engine import explain_loss
from factotum.sandbox.local.follow import Lost
from factotum.sandbox.local.launch import LaunchFailed
from factotum.sandbox.local.paths import check_variable
from factotum.sandbox.local.project import Project

_log = logging.getLogger(__name__)

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


@asynccontextmanager
async def explained(project: Project) -> AsyncGenerator[None]:
    """Turn failures to start, and losses, into our errors."""
    try:
        yield
    except Lost as error:
        raise explain_loss(error) from error
    except LaunchFailed as error:
        _log.error("sandbox did not start", extra={"project_id": project.id, "said": str(error)})
        raise Unavailable(
            "The sandbox did not start.", hint="Try again; `factotum doctor` tells what is wrong."
        ) from error
