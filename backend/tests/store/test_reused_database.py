"""The databases of tests: what one test leaves in one, the next does not find."""

import psycopg
import pytest

from tests.fixtures_store import BOB_ACCOUNT
from tests.reused_database import emptied

_SEQUENCE = "queue.procrastinate_jobs_id_seq"


def _held(admin_url: str) -> tuple[object, ...]:
    with psycopg.connect(admin_url) as connection:
        accounts = connection.execute("select id::text, name from factotum.accounts order by id").fetchall()
        members = connection.execute("select count(*) from factotum.account_members").fetchone()
        revision = connection.execute("select version_num from factotum.alembic_version").fetchall()
        next_job = connection.execute("select nextval(%s)", (_SEQUENCE,)).fetchone()
    return accounts, members, revision, next_job


def test_what_was_put_in_or_taken_out_is_undone_and_nobody_is_connected(admin_database_url: str) -> None:
    before = _held(admin_database_url)
    with psycopg.connect(admin_database_url, autocommit=True) as left_open:
        left_open.execute("insert into factotum.accounts values (gen_random_uuid(), 'New', 'personal')")
        left_open.execute("update factotum.accounts set name = 'Changed' where id = %s", (BOB_ACCOUNT,))
        assert _held(admin_database_url) != before
        assert emptied(admin_database_url)
        assert _held(admin_database_url) == before
        with pytest.raises(psycopg.OperationalError):
            left_open.execute("select 1")


def test_one_whose_schema_was_changed_is_not_used_again(admin_database_url: str) -> None:
    with psycopg.connect(admin_database_url, autocommit=True) as connection:
        connection.execute("alter table factotum.runs disable trigger ended_runs_stay")
        connection.execute("alter table factotum.runs enable trigger ended_runs_stay")
    assert not emptied(admin_database_url)
