"""Programs that run inside a sandbox, with its Python: parts of tools, handed over as text.

What they print is read as what a stranger may have written.
"""

import shlex
from pathlib import Path
from typing import Literal

Program = Literal["archives", "run", "shrink"]

_SOURCES = {file.stem: file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("[a-z]*.py")}


def command(program: Program, *arguments: str, isolated: bool = True) -> str:
    """Return the shell text that runs a program. `isolated`: nothing of the workspace is imported by it."""
    options = "-I -c" if isolated else "-c"
    return f"python3 {options} {shlex.quote(_SOURCES[program])} {shlex.join(arguments)}"
