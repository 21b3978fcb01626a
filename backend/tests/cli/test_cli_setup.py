"""doctor, migrate and serve: what they find, what they say, on real parts."""

import io
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from factotum.cli.service import banner
from factotum.embedded.postgres import EmbeddedPostgres
from factotum.settings import Settings
from factotum.store.revision import head_revision
from tests.cli.cli_support import Api, a_slow_run, command, environment, serving


@pytest.fixture
def api() -> Iterator[Api]:
    with serving(Api(a_slow_run())) as api:
        yield api


def checks(text: str) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in json.loads(text)["checks"]}


def test_doctor_on_a_machine_that_can_work(api: Api, tmp_path: Path, valkey_url: str) -> None:
    done = command(api, tmp_path, "doctor", "-o", "json", REDIS_URL=valkey_url)
    found = checks(done.out)
    assert found["Python"]["verdict"] == found["Data folder"]["verdict"] == "ok"
    assert found["Redis"] == {"name": "Redis", "verdict": "ok", "said": "reached", "mend": ""}
    assert found["Service"]["verdict"] == "ok"
    assert "demo" in found["Models"]["said"]
    text = command(api, tmp_path, "doctor").out
    assert "✓ Python: 3." in text
    assert "! Models: only the demo, which is a script\n    Set ANTHROPIC_API_KEY" in text


def test_doctor_names_what_is_broken_and_ends_with_its_own_code(tmp_path: Path) -> None:
    done = command(
        None,
        tmp_path,
        "doctor",
        "-o",
        "json",
        DATABASE_URL="postgresql://someone:secret-word@127.0.0.1:9/db",
        REDIS_URL="redis://127.0.0.1:9/0",
        FACTOTUM_SANDBOX_PYTHON=str(tmp_path / "none"),
        FACTOTUM_MODEL="openai/gpt-4.1",
    )
    found = checks(done.out)
    assert done.code == 7
    assert {name for name, check in found.items() if check["verdict"] == "broken"} >= {
        "Database",
        "Models",
        "Agent's Python",
    }
    assert found["Redis"]["verdict"] == found["Service"]["verdict"] == "warning"
    assert all(check["mend"] for check in found.values() if check["verdict"] == "broken")
    assert "secret-word" not in done.out + done.err


def test_doctor_with_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = command(None, tmp_path, "doctor", FACTOTUM_DATA_FOLDER=str(tmp_path / "file"))
    assert done.code == 7
    assert "✗ Data folder:" in done.out
    assert "must be mended first" in done.out


def test_migrate_brings_a_database_up_to_date_and_finds_it_so(
    tmp_path: Path, postgres: EmbeddedPostgres
) -> None:
    addresses = {
        "DATABASE_URL": postgres.service_url(),
        "MIGRATION_DATABASE_URL": postgres.admin_url(),
    }
    first = command(None, tmp_path, "migrate", **addresses)
    assert first.code == 0, first.err
    assert head_revision() in first.out
    assert "It was up to date." in command(None, tmp_path, "migrate", **addresses).out
    database = checks(command(None, tmp_path, "doctor", "-o", "json", **addresses).out)["Database"]
    assert database["verdict"] == "ok"


def test_migrate_without_an_address_or_a_database(tmp_path: Path) -> None:
    nowhere = command(None, tmp_path, "migrate")
    assert (nowhere.code, "address_missing" in nowhere.err) == (7, True)
    down = command(None, tmp_path, "migrate", DATABASE_URL="postgresql://a:secret-word@127.0.0.1:9/x")
    assert down.code in {3, 7}
    assert "secret-word" not in down.err
    assert "Traceback" not in down.err


def test_a_worker_alone_needs_addresses(tmp_path: Path) -> None:
    done = command(None, tmp_path, "worker")
    assert (done.code, "address_missing" in done.err) == (7, True)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_serve_with_a_script_that_is_not_there(tmp_path: Path) -> None:
    assert command(None, tmp_path, "serve", "--script", "none.json").code == 2


def test_the_banner_says_where_to_go_and_what_to_set() -> None:
    console = Console(file=io.StringIO(), width=100, highlight=False)
    settings = Settings(data_folder=Path("/data"), env_mode="staging")
    for model in ("demo", "openai/gpt-4.1"):
        banner(console, settings, "http://127.0.0.1:8787/#code=once", model, 1.5)
    assert isinstance(console.file, io.StringIO)
    first, second = console.file.getvalue().split("Factotum is ready")[1:]
    assert "http://127.0.0.1:8787/#code=once" in first
    assert "ANTHROPIC_API_KEY" in first
    assert "ANTHROPIC_API_KEY" not in second
    assert "staging" in second


@pytest.mark.slow
def test_serve_prints_where_to_go_and_the_others_find_it(short_folder: Path) -> None:
    home = short_folder / "cli"
    home.mkdir()
    arguments = [sys.executable, "-m", "factotum.cli", "serve", "--port", "0"]
    env = environment(None, home) | {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONWARNINGS": ""}
    with (home / "said").open("w") as log:
        process = subprocess.Popen(arguments, stdout=log, stderr=log, cwd=home, env=env)
    try:
        deadline = time.monotonic() + 90
        while not (home / "server.json").exists() and time.monotonic() < deadline:
            assert process.poll() is None, (home / "said").read_text()
            time.sleep(0.1)
        while "Ctrl-C ends" not in (said := (home / "said").read_text()) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert "/#code=" in said
        assert "The demo model is a script" in said
        told = json.loads(
            command(None, home, "run", "Write primes.csv with the first 20 primes", "-o", "json").out
        )
        assert told["status"] == "finished"
        assert [d["path"] for d in told["deliverables"]] == ["primes.csv", "primes.png"]
        second = command(None, home, "serve", "--port", "0")
        assert (second.code, "data_folder_in_use" in second.err) == (7, True)
    finally:
        process.send_signal(signal.SIGINT)
        code = process.wait(150)
    assert code == 0, (home / "said").read_text()
    assert command(None, home, "threads").code == 3
