"""`factotum versions`: listed, taken, put back and deleted, by a thread's id."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.cli_support import SNAPSHOTS, THREAD_ID, Api, a_whole_run, at_terminal, command, serving


@pytest.fixture
def api() -> Iterator[Api]:
    with serving(Api(a_whole_run())) as api:
        yield api


def test_versions_are_taken_listed_put_back_and_deleted(api: Api, tmp_path: Path) -> None:
    def versions(*words: str) -> str:
        done = command(api, tmp_path, "versions", *words)
        assert (done.code, done.err) == (0, "")
        return done.out

    assert versions("list", THREAD_ID) == "There are no versions yet.\n"
    assert versions("take", THREAD_ID, "--note", "good") == "Kept as v1.\n"
    shown = versions("list", THREAD_ID)
    assert shown.startswith("v1\t20")
    assert shown.endswith("\t1.5 kB\tgood\n")
    assert json.loads(versions("list", THREAD_ID, "-o", "json"))["items"][0]["id"] == "v1"
    assert "as they were then" in versions("restore", THREAD_ID, "v1")
    assert ("POST", f"{SNAPSHOTS}/v1/restore") in api.asked
    assert json.loads(versions("restore", THREAD_ID, "v1", "-o", "json")) == {"restored": "v1"}
    assert versions("delete", THREAD_ID, "v1") == "v1 is deleted.\n"
    assert api.asked[-1] == ("DELETE", f"{SNAPSHOTS}/v1")


def test_at_a_terminal_they_are_a_table_and_none_are_told_of(api: Api, tmp_path: Path) -> None:
    command(api, tmp_path, "versions", "take", THREAD_ID)
    code, shown = at_terminal(api, tmp_path, "versions", "list", THREAD_ID, typed=[])
    assert code == 0
    assert "Version" in shown
    assert "asked for" in shown
    api.versions = None
    assert "keep no versions" in command(api, tmp_path, "versions", "list", THREAD_ID).out


def test_a_thread_or_version_that_is_not_there(api: Api, tmp_path: Path) -> None:
    for words in (("list", "x"), ("restore", THREAD_ID, "v2"), ("restore", THREAD_ID)):
        assert command(api, tmp_path, "versions", *words).code != 0
