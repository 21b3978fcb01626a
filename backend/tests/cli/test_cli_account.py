"""The commands of the account: keys and usage."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from factotum.cli.account import span
from factotum.core.errors import InvalidInput
from tests.cli.cli_support import KEY, RUN_ID, USED, Api, a_whole_run, command, serving


@pytest.fixture
def api() -> Iterator[Api]:
    with serving(Api(a_whole_run())) as api:
        yield api


def test_a_new_key_is_all_that_stdout_has(api: Api, tmp_path: Path) -> None:
    done = command(api, tmp_path, "keys", "create", "Robot", "--read-only", "--expires-in", "90d")
    assert (done.code, done.out) == (0, KEY + "\n")
    [body] = api.bodies
    assert (body["name"], body["scope"]) == ("Robot", "read")
    left = datetime.fromisoformat(body["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=89, hours=23) < left <= timedelta(days=90)
    told = command(api, tmp_path, "keys", "create", "Robot", "-o", "json")
    assert json.loads(told.out)["key"] == KEY
    assert api.bodies[1] == {"name": "Robot", "scope": "write"}


def test_keys_are_listed_and_revoked(api: Api, tmp_path: Path) -> None:
    listed = command(api, tmp_path, "keys", "list")
    assert (listed.code, listed.out.split("\t")[:4]) == (0, [RUN_ID, "Robot", KEY[:12] + "…", "read"])
    assert json.loads(command(api, tmp_path, "keys", "list", "-o", "json").out)["items"][0]["name"] == "Robot"
    done = command(api, tmp_path, "keys", "revoke", "a/b")
    assert (done.code, api.asked[-1]) == (0, ("DELETE", "/v1/keys/a%2Fb"))
    assert json.loads(command(api, tmp_path, "keys", "revoke", "x", "-o", "json").out) == {"revoked": "x"}


def test_usage_is_a_table_with_its_sum(api: Api, tmp_path: Path) -> None:
    done = command(api, tmp_path, "usage", "--days", "7", "--by", "model")
    figures = "2\t5\t12,345\t600\t100\t$0.2500"
    assert (done.code, done.out) == (0, f"m\t{figures}\nTotal\t{figures}\n")
    told = json.loads(command(api, tmp_path, "usage", "--by", "agent", "-o", "json").out)
    assert told["total"] == USED
    days = datetime.fromisoformat(told["to"]) - datetime.fromisoformat(told["from"])
    assert (days.days, told["by"]) == (29, "agent")
    assert command(api, tmp_path, "usage", "--days", "400").code == 2


def test_spans_are_read_or_refused() -> None:
    assert span(" 2W ") == timedelta(weeks=2)
    assert span("45s") == timedelta(seconds=45)
    for text in ("", "0d", "90", "d", "-1d", "1.5d", "1y", "123456d"):
        with pytest.raises(InvalidInput):
            span(text)
