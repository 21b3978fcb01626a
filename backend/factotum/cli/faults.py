"""How a failure leaves the program: message, hint, stable code; a traceback only if asked for."""

import json
import sys
from collections.abc import Generator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

from factotum.cli.exit_codes import ExitCode
from factotum.core.errors import (
    FactotumError,
    InvalidInput,
    RateLimited,
    SetupFault,
    Unauthenticated,
    Unavailable,
)

if TYPE_CHECKING:
    from pydantic import ValidationError

    from factotum.settings import Settings


class Output(StrEnum):
    """For whom a command writes to stdout: a person, or a program."""

    TEXT = "text"
    JSON = "json"
    STREAM_JSON = "stream-json"


_CODES: tuple[tuple[type[FactotumError], ExitCode], ...] = (
    (InvalidInput, ExitCode.USAGE),
    (Unauthenticated, ExitCode.SIGN_IN),
    (SetupFault, ExitCode.SETUP),
    (RateLimited, ExitCode.REFUSED),
    (Unavailable, ExitCode.UNREACHABLE),
)


class Ended(SystemExit):
    """The command has said what there was to say; `code` is its exit code."""


def exit_code_of(fault: FactotumError) -> ExitCode:
    """Return the exit code for a failure of a command (not of a run, which has its own)."""
    return next((code for kind, code in _CODES if isinstance(fault, kind)), ExitCode.REFUSED)


def as_json(fault: FactotumError) -> dict[str, object]:
    """Return what a program is told of a failure."""
    return {
        "status": "error",
        "error": {"code": fault.stable_code, "message": fault.message, "hint": fault.hint},
        "exit_code": int(exit_code_of(fault)),
    }


def tell(fault: FactotumError) -> None:
    """Write a failure to stderr: message, hint, code."""
    lines = [f"Error: {fault.message}"]
    lines += [f"  {fault.hint}"] if fault.hint else []
    lines += [f"  ({fault.stable_code})"]
    sys.stderr.write("\n".join(lines) + "\n")


@contextmanager
def boundary(output: Output = Output.TEXT) -> Generator[None]:
    """End the program for a known failure, telling people on stderr and, in JSON mode, programs on stdout.

    With FACTOTUM_DEBUG=1 the traceback is shown.
    """
    try:
        yield
    except FactotumError as fault:
        if debugging():
            raise
        if output is Output.JSON:
            write_json(as_json(fault))
        tell(fault)
        raise Ended(int(exit_code_of(fault))) from None


def debugging() -> bool:
    """Tell whether tracebacks are wanted."""
    from factotum.settings import environment

    return environment().get("FACTOTUM_DEBUG", "") not in {"", "0"}


def write_json(value: object) -> None:
    """Write one line of JSON to stdout, in UTF-8 whatever the terminal has."""
    line = json.dumps(value, ensure_ascii=False) + "\n"
    sys.stdout.flush()
    sys.stdout.buffer.write(line.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def read_settings() -> "Settings":
    """Read the settings. Raises SetupFault (`settings_wrong`) with a line for each wrong variable."""
    from pydantic import ValidationError

    from factotum.settings import settings

    try:
        return settings()
    except ValidationError as error:
        raise SetupFault(
            "The settings are wrong:\n" + "\n".join(_wrong_variables(error)),
            hint="Mend them in the environment or in .env; .env.example explains each.",
            code="settings_wrong",
        ) from None


def _wrong_variables(error: "ValidationError") -> list[str]:
    """Name each wrong variable and what is wrong with it; never its value, which may be a secret."""
    found: list[str] = []
    for problem in error.errors(include_input=False, include_url=False, include_context=False):
        name = str(problem["loc"][0]) if problem["loc"] else "?"
        variable = name if name.isupper() else f"FACTOTUM_{name.upper()}"
        found.append(f"  {variable}: {problem['msg']}")
    return found
