"""How a command's end is told to the shell: one number for each way that matters to a script."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of `factotum`; `HELP` explains them to people."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    STOPPED = 4
    NEEDS_INPUT = 5
    SIGN_IN = 6
    SETUP = 7
    REFUSED = 8
    LEFT = 130


HELP = """Exit codes: 0 done, 1 the run failed, 2 wrong usage or input, 3 the service cannot be reached,
4 the run was stopped, 5 the run waits for an answer, 6 signing in was refused, 7 something must be set up,
8 the service refused (not found, conflict, limit), 130 left with Ctrl-C while the run may go on."""
