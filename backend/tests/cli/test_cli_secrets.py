"""`factotum secrets`: a value comes by a pipe or a prompt, and is shown nowhere."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from factotum.cli.client import fault_of
from factotum.cli.exit_codes import ExitCode
from factotum.cli.faults import exit_code_of
from tests.cli.cli_support import Api, a_whole_run, at_terminal, command, serving

VALUE = "very-secret-0123456789"


@pytest.fixture
def api() -> Iterator[Api]:
    with serving(Api(a_whole_run())) as api:
        yield api


def test_set_list_and_delete(api: Api, tmp_path: Path) -> None:
    hosts = ("--host", "api.example.com", "--host", "*.example.org")
    made = command(api, tmp_path, "secrets", "set", "API_KEY", *hosts, stdin=f"{VALUE}\n")
    assert (made.code, made.err) == (0, "")
    assert "API_KEY may go to api.example.com, *.example.org." in made.out
    assert api.bodies == [{"value": VALUE, "hosts": ["api.example.com", "*.example.org"]}]
    listed = command(api, tmp_path, "secrets", "list")
    assert listed.out == "API_KEY\tapi.example.com, *.example.org\tnever\n"
    as_json = command(api, tmp_path, "secrets", "list", "-o", "json")
    assert json.loads(as_json.out)["items"][0]["name"] == "API_KEY"
    moved = command(
        api, tmp_path, "secrets", "set", "API_KEY", "--host", "x.org", "--keep-value", "-o", "json"
    )
    assert json.loads(moved.out)["hosts"] == ["x.org"]
    assert api.bodies[-1] == {"value": None, "hosts": ["x.org"]}
    gone = command(api, tmp_path, "secrets", "delete", "API_KEY")
    assert (gone.code, gone.out) == (0, "API_KEY is deleted.\n")
    again = command(api, tmp_path, "secrets", "delete", "API_KEY", "-o", "json")
    assert again.code != 0
    assert "secret_not_found" in again.out + again.err
    assert "There are no secrets yet." in command(api, tmp_path, "secrets", "list").out
    for done in (made, listed, as_json, moved, gone):
        assert VALUE not in done.out + done.err


def test_delete_as_json(api: Api, tmp_path: Path) -> None:
    command(api, tmp_path, "secrets", "set", "K", "--host", "x.org", stdin=VALUE)
    assert json.loads(command(api, tmp_path, "secrets", "delete", "K", "-o", "json").out) == {"deleted": "K"}


def test_a_terminal_asks_without_showing(api: Api, tmp_path: Path) -> None:
    code, shown = at_terminal(
        api, tmp_path, "secrets", "set", "API_KEY", "--host", "x.org", typed=[("not shown", f"{VALUE}\n")]
    )
    assert code == 0
    assert api.bodies == [{"value": VALUE, "hosts": ["x.org"]}]
    assert VALUE not in shown
    code, shown = at_terminal(api, tmp_path, "secrets", "list", typed=[])
    assert code == 0
    assert "Last used" in shown
    assert "API_KEY" in shown


def test_a_value_cannot_stand_in_the_command(api: Api, tmp_path: Path) -> None:
    assert command(api, tmp_path, "secrets", "set", "API_KEY", VALUE, "--host", "x.org").code == 2
    assert command(api, tmp_path, "secrets", "set", "API_KEY").code == 2
    assert api.bodies == []


def test_a_service_without_a_key_for_them_must_be_set_up_first() -> None:
    fault = fault_of(httpx.Response(501, json={"detail": "Secrets are off.", "code": "secrets_off"}))
    assert (exit_code_of(fault), fault.stable_code) == (ExitCode.SETUP, "secrets_off")
