"""A whole service on a data folder: killed, run twice, run by an ordinary user."""

import os
import pwd
import signal
from pathlib import Path

import psycopg
import pytest

from factotum.core.errors import SetupFault
from factotum.embedded.stack import EmbeddedStack
from tests.embedded.processes import StartService, client, gone


def test_a_killed_service_leaves_no_orphan_and_loses_nothing(start_service: StartService) -> None:
    service = start_service()
    with psycopg.connect(service.facts["database_url"]) as connection:
        connection.execute("create table kept as select 42 as value")
    with client(service.facts["redis_url"]) as valkey:
        valkey.set("kept", "yes")
    service.end(signal.SIGKILL)
    assert gone(service.facts["postgres"])
    assert gone(service.facts["valkey"])

    again = start_service()
    with psycopg.connect(again.facts["database_url"]) as connection:
        assert connection.execute("select value from kept").fetchone() == (42,)
    with client(again.facts["redis_url"]) as valkey:
        assert valkey.get("kept") == "yes"


def test_a_start_straight_after_a_kill_waits_for_the_old_servers(start_service: StartService) -> None:
    for _ in range(3):
        service = start_service()
        assert "fault" not in service.facts
        service.end(signal.SIGKILL)
    service = start_service()
    with psycopg.connect(service.facts["database_url"]) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_orphans_that_hang_are_ended_by_the_next_start(start_service: StartService) -> None:
    """A stopped server does not see that its service died: the next start must not run beside it."""
    service = start_service()
    old = [int(service.facts[name]) for name in ("postgres", "valkey")]
    for pid in old:
        os.kill(pid, signal.SIGSTOP)
    service.end(signal.SIGKILL)
    again = start_service()
    assert "fault" not in again.facts
    assert all(gone(pid, 0.5) for pid in old)
    with psycopg.connect(again.facts["database_url"]) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_the_end_of_a_service_ends_its_servers(start_service: StartService) -> None:
    service = start_service()
    service.end()
    assert gone(service.facts["postgres"], 0.5)
    assert gone(service.facts["valkey"], 0.5)


def test_a_second_service_on_the_folder_is_refused(start_service: StartService) -> None:
    first = start_service()
    second = start_service()
    assert second.facts["fault"] == "data_folder_in_use"
    assert str(first.process.pid) in second.facts["message"]
    with psycopg.connect(first.facts["database_url"]) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


async def test_a_part_that_was_not_asked_for_is_not_started(folder: Path) -> None:
    async with EmbeddedStack(folder, need_postgres=False) as stack:
        assert stack.database_url is None
        assert stack.admin_database_url is None
        assert stack.redis_url is not None
    assert not (folder / "postgres").exists()


async def test_when_one_part_fails_the_other_is_ended(folder: Path) -> None:
    async with EmbeddedStack(folder):
        pass
    (folder / "postgres/data/PG_VERSION").write_text("9\n")
    stack = EmbeddedStack(folder)
    with pytest.raises(SetupFault, match="Postgres 9"):
        await stack.__aenter__()
    assert stack.valkey is not None
    assert stack.valkey.pid is None
    (folder / "postgres/data/PG_VERSION").write_text("18\n")
    async with EmbeddedStack(folder) as stack:
        assert stack.local_token == (folder / "token").read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="the others ran as an ordinary user: run this as root")
def test_an_ordinary_user_can_run_it(folder: Path, start_service: StartService) -> None:
    nobody = pwd.getpwnam("nobody").pw_uid
    folder.mkdir()
    os.chown(folder, nobody, nobody)
    service = start_service(user=nobody)
    assert Path(f"/proc/{service.facts['postgres']}").stat().st_uid == nobody
    with client(service.facts["redis_url"]) as valkey:
        assert valkey.ping()
    service.end()
