"""The embedded Postgres starts anywhere, keeps its rows whatever dies, and says what is wrong."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from factotum.core.errors import SetupFault
from factotum.embedded.data_folder import DataFolder
from factotum.embedded.postgres import EmbeddedPostgres
from tests.embedded.processes import kill, restarted


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedPostgres]:
    """Yield a running Postgres in a new folder."""
    with DataFolder(folder) as data:
        server = EmbeddedPostgres(data)
        server.start()
        yield server
        server.stop()


def write(server: EmbeddedPostgres, value: int) -> None:
    with psycopg.connect(server.admin_url()) as connection:
        connection.execute("create table if not exists kept (value int)")
        connection.execute("insert into kept values (%s)", [value])


def read(server: EmbeddedPostgres) -> list[int]:
    with psycopg.connect(server.admin_url()) as connection:
        return [int(row[0]) for row in connection.execute("select value from kept order by value")]


def test_it_has_pgvector_checksums_and_no_port(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.admin_url()) as connection:
        connection.execute("create extension vector")
        row = connection.execute("select '[1,2,3]'::vector <-> '[1,2,4]'").fetchone()
        assert row == (1.0,)
        assert connection.execute("show listen_addresses").fetchone() == ("",)
        assert connection.execute("show fsync").fetchone() == ("on",)


def test_only_the_owner_can_open_what_is_private(server: EmbeddedPostgres, folder: Path) -> None:
    for name in ("lock", "password-postgres", "password-factotum_app", "logs/postgres.log"):
        assert (folder / name).stat().st_mode & 0o077 == 0, name
    for name in ("postgres", "postgres/data", "postgres/socket", "logs"):
        assert (folder / name).stat().st_mode & 0o077 == 0, name
    password = (folder / "password-postgres").read_text()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.admin_url().replace(password, "wrong"))


def test_a_restart_keeps_the_rows(folder: Path) -> None:
    with DataFolder(folder) as data:
        for value in (1, 2):
            server = EmbeddedPostgres(data)
            server.start()
            write(server, value)
            server.stop()
            assert server.pid is None
        server.start()
        assert read(server) == [1, 2]
        server.stop()


def test_a_killed_server_comes_back_with_its_rows(server: EmbeddedPostgres) -> None:
    write(server, 7)
    killed = server.pid
    kill(killed)
    assert restarted(server)
    assert server.pid != killed
    assert read(server) == [7]
    assert server.restarts == 1


def test_an_interrupted_initdb_is_done_again(folder: Path) -> None:
    (folder / "postgres/data.unfinished/base").mkdir(parents=True)
    with DataFolder(folder) as data:
        server = EmbeddedPostgres(data)
        server.start()
        write(server, 1)
        server.stop()
    assert not (folder / "postgres/data.unfinished").exists()


def test_a_deep_folder_puts_the_socket_elsewhere(folder: Path) -> None:
    deep = folder.parent / ("x" * 60) / ("y" * 60)
    with DataFolder(deep) as data:
        server = EmbeddedPostgres(data)
        if os.geteuid() == 0:
            deep.parent.chmod(0o711)
        server.start()
        write(server, 1)
        assert str(deep) not in server.admin_url()
        server.stop()


def damage(folder: Path, kind: str) -> None:
    """Break what is in `folder` the way `kind` says."""
    data = folder / "postgres/data"
    match kind:
        case "older":
            (data / "PG_VERSION").write_text("16\n")
        case "not whole":
            (data / "PG_VERSION").unlink()
        case "overwritten":
            (data / "global/pg_control").write_bytes(b"\0" * 8192)
        case "no password":
            (folder / "password-postgres").unlink()
        case _:
            (folder / "password-postgres").write_text("")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("older", "Postgres 16"),
        ("not whole", "not a whole"),
        ("overwritten", "Its last words"),
        ("no password", "password-postgres"),
        ("empty password", "cut short"),
    ],
)
def test_a_broken_folder_is_refused_and_left_alone(folder: Path, kind: str, said: str) -> None:
    data = DataFolder(folder)
    with data:
        server = EmbeddedPostgres(data)
        server.start()
        server.stop()
    damage(folder, kind)
    before = sorted(str(path) for path in (folder / "postgres/data").rglob("*"))
    with data, pytest.raises(SetupFault, match=said) as caught:
        EmbeddedPostgres(data).start()
    assert caught.value.stable_code == "data_folder_broken"
    assert "mv " in caught.value.hint
    assert sorted(str(path) for path in (folder / "postgres/data").rglob("*")) == before


def test_a_wrong_setting_shows_the_last_words(folder: Path) -> None:
    with DataFolder(folder) as data:
        server = EmbeddedPostgres(data, configuration={"no_such_setting": "1"})
        with pytest.raises(SetupFault, match="no_such_setting") as caught:
            server.start()
        assert caught.value.stable_code == "postgres_failed"
        assert "postgres.log" in caught.value.hint


def test_it_reports_what_takes_time(folder: Path) -> None:
    steps: list[str] = []
    with DataFolder(folder) as data:
        server = EmbeddedPostgres(data, report=steps.append)
        server.start()
        server.stop()
    assert steps == ["Making the database (once)", "Starting Postgres"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes users: run this as root")
def test_as_root_it_runs_as_somebody_else(server: EmbeddedPostgres, folder: Path) -> None:
    assert Path(f"/proc/{server.pid}").stat().st_uid != 0
    assert (folder / "postgres/data").stat().st_uid == Path(f"/proc/{server.pid}").stat().st_uid
