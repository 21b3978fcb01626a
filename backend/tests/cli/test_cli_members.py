"""The commands of the account's people: members, invitations, and which account is acted for."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.cli_support import RUN_ID, THREAD_ID, Api, a_whole_run, command, serving


@pytest.fixture
def api() -> Iterator[Api]:
    with serving(Api(a_whole_run())) as api:
        yield api


def test_people_are_listed_changed_and_removed(api: Api, tmp_path: Path) -> None:
    listed = command(api, tmp_path, "members")
    rows = [line.split("\t")[:3] for line in listed.out.splitlines()]
    assert (listed.code, rows) == (0, [[RUN_ID, "Ada (you)", "owner"], [THREAD_ID, "-", "owner"]])
    assert len(json.loads(command(api, tmp_path, "members", "-o", "json").out)["items"]) == 2
    assert command(api, tmp_path, "members", "role", THREAD_ID, "viewer").out == "Ada is viewer now.\n"
    assert (api.asked[-1], api.bodies[-1]) == (("PATCH", f"/v1/members/{THREAD_ID}"), {"role": "viewer"})
    told = command(api, tmp_path, "members", "role", THREAD_ID, "admin", "-o", "json")
    assert json.loads(told.out)["role"] == "admin"
    assert command(api, tmp_path, "members", "role", THREAD_ID, "god").code == 2
    done = command(api, tmp_path, "members", "remove", "a/b")
    assert (done.code, api.asked[-1]) == (0, ("DELETE", "/v1/members/a%2Fb"))
    assert json.loads(command(api, tmp_path, "members", "remove", "x", "-o", "json").out) == {"removed": "x"}


def test_an_invitations_link_is_all_that_stdout_has(api: Api, tmp_path: Path) -> None:
    done = command(api, tmp_path, "invite", "--role", "viewer", "--note", "Bo", "--expires-in", "12h")
    assert (done.code, done.out) == (0, f"{api.url}/join#fci_token\n")
    [body] = api.bodies
    assert (body["role"], body["note"]) == ("viewer", "Bo")
    left = datetime.fromisoformat(body["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=11, minutes=50) < left <= timedelta(hours=12)
    told = json.loads(command(api, tmp_path, "invite", "-o", "json").out)
    assert told["link"] == f"{api.url}/join#{told['token']}"
    assert api.bodies[1] == {"role": "member"}


def test_invitations_are_listed_and_revoked(api: Api, tmp_path: Path) -> None:
    listed = command(api, tmp_path, "members", "invitations")
    assert listed.out.split("\t")[:3] == [RUN_ID, "", "member"]
    told = json.loads(command(api, tmp_path, "members", "invitations", "-o", "json").out)
    assert told["items"][0]["id"] == RUN_ID
    assert command(api, tmp_path, "members", "revoke", "x").code == 0
    assert api.asked[-1] == ("DELETE", "/v1/invitations/x")
    done = command(api, tmp_path, "members", "revoke", "x", "-o", "json")
    assert json.loads(done.out) == {"revoked": "x"}


def test_the_account_to_act_for_goes_with_every_request(api: Api, tmp_path: Path) -> None:
    command(api, tmp_path, "members", FACTOTUM_ACCOUNT=THREAD_ID)
    assert set(api.accounts) == {THREAD_ID}
    command(api, tmp_path, "members")
    assert api.accounts[-1] is None
