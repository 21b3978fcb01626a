"""The attack suite: which tests are which of the 50 attacks, and the table of how each ended.

A test says `@pytest.mark.attack(12, 13, control="…")`: the numbers, and what in it succeeds where it should,
so that a refusal of everything is no success. A number is blocked when all of its tests passed. `make attack`
runs them with `--attacks`, which prints the table and fails while a number is open. They are tests like all
others too, so that CI runs them every time.
"""

from dataclasses import dataclass, field
from typing import cast

import pytest

ATTACKS = dict(
    enumerate(
        (
            "../",
            "absolute path",
            "symlink out",
            "symlink swapped between check and use",
            "hard link",
            "/proc/self/root",
            "/proc/self/fd/N",
            "/proc/1/environ",
            "the service's environment or memory",
            "FIFO or device that hangs a reader",
            "NUL and Unicode in names",
            "tar/zip slip",
            "symlink inside an archive",
            "zip bomb",
            "sparse file",
            "disk fill",
            "inode fill",
            "traversal through a file's name",
            "planted hooks, profiles, .pth files",
            "nested user namespace",
            "mount, fsopen",
            "ptrace",
            "process_vm_readv",
            "keyctl",
            "io_uring",
            "bpf, perf",
            "userfaultfd",
            "TIOCSTI, TIOCLINUX",
            "setuid binary",
            "inherited descriptors",
            "/proc/sys, sysrq",
            "cgroup release_agent",
            "32-bit ABI round the filter",
            "fork bomb",
            "memory, tmpfs",
            "CPU spin",
            "output flood",
            "daemon that outlives its run",
            "169.254.169.254",
            "fdaa:: and internal names",
            "Redis and Postgres on localhost",
            "DNS tunnel",
            "DNS rebinding",
            "decimal, octal, IPv6-mapped addresses",
            "redirect to a private address",
            "CONNECT with NUL in the host",
            "abstract Unix sockets",
            "docker.sock",
            "exposing an internal port",
            "another tenant's workspace or preview",
        ),
        1,
    )
)
_PROPERTY = "attack"
_OUTCOMES = frozenset({"passed", "failed", "skipped"})


@dataclass(slots=True)
class Standing:
    """How an attack ended: its tests by outcome, and the controls that they name."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    controls: set[str] = field(default_factory=set[str])

    @property
    def word(self) -> str:
        """Say it in a word."""
        if self.failed:
            return "OPEN"
        if self.passed:
            return "blocked"
        return "skipped" if self.skipped else "no test"


class AttackSuite:
    """A pytest plugin that follows the marked tests, also when they run side by side."""

    def __init__(self, config: pytest.Config) -> None:
        self._shown = bool(config.getoption("--attacks"))
        self.standings = {number: Standing() for number in ATTACKS}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Read the marks. Raises UsageError for one without a known number or a control."""
        for item in items:
            for mark in item.iter_markers("attack"):
                control = mark.kwargs.get("control")
                if not control or not mark.args or not ATTACKS.keys() >= set(mark.args):
                    raise pytest.UsageError(f"{item.nodeid}: an attack needs its numbers and a control")
                item.user_properties.append((_PROPERTY, f"{','.join(map(str, mark.args))}|{control}"))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test: its call, or where it never came to that; one that is tried again counts then."""
        if (report.when != "call" and report.outcome == "passed") or report.outcome not in _OUTCOMES:
            return
        for name, value in report.user_properties:
            if name == _PROPERTY:
                numbers, _, control = cast("str", value).partition("|")
                for number in numbers.split(","):
                    standing = self.standings[int(number)]
                    setattr(standing, report.outcome, getattr(standing, report.outcome) + 1)
                    standing.controls.add(control)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table."""
        if not self._shown:
            return
        terminalreporter.section("attacks")
        for number, name in ATTACKS.items():
            standing = self.standings[number]
            controls = "; ".join(sorted(standing.controls))
            terminalreporter.write_line(f"{number:>2}  {standing.word:<8} {name:<40} {controls}")
        blocked = sum(standing.word == "blocked" for standing in self.standings.values())
        terminalreporter.write_line(f"{blocked} of {len(ATTACKS)} blocked")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail while an attack is open or untried."""
        all_blocked = all(standing.word == "blocked" for standing in self.standings.values())
        if self._shown and not all_blocked and not hasattr(session.config, "workerinput"):
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
