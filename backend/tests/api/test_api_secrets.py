"""Secrets over HTTP: set, listed and deleted, and never told."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from factotum.api.context import context_of
from factotum.features.secrets import SecretService
from factotum.settings import Settings
from tests.api.conftest import BODY_LIMIT, Api

VALUE = "very-secret-0123456789"
BODY: dict[str, Any] = {"value": VALUE, "hosts": ["api.example.com", "*.Example.org"]}


@pytest.fixture
def api_settings(tmp_path: Path) -> Settings:
    """Return settings with a key."""
    settings = Settings.model_validate({"secrets_key": "k" * 64, "data_folder": tmp_path})
    return settings.model_copy(
        update={
            "body_limit": BODY_LIMIT,
            "model": "openai/scripted",
            "scripted_provider": "http://127.0.0.1:9",
        }
    )


async def test_a_secret_is_set_listed_changed_and_deleted(api: Api, admin_database_url: str) -> None:
    assert (await api.alice.get("/v1/secrets")).json() == {"items": []}
    made = await api.alice.put("/v1/secrets/API_KEY", json=BODY)
    assert made.status_code == 200
    item = made.json()
    assert item == {
        "name": "API_KEY",
        "hosts": ["api.example.com", "*.example.org"],
        "created_at": item["created_at"],
        "updated_at": item["updated_at"],
        "last_used_at": None,
    }
    assert (await api.alice.get("/v1/secrets")).json() == {"items": [item]}
    moved = await api.alice.put("/v1/secrets/API_KEY", json={"value": None, "hosts": ["x.org", "x.org"]})
    assert moved.json()["hosts"] == ["x.org"]
    with psycopg.connect(admin_database_url) as admin:
        row = admin.execute("select sealed, secrets::text from factotum.secrets").fetchone()
    assert row is not None
    assert VALUE.encode() not in row[0]
    assert len(row[0]) == 12 + len(VALUE) + 16
    assert VALUE not in row[1]
    assert (await api.bob.get("/v1/secrets")).json() == {"items": []}
    assert (await api.bob.delete("/v1/secrets/API_KEY")).status_code == 404
    assert (await api.stranger.get("/v1/secrets")).status_code == 401
    gone = await api.alice.delete("/v1/secrets/API_KEY")
    assert (gone.status_code, gone.content) == (204, b"")
    again = await api.alice.delete("/v1/secrets/API_KEY")
    assert (again.status_code, again.json()["code"]) == (404, "secret_not_found")


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("api_key", BODY, "secret_name_invalid"),
        ("A" * 65, BODY, "secret_name_invalid"),
        ("A%00", BODY, "secret_name_invalid"),
        ("1A", BODY, "secret_name_invalid"),
        ("PATH", BODY, "secret_name_reserved"),
        ("LD_PRELOAD", BODY, "secret_name_reserved"),
        ("HTTPS_PROXY", BODY, "secret_name_reserved"),
        ("K", {**BODY, "value": "short"}, "secret_invalid"),
        ("K", {**BODY, "value": f"{VALUE}\r\nX: y"}, "secret_invalid"),
        ("K", {**BODY, "value": f"{VALUE} "}, "secret_invalid"),
        ("K", {**BODY, "value": VALUE * 400}, "secret_invalid"),
        ("K", {**BODY, "hosts": []}, "invalid_input"),
        ("K", {**BODY, "hosts": ["*"]}, "invalid_input"),
        ("K", {**BODY, "hosts": ["https://x.org"]}, "invalid_input"),
        ("K", {**BODY, "hosts": [f"h{n}.x.org" for n in range(21)]}, "invalid_input"),
        ("K", {**BODY, "value": [VALUE]}, "invalid_input"),
        ("K", {**BODY, VALUE: 1}, "invalid_input"),
    ],
)
async def test_what_is_wrong_is_said_without_the_value(
    api: Api, caplog: pytest.LogCaptureFixture, name: str, body: dict[str, Any], code: str
) -> None:
    refused = await api.alice.put(f"/v1/secrets/{name}", json=body)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    if VALUE not in body:  # a name of a field is not a value
        assert VALUE not in refused.text
    assert VALUE not in caplog.text
    assert (await api.alice.get("/v1/secrets")).json() == {"items": []}


async def test_a_lone_surrogate_is_no_fault_of_ours(api: Api) -> None:
    body = b'{"value": "0123456789\\ud800", "hosts": ["x.org"]}'
    refused = await api.alice.put("/v1/secrets/K", content=body, headers={"content-type": "application/json"})
    assert refused.status_code == 422


async def test_no_value_where_there_is_none_yet(api: Api) -> None:
    missing = await api.alice.put("/v1/secrets/K", json={"hosts": ["x.org"]})
    assert (missing.status_code, missing.json()["code"]) == (404, "secret_not_found")


async def test_without_a_key_secrets_are_off(api: Api) -> None:
    off = SecretService(api.services.database, None)
    api.app.state.context = replace(context_of(api.app), secrets=off)
    for answer in (
        await api.alice.get("/v1/secrets"),
        await api.alice.put("/v1/secrets/K", json=BODY),
        await api.alice.delete("/v1/secrets/K"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (501, "secrets_off")
        assert "retry-after" not in answer.headers
        assert "FACTOTUM_SECRETS_KEY" in answer.json()["hint"]
    assert api.services.secret_box is not None


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 32"):
        Settings.model_validate({"secrets_key": "short"})
