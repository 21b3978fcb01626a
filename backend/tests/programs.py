"""Programs beside the service (`bench`, `chaos`), run by tests as a person would."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_BACKEND = Path(__file__).parents[1]


def unmeasured() -> dict[str, str]:
    """Return the environment for a process whose coverage is not measured: that doubles its start."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


def reported(module: str, arguments: Sequence[str | Path], report: Path) -> tuple[Any, str]:
    """Run `python -m module` to its end and return what it wrote into `report`, and what it printed.

    Coverage is not measured: processes that are killed have none to tell of.
    """
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments, "--json", report],
        cwd=_BACKEND,
        env={**unmeasured(), "PYTHONPATH": str(_BACKEND)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return json.loads(report.read_text()), done.stdout
