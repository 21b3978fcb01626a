"""What a sandbox sees and may do, as arguments for bwrap. Pure: it touches nothing.

Inside: the host's /usr read-only, an /etc of our own, /proc of its own processes, a handful of devices,
memory-backed /tmp, the project's /workspace and /home/agent. No /sys, no network but an empty one, no host
process, no privilege to gain. HOME is a folder of the project beside the workspace: caches and settings last,
and are not in the way of the person's files.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from factotum.sandbox.local.limits import Limits
from factotum.sandbox.local.python_home import PYTHON_HOME, PYTHON_SITE, PythonHome
from factotum.sandbox.local.system_files import SHOWN_FOLDERS
from factotum.sandbox.port import WORKSPACE

HOME = "/home/agent"
INSIDE = "/opt/factotum"
EGRESS_FOLDER = "/run/egress"
SUPERVISOR = f"import sys; sys.path.insert(0, {INSIDE!r}); from inside.supervisor import main; main()"
USER_ID = 1000

_ISOLATION = (
    *("--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"),
    "--as-pid-1",
    *("--cap-drop", "ALL", "--uid", str(USER_ID), "--gid", str(USER_ID), "--hostname", "sandbox"),
)


@dataclass(frozen=True, slots=True)
class HostView:
    """Where the things that the sandbox shows lie, as bwrap's own process sees them."""

    workspace: Path
    home: Path
    etc: Path
    inside: Path
    venv: Path | None = None
    python: PythonHome | None = None
    python_base: Path | None = None
    python_packages: Path | None = None
    top_links: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    """Folders of the host's root, `lib64` for one: the target if it is a link, None for a real folder."""
    etc_folders: tuple[str, ...] = SHOWN_FOLDERS
    egress: Path | None = None
    """The folder of the egress proxy's socket, if there is one."""


def arguments(
    view: HostView,
    limits: Limits,
    *,
    seccomp: int,
    status: int,
    gate: int,
) -> list[str]:
    """Return bwrap's options. The last three are descriptors that bwrap inherits: the filter, where it
    reports, and what it waits for."""
    options = [
        *_ISOLATION,
        "--seccomp",
        str(seccomp),
        "--json-status-fd",
        str(status),
        "--block-fd",
        str(gate),
    ]
    options += _system(view)
    options += _python(view)
    options += _own_places(view, limits)
    # The frame itself is memory too: nothing may be written to it.
    options += ["--remount-ro", "/dev", "--remount-ro", "/"]
    options += ["--chdir", WORKSPACE]
    for name, value in _environment(view).items():
        options += ["--setenv", name, value]
    return options


def ceilings(limits: Limits, *, processes: bool, memory: bool) -> dict[str, int]:
    """Return the resource limits that the supervisor gives itself and so all it starts, hard and soft.

    From inside, because root may not do it to another user's process where CAP_SYS_RESOURCE is missing, as it
    is in most containers. `processes` and `memory` say whether they are to be held here, for want of a
    control group.
    """
    values = {"RLIMIT_CORE": 0, "RLIMIT_NOFILE": limits.open_files}
    if processes:
        values["RLIMIT_NPROC"] = limits.processes
    if memory:
        # Not the address space (AS): runtimes such as V8 and Go reserve far more of it than they ever write
        # to.
        values["RLIMIT_DATA"] = limits.memory_bytes
    return values


def _system(view: HostView) -> list[str]:
    options = ["--ro-bind", "/usr", "/usr"]
    for name, target in view.top_links.items():
        options += (
            ["--ro-bind", f"/{name}", f"/{name}"] if target is None else ["--symlink", target, f"/{name}"]
        )
    options += ["--ro-bind", str(view.etc), "/etc"]
    for name in view.etc_folders:
        options += ["--ro-bind", f"/etc/{name}", f"/etc/{name}"]
    options += ["--ro-bind", str(view.inside), INSIDE]
    return [*options, "--proc", "/proc", "--dev", "/dev"]


def _python(view: HostView) -> list[str]:
    if view.venv is None or view.python is None:
        return []
    options: list[str] = []
    if view.python_base is not None:
        options += ["--ro-bind", str(view.python_base), PYTHON_HOME]
    options += ["--ro-bind", str(view.venv), PYTHON_SITE]
    if view.python_packages is not None:
        place = f"{PYTHON_SITE}/lib/{view.python.version}/site-packages"
        options += ["--ro-bind", str(view.python_packages), place]
    return options


def _own_places(view: HostView, limits: Limits) -> list[str]:
    size = str(limits.temporary_bytes)
    return [
        *("--perms", "1777", "--size", size, "--tmpfs", "/dev/shm"),
        *("--perms", "1777", "--size", size, "--tmpfs", "/tmp"),
        *("--dir", "/var", "--symlink", "/tmp", "/var/tmp", "--dir", "/run"),
        *(() if view.egress is None else ("--ro-bind", str(view.egress), EGRESS_FOLDER)),
        *("--bind", str(view.workspace), WORKSPACE, "--bind", str(view.home), HOME),
    ]


def _environment(view: HostView) -> dict[str, str]:
    path = [f"{HOME}/.local/bin", "/usr/local/bin", "/usr/bin", "/bin"]
    values = {
        "HOME": HOME,
        "USER": "agent",
        "LOGNAME": "agent",
        "SHELL": "/bin/bash",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": f"{HOME}/.cache/matplotlib",
    }
    if view.venv is not None:
        path.insert(0, f"{PYTHON_SITE}/bin")
        if view.python is not None and view.python.shared_library is not None:
            values["LD_LIBRARY_PATH"] = f"{PYTHON_SITE}/shared"
    return {"PATH": ":".join(path), **values}
