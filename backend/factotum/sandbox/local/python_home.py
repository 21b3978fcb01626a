"""The agent's own Python: an interpreter and packages of the host, shown read-only inside the sandbox."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

PYTHON_HOME = "/opt/python"
PYTHON_SITE = "/opt/venv"


class PythonBroken(Exception):
    """The virtual environment cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class PythonHome:
    """An interpreter's prefix and version, and the packages to put beside it, if any.

    `base` is None when the interpreter lies in /usr, which the sandbox sees anyway.
    """

    base: Path | None
    executable: str
    version: str
    packages: Path | None
    shared_library: str | None = None


def find_python(site: Path | None) -> PythonHome | None:
    """Describe the Python of the virtual environment `site`; without one, the system's, else our own. Blocks.

    None means that /usr/bin/python3 is to be used as it is. Raises PythonBroken.
    """
    if site is None:
        if Path("/usr/bin/python3").exists():
            return None
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return _home(Path(sys.base_prefix), version, None)
    home, version = _read_config(site / "pyvenv.cfg")
    packages = site / "lib" / version / "site-packages"
    if not packages.is_dir():
        raise PythonBroken(f"{packages} does not exist")
    return _home(home.parent, version, packages)


def _read_config(file: Path) -> tuple[Path, str]:
    try:
        text = file.read_text()
    except OSError as error:
        raise PythonBroken(f"{file} cannot be read ({error.strerror})") from error
    home = re.search(r"^home\s*=\s*(.+?)\s*$", text, re.MULTILINE)
    version = re.search(r"^version(?:_info)?\s*=\s*(\d+)\.(\d+)", text, re.MULTILINE)
    if home is None or version is None:
        raise PythonBroken(f"{file} names no home or no version")
    return Path(home[1]), f"python{version[1]}.{version[2]}"


def _home(base: Path, version: str, packages: Path | None) -> PythonHome:
    real = base.resolve()
    program = real / "bin" / version
    if not program.exists():
        raise PythonBroken(f"{program} does not exist")
    if real.is_relative_to("/usr"):
        return PythonHome(None, str(program), version, packages)
    library = next(iter(sorted((real / "lib").glob(f"lib{version}*.so.*"))), None)
    return PythonHome(
        real, f"{PYTHON_HOME}/bin/{version}", version, packages, None if library is None else library.name
    )
