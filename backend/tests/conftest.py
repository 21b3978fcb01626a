"""What every test may use: real Postgres and Valkey, one of each a test process, and rules for all tests."""

import os
import shutil
import ssl
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

import certifi
import pytest
from blockbuster import blockbuster_ctx
from hypothesis import HealthCheck, settings

from factotum.embedded.data_folder import DataFolder
from factotum.embedded.postgres import EmbeddedPostgres
from factotum.embedded.valkey import EmbeddedValkey
from tests.attack_suite import AttackSuite

pytest_plugins = ["tests.fixtures_store"]

# How long an example takes says what else the machine does.
settings.register_profile("factotum", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("factotum")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what makes the suite longer than it usually is."""
    parser.addoption("--attacks", action="store_true", help="print how each of the 50 attacks ended")
    parser.addoption("--every-death", action="store_true", help="let runs die everywhere, in every dialect")


def pytest_configure(config: pytest.Config) -> None:
    """Follow the tests of the attack suite."""
    config.pluginmanager.register(AttackSuite(config), "attack-suite")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the tests that wait for minutes over the first half, so that none is left alone at the end."""
    long = [item for item in items if "e2e" in item.path.parts or item.get_closest_marker("slow")]
    waits = set(long)
    order = [item for item in items if item not in waits]
    stride = len(order) // (2 * len(long) + 1)
    for number, item in enumerate(long):
        order.insert(number * (stride + 1), item)
    items[:] = order


@pytest.fixture(autouse=True)
def _no_blocking_calls() -> Iterator[None]:
    """Raise when our code blocks the event loop (files, sleeps, sockets, locks)."""
    with blockbuster_ctx("factotum") as guard:
        for function in guard.functions.values():
            # LiteLLM looks at files when it makes a client.
            function.can_block_in("factotum/llm/litellm_call.py", {"_guarded"})
            function.can_block_in("factotum/llm/litellm_import.py", {"_rehearse"})
            # Measuring coverage takes a lock when another thread runs.
            function.can_block_in("coverage/collector.py", {"lock_data"})
        yield


@pytest.fixture(scope="session", autouse=True)
def _certificates_are_read_once() -> Iterator[None]:
    """Give every HTTP client the same authorities' certificates: to read them takes 40 ms, each time."""
    read = ssl.create_default_context
    usual = {certifi.where(), os.environ.get("SSL_CERT_FILE", "")} - {""}

    @cache
    def once(file: str) -> ssl.SSLContext:
        return read(cafile=file)

    def create(*arguments: Any, **named: Any) -> ssl.SSLContext:
        if not arguments and named.keys() == {"cafile"} and named["cafile"] in usual:
            return once(named["cafile"])
        return read(*arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", create)
        yield


@pytest.fixture(scope="session")
def short_folder() -> Iterator[Path]:
    """Yield a folder whose path leaves room for sockets and which other accounts can pass through."""
    folder = Path(tempfile.mkdtemp(prefix="ft-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(short_folder: Path) -> Iterator[EmbeddedPostgres]:
    """Yield a running Postgres, shared by the tests of this process: make a database of your own in it."""
    fast = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "scram_iterations": "1"}
    with DataFolder(short_folder / "pg") as folder:
        server = EmbeddedPostgres(folder, configuration=fast)
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def valkey(short_folder: Path) -> Iterator[EmbeddedValkey]:
    """Yield a running Valkey, shared by the tests of this process: use keys of your own."""
    with DataFolder(short_folder / "vk") as folder:
        server = EmbeddedValkey(folder)
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def valkey_url(valkey: EmbeddedValkey) -> str:
    """Return the address of the shared Valkey."""
    return valkey.url


def _skips(config: pytest.Config) -> dict[tuple[str, str], int]:
    """Return how many tests were skipped, by suite and reason."""
    counts: dict[tuple[str, str], int] = {}
    reporter: pytest.TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
    skipped = cast("list[pytest.TestReport]", reporter.stats.get("skipped", [])) if reporter else []
    for report in skipped:
        detail = report.longrepr
        reason = detail[2] if isinstance(detail, tuple) else str(detail)
        key = (report.nodeid.split("::")[0], reason.removeprefix("Skipped: "))
        counts[key] = counts.get(key, 0) + 1
    return counts


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where everything must be present (CI=true), a skip is a failure."""
    in_ci = os.environ.get("CI", "").lower() in {"1", "true"}
    if in_ci and session.exitstatus == 0 and _skips(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name each suite that was skipped; the reason says how to get what is missing."""
    skips = _skips(terminalreporter.config)
    if not skips:
        return
    terminalreporter.section("skipped suites", yellow=True)
    for (suite, reason), count in sorted(skips.items()):
        terminalreporter.write_line(f"{suite}: {count} skipped: {reason}")
