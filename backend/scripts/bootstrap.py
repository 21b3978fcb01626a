"""Sets up what `make` needs: Poetry in a folder of its own, the packages of service and sandbox, the page.

Standard library only, and readable by any Python 3.7, so that an old one gets a plain message. Every step
leaves a stamp (a hash of what it was made from): a second run compares stamps and costs a blink. Package
index, certificates and time-outs are those that pip is set up with.

Usage: bootstrap.py [--dev] [--bench] [--fuzz]
  --dev    also what tests and checks need
  --bench  that, and what the bench compares us with, in .venv-bench
  --fuzz   that, and the fuzzer, in .venv-fuzz
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from page import PageMissing, build_page, page_is_current, say_what_is_missing
from steps import BACKEND, LOG, SCRIPTS, TOOLS, SetupStopped, digest, run, say, side_by_side

OLDEST = (3, 11)
NEWEST = (3, 14)
POETRY = (str(TOOLS / "poetry" / "bin" / "poetry"), "-C", str(BACKEND), "--no-interaction", "--no-ansi")
POETRY_PINS = SCRIPTS / "poetry-requirements.txt"

# Groups of packages that have an environment of their own, made when it is asked for.
EXTRAS = {"--bench": "bench", "--fuzz": "fuzz"}

# Asks pip itself, so that its files, its environment variables and its built-in default all count.
PIP_SETTINGS = """
import json
from pip._internal.commands import create_command
options, _ = create_command("install").parse_args([])
print(json.dumps({"index": options.index_url, "cert": options.cert, "timeout": options.timeout}))
"""


def main() -> int:
    """Bring everything up to date; return the exit code."""
    use_a_new_enough_python()
    wants_dev = bool({"--dev", *EXTRAS}.intersection(sys.argv))
    wants_lock = "--lock" in sys.argv
    stamps = wanted_stamps([group for option, group in EXTRAS.items() if option in sys.argv])
    if everything_done(stamps, wants_dev) and not wants_lock:
        return 0
    try:
        TOOLS.mkdir(exist_ok=True)
        with one_at_a_time():
            if wants_lock:
                lock(stamps)
            elif not everything_done(stamps, wants_dev):
                say("Setting up Factotum (once; what is there already is kept)")
                set_up(stamps, wants_dev)
    except SetupStopped as stopped:
        say(f"\nSetting up stopped. {stopped}")
        return 1
    except KeyboardInterrupt:
        say("\nInterrupted. Run it again: it goes on where it was.")
        return 130
    return 0


def lock(stamps: dict[Path, str]) -> None:
    """Write poetry.lock anew after a change of pyproject.toml; what need not change keeps its version."""
    LOG.write_text("", encoding="utf-8")
    environment = poetry_made(stamps)
    run("Locking", [*POETRY, "lock"], environment)


def poetry_made(stamps: dict[Path, str]) -> dict[str, str]:
    """Make Poetry's own environment if it is missing or old; return what Poetry needs to run."""
    folder = next(iter(stamps))
    if not is_done(folder, stamps[folder], False):
        make_poetry(folder)
        finish(folder, stamps[folder], False)
    return poetry_environment(folder)


def set_up(stamps: dict[Path, str], wants_dev: bool) -> None:
    """Make what differs from its stamp, the page beside Python's packages."""
    LOG.write_text("", encoding="utf-8")
    _, service, sandbox, *extras = stamps

    def packages() -> None:
        make_environments(service, sandbox, extras, stamps, wants_dev)

    def page() -> None:
        make_page(wants_dev)

    if environments_done(stamps, wants_dev):
        page()
    elif page_is_current(wants_dev):
        packages()
    else:
        side_by_side(packages, page)


def make_page(wants_dev: bool) -> None:
    """Build the page if it is not current. One that cannot be built stops nobody."""
    if not page_is_current(wants_dev):
        try:
            build_page()
        except PageMissing as reason:
            say_what_is_missing(reason)


def make_environments(
    service: Path, sandbox: Path, extras: list[Path], stamps: dict[Path, str], wants_dev: bool
) -> None:
    """Bring the service's and the sandbox's packages up to date, and those of `extras`."""
    environment = poetry_made(stamps)
    without = [] if wants_dev else ["--without", "dev"]
    if not is_done(service, stamps[service], wants_dev):
        make_environment(service)
        install("Installing the service's packages", service, environment, without)
        finish(service, stamps[service], wants_dev)
    if not is_done(sandbox, stamps[sandbox], False):
        make_environment(sandbox)
        options = ["--only", "sandbox", "--no-root"]
        install("Installing the packages of the agent's Python", sandbox, environment, options)
        finish(sandbox, stamps[sandbox], False)
    for folder in extras:
        if not is_done(folder, stamps[folder], False):
            group = folder.name.rpartition("-")[2]
            make_environment(folder)
            install(f"Installing what {group} needs", folder, environment, ["--only", group, "--no-root"])
            finish(folder, stamps[folder], False)


def make_poetry(folder: Path) -> None:
    """Make a virtual environment with the pinned Poetry in it."""
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise SetupStopped(
            "This Python cannot make virtual environments (no venv or ensurepip).\n"
            "  Debian, Ubuntu: apt-get install python3-venv   Fedora: dnf install python3-pip"
        )
    shutil.rmtree(folder, ignore_errors=True)
    run("Preparing an environment for Poetry", [sys.executable, "-m", "venv", str(folder)])
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    options = ["--require-hashes", "--only-binary", ":all:", "--no-deps", "-r", str(POETRY_PINS)]
    run("Installing Poetry", [*pip, "install", *options])


def make_environment(folder: Path) -> None:
    """Make a virtual environment, anew when it belongs to another Python."""
    python = folder / "bin" / "python"
    probe = "import platform; print(platform.python_version())"
    with contextlib.suppress(OSError):
        done = subprocess.run([str(python), "-c", probe], capture_output=True, text=True, check=False)
        if done.stdout.strip() == platform.python_version():
            return
    shutil.rmtree(folder, ignore_errors=True)
    run(f"Preparing {folder.name}", [sys.executable, "-m", "venv", "--without-pip", str(folder)])


def install(title: str, folder: Path, environment: dict[str, str], options: list[str]) -> None:
    """Install from the lock file into the environment `folder`."""
    # --compile: without byte code the first import of LiteLLM alone takes five seconds longer.
    run(title, [*POETRY, "install", "--compile", *options], {**environment, "VIRTUAL_ENV": str(folder)})


def poetry_environment(folder: Path) -> dict[str, str]:
    """Return the environment Poetry needs to use pip's index and certificates."""
    asked = subprocess.run(
        [str(folder / "bin" / "python"), "-c", PIP_SETTINGS], capture_output=True, text=True, check=False
    )
    if asked.returncode != 0:
        raise SetupStopped(f"pip does not tell its settings:\n{asked.stderr.strip()[-500:]}")
    settings = json.loads(asked.stdout.splitlines()[-1])
    outside = {"CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME"}
    environment = {name: value for name, value in os.environ.items() if name not in outside}
    environment["POETRY_PYPI_MIRROR_URL"] = settings["index"]
    environment["POETRY_REQUESTS_TIMEOUT"] = str(int(settings["timeout"] or 15))
    environment["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    if settings["cert"]:
        environment.setdefault("REQUESTS_CA_BUNDLE", settings["cert"])
        environment.setdefault("SSL_CERT_FILE", settings["cert"])
    return environment


def wanted_stamps(extras: list[str]) -> dict[Path, str]:
    """Return, for each environment, the hash of all it is made from. `extras` are groups of packages."""
    pins = POETRY_PINS.read_bytes()
    lock = (BACKEND / "poetry.lock").read_bytes()
    project = (BACKEND / "pyproject.toml").read_bytes()
    machine = f"{platform.python_version()} {platform.machine()} {sys.platform} {BACKEND}".encode()
    return {
        TOOLS / "poetry": digest(pins, machine),
        BACKEND / ".venv": digest(lock, project, machine),
        BACKEND / ".venv-sandbox": digest(lock, machine),
        **{BACKEND / f".venv-{group}": digest(lock, machine) for group in extras},
    }


def everything_done(stamps: dict[Path, str], wants_dev: bool) -> bool:
    """Tell whether there is nothing to set up."""
    return environments_done(stamps, wants_dev) and page_is_current(wants_dev)


def environments_done(stamps: dict[Path, str], wants_dev: bool) -> bool:
    """Tell whether all packages of Python are installed."""
    return all(
        is_done(folder, stamp, wants_dev and folder.name == ".venv") for folder, stamp in stamps.items()
    )


def is_done(folder: Path, stamp: str, wants_dev: bool) -> bool:
    """Tell whether `folder` was finished from the same sources, with the development packages if wanted."""
    with contextlib.suppress(OSError):
        found = (folder / ".stamp").read_text(encoding="ascii")
        return found in {stamp + " dev"} | (set() if wants_dev else {stamp})
    return False


def finish(folder: Path, stamp: str, with_dev: bool) -> None:
    """Leave the stamp: the very last thing, so that an interrupted step is done again."""
    (folder / ".stamp").write_text(stamp + (" dev" if with_dev else ""), encoding="ascii")


@contextlib.contextmanager
def one_at_a_time():
    """Hold the lock that keeps two runs from working on the same folders."""
    with (TOOLS / "lock").open("w", encoding="ascii") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another `make` is setting up; waiting for it ...")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def use_a_new_enough_python() -> None:
    """Start again with a newer Python when this one is too old, or say what to install."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            os.execv(found, [found, *sys.argv])
    have = platform.python_version()
    say(f"Factotum needs Python 3.{OLDEST[1]} to 3.{NEWEST[1]}; this is {have}, and no other was found.")
    say("  Debian 12, Ubuntu 24.04 and later: apt-get install python3 python3-venv")
    say("  Others: https://www.python.org/downloads/ (then run `make PYTHON=python3.13 ...`)")
    sys.exit(1)


if __name__ == "__main__":
    sys.exit(main())
