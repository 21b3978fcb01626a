"""Search over a sandbox's own commands: ripgrep where there is one, else grep. For providers that run some.

The looking is done inside, where it is bounded as every command is; what comes back is parsed as what a
stranger may have made up.
"""

import shlex
from collections.abc import Awaitable, Callable

from factotum.core.errors import InvalidInput, Unavailable
from factotum.sandbox.port import ExecResult, Match

TEXT_LIMIT = 500
_OUTPUT_LIMIT = 1_000_000
_FOUND, _NONE = 0, 1

Run = Callable[[str, float, int], Awaitable[ExecResult]]
"""Runs a command in the workspace, with a deadline in seconds and a bound of its output in bytes."""


def command(pattern: str, path: str, names: str, limit: int) -> str:
    """Return the shell text of a search; each found line is `path NUL line:text`."""
    place = "./" if path == "." else f"./{path}"
    told = {"pattern": pattern, "place": place, "names": names}
    quoted = {name: shlex.quote(value) for name, value in told.items()}
    ripgrep = (
        "rg --no-config --hidden --no-ignore --no-messages --color=never --sort=path -nH0"
        f" --max-columns={TEXT_LIMIT * 4}"
    )
    ripgrep += f" --glob={quoted['names']}" if names else ""
    grep = "grep -rnIHEZs --devices=skip" + (f" --include={quoted['names']}" if names else "")
    # `head` ends the search when enough is found: then the searcher dies of SIGPIPE, which is no failure.
    return (
        f"if command -v rg >/dev/null; then {ripgrep} -e {quoted['pattern']} -- {quoted['place']}; "
        f"else {grep} -e {quoted['pattern']} -- {quoted['place']}; fi"
        f" | cut -zb1-{TEXT_LIMIT * 4 + 5000} | head -n {limit}; exit ${{PIPESTATUS[0]}}"
    )


async def search(run: Run, pattern: str, path: str, names: str, limit: int, timeout: float) -> list[Match]:
    """Return what is found, by path and line. Raises InvalidInput, Unavailable (`search_timeout`)."""
    if not pattern or "\0" in pattern + names or "\n" in pattern:
        raise InvalidInput("A pattern is one line of text.", code="pattern_invalid")
    result = await run(command(pattern, path, names, limit), timeout, _OUTPUT_LIMIT)
    if result.timed_out:
        raise Unavailable(
            f"The search did not end within {timeout:g} s.",
            hint="Search in a folder, or in files of one kind.",
            code="search_timeout",
        )
    if result.exit_code not in (_FOUND, _NONE, 141) and not result.output.count(b"\0"):
        said = result.output.decode(errors="replace").strip().splitlines()
        raise InvalidInput(f"The pattern is not valid: {(said or ['?'])[-1][:200]}", code="pattern_invalid")
    return sorted(parse(result.output)[:limit], key=lambda match: (match.path, match.line))


def parse(output: bytes) -> list[Match]:
    """Read the lines of a search; what is no such line is left out."""
    found: list[Match] = []
    for line in output.split(b"\n"):
        path, nul, rest = line.partition(b"\0")
        number, colon, text = rest.partition(b":")
        if nul and colon and number.isdigit() and len(number) < 12:
            shown = text.decode(errors="replace").rstrip("\r")[:TEXT_LIMIT]
            found.append(Match(path.decode(errors="backslashreplace").removeprefix("./"), int(number), shown))
    return found
