"""Control groups, version 1 or 2, whichever this machine lets us write: one for each project, below our own.

Below our own, so that whatever bounds the service bounds its sandboxes too.
"""

import contextlib
import errno
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from factotum.sandbox.local.limits import Limits

PREFIX = "factotum-"
CONTROLLERS = ("memory", "pids", "cpu")
_PERIOD_MICROSECONDS = 100_000
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """A folder in which groups may be made, and the controllers that are in force there."""

    folder: Path
    controllers: frozenset[str]
    version: int

    def settings(self, limits: Limits) -> dict[str, int | str]:
        """Return what is written into a new group's files."""
        quota = None if limits.cpus is None else max(1000, round(limits.cpus * _PERIOD_MICROSECONDS))
        values: dict[str, int | str] = {}
        if "memory" in self.controllers:
            values |= (
                {"memory.max": limits.memory_bytes, "memory.swap.max": 0}
                if self.version == 2
                else {
                    "memory.limit_in_bytes": limits.memory_bytes,
                    "memory.memsw.limit_in_bytes": limits.memory_bytes,
                }
            )
        if "pids" in self.controllers:
            values["pids.max"] = limits.processes
        if "cpu" in self.controllers and quota is not None:
            values |= (
                {"cpu.max": f"{quota} {_PERIOD_MICROSECONDS}"}
                if self.version == 2
                else {"cpu.cfs_period_us": _PERIOD_MICROSECONDS, "cpu.cfs_quota_us": quota}
            )
        return values


@dataclass(frozen=True, slots=True)
class Cgroups:
    """The groups of this machine that we may use; none is a lawful answer."""

    hierarchies: tuple[Hierarchy, ...]

    @property
    def controllers(self) -> frozenset[str]:
        """The controllers in force, of `memory`, `pids` and `cpu`."""
        return frozenset[str]().union(*(each.controllers for each in self.hierarchies))

    def enter(self, name: str, limits: Limits, processes: Iterable[int]) -> None:
        """Move processes into the group `name`, made if it is not there. Blocks. Raises OSError."""
        held = tuple(processes)
        for hierarchy in self.hierarchies:
            _enter(hierarchy, name, limits, held)

    def memory_kills(self, name: str) -> int:
        """Return how many processes of the group were ended because its memory was full. Blocks."""
        for hierarchy in self.hierarchies:
            if "memory" in hierarchy.controllers:
                file = "memory.events" if hierarchy.version == 2 else "memory.oom_control"
                with contextlib.suppress(OSError):  # there is no such group now
                    told = dict(map(str.split, (hierarchy.folder / name / file).read_text().splitlines()))
                    return int(told.get("oom_kill", 0))
        return 0

    def sweep(self) -> None:
        """Remove the empty groups that killed services left. Blocks; harmless to those that are in use."""
        for hierarchy in self.hierarchies:
            for group in hierarchy.folder.glob(f"{PREFIX}*"):
                with contextlib.suppress(OSError):
                    group.rmdir()

    def leave(self, name: str) -> None:
        """Remove the group `name` if nothing runs in it any more. Blocks for a few milliseconds at most."""
        for hierarchy in self.hierarchies:
            for wait in (0.0, 0.001, 0.004, 0.016):
                time.sleep(wait)
                try:
                    (hierarchy.folder / name).rmdir()
                except FileNotFoundError:
                    break
                except OSError:
                    continue  # busy: its last process is on its way out, or another command is in it
                break


def _enter(hierarchy: Hierarchy, name: str, limits: Limits, processes: tuple[int, ...]) -> None:
    group = hierarchy.folder / name
    for attempt in range(_TRIES):
        try:
            group.mkdir(exist_ok=True)
            for file, value in hierarchy.settings(limits).items():
                _set(group / file, value)
            for process in processes:
                (group / "cgroup.procs").write_text(str(process))
        except OSError as error:
            # Another command of the project may have ended just now and taken the group with it.
            gone = error.errno in (errno.ENOENT, errno.ENODEV)
            if not gone or attempt == _TRIES - 1:
                raise
        else:
            return


def _set(file: Path, value: int | str) -> None:
    optional = file.name in ("memory.memsw.limit_in_bytes", "memory.swap.max")
    with contextlib.ExitStack() as stack:
        if optional:  # there only where swap is accounted for
            stack.enter_context(contextlib.suppress(OSError))
            if not file.exists():
                return
        file.write_text(str(value))


def find_cgroups(
    mounts: Path = Path("/proc/self/mountinfo"), own: Path = Path("/proc/self/cgroup")
) -> Cgroups:
    """Look where we may make groups. Blocks; makes and removes an empty group to see."""
    try:
        groups = [line.split(":", 2) for line in own.read_text().splitlines()]
        lines = mounts.read_text().splitlines()
    except OSError:
        return Cgroups(())
    found: list[Hierarchy] = []
    left: set[str] = set(CONTROLLERS)
    for line in lines:
        left_half, _, right_half = line.partition(" - ")
        kind, _, options = right_half.split(" ", 2)
        if kind not in ("cgroup", "cgroup2"):
            continue
        root, mount = left_half.split(" ")[3:5]
        hierarchy = _usable(kind, options, Path(mount), root, groups, left)
        if hierarchy is not None:
            found.append(hierarchy)
            left -= hierarchy.controllers
    return Cgroups(tuple(found))


def _usable(
    kind: str, options: str, mount: Path, root: str, groups: list[list[str]], wanted: set[str]
) -> Hierarchy | None:
    if kind == "cgroup2":
        names, version = {""}, 2
    else:
        names, version = set(options.split(",")) & wanted, 1
    if not names:
        return None
    ours = next((path for _, held, path in groups if set(held.split(",")) & names), None)
    if ours is None:
        return None
    folder = mount / os.path.relpath(ours, root)
    controllers = frozenset(names) if version == 1 else _delegated(folder) & wanted
    if not controllers or not _may_make_groups(folder):
        return None
    return Hierarchy(folder, frozenset(controllers), version)


def _delegated(folder: Path) -> frozenset[str]:
    """Return the version 2 controllers that children of `folder` get, after asking for ours.

    The kernel refuses (EBUSY) where the folder holds processes, which ours does unless it is the root: then
    only what was granted before counts.
    """
    control = folder / "cgroup.subtree_control"
    for name in CONTROLLERS:
        with contextlib.suppress(OSError):
            control.write_text(f"+{name}")
    try:
        return frozenset(control.read_text().split())
    except OSError:
        return frozenset()


def _may_make_groups(folder: Path) -> bool:
    trial = folder / f"{PREFIX}trial-{os.getpid()}"
    try:
        trial.mkdir()
        (trial / "cgroup.procs").read_text()
    except OSError:
        return False
    finally:
        with contextlib.suppress(OSError):
            trial.rmdir()
    return True
