"""What goes wrong over HTTP: problems with stable codes, bounded bodies, nothing of the inside."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import APIRouter
from inline_snapshot import snapshot

from factotum.api.errors import status_of
from factotum.core.errors import (
    Conflict,
    FactotumError,
    Forbidden,
    InvalidInput,
    NotFound,
    RateLimited,
    SandboxRefused,
    SetupFault,
    StaleAttempt,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from factotum.llm.faults import ModelFault
from tests.api.api_support import new_thread
from tests.api.conftest import BODY_LIMIT, Api


async def _pieces(total: int) -> AsyncIterator[bytes]:
    for start in range(0, total, 1_000):
        yield b"x" * min(1_000, total - start)


def _without_id(answer: httpx.Response) -> dict[str, object]:
    problem = answer.json()
    assert problem.pop("request_id") == answer.headers["x-request-id"]
    return dict(problem)


async def test_a_problem_says_what_is_wrong_and_what_to_do(api: Api) -> None:
    answer = await api.alice.get("/v1/nothing")
    assert answer.headers["content-type"] == "application/problem+json"
    assert _without_id(answer) == snapshot(
        {
            "type": "about:blank",
            "title": "Not Found",
            "status": 404,
            "detail": "There is nothing at this address.",
            "code": "not_found",
            "hint": "GET / says where to look.",
        }
    )


async def test_each_wrong_field_is_named(api: Api) -> None:
    thread = await new_thread(api.alice)
    answer = await api.alice.post(
        f"/v1/threads/{thread}/runs",
        json={"input": 5, "options": {"step_limit": "many", "dialect": "yaml"}, "colour": "red"},
    )
    assert answer.status_code == 422
    problem = _without_id(answer)
    assert problem["code"] == "invalid_input"
    assert problem["errors"] == snapshot(
        [
            {"field": "input", "problem": "Input should be a valid string"},
            {"field": "options.dialect", "problem": "Input should be 'auto', 'native', 'invoke' or 'tag'"},
            {
                "field": "options.step_limit",
                "problem": "Input should be a valid integer, unable to parse string as an integer",
            },
            {"field": "colour", "problem": "Extra inputs are not permitted"},
        ]
    )


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"name": "\xff"}',
        b"[" * 9_000,
        b'{"name": ' + b"9" * 5_000 + b"}",
        b"\x00",
        b'{"name": "a"} trailing',
    ],
)
async def test_broken_json_is_told_from_wrong_json(api: Api, body: bytes) -> None:
    answer = await api.alice.post("/v1/projects", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_json")


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'"text"',
        b"null",
        b"",
        b"{}",
        b'{"name": null}',
        b'{"name": ""}',
        b'{"name": "   "}',
        b'{"name": "\\ud800"}',
        b'{"name": "x", "\\ud800": 1}',
        b'{"name": {"name": "x"}}',
        b'{"name": "' + b"n" * 201 + b'"}',
        b'{"name": "x", "' + b"n" * 2_000 + b'": 1}',
    ],
)
async def test_wrong_json_is_refused_with_its_field(api: Api, body: bytes) -> None:
    answer = await api.alice.post("/v1/projects", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert answer.json()["errors"]
    assert len(answer.content) < 1_500


async def test_a_body_without_a_type_is_told_to_name_it(api: Api) -> None:
    answer = await api.alice.post("/v1/projects", content=b'{"name": "x"}')
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert "application/json" in answer.json()["hint"]


async def test_the_wrong_method_is_told(api: Api) -> None:
    answer = await api.alice.put("/v1/projects", json={})
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"]


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "1.5"])
async def test_a_page_has_bounds(api: Api, limit: str) -> None:
    answer = await api.alice.get("/v1/projects", params={"limit": limit})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "limit")


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("address", ["/v1/projects", "/v1/auth/exchange", "/v1/no/route"])
async def test_a_body_over_the_limit_is_refused(api: Api, declared: bool, address: str) -> None:
    size = BODY_LIMIT + 1
    body = b"x" * size if declared else _pieces(size)
    answer = await api.alice.post(address, content=body, headers={"Content-Type": "application/json"})
    if address != "/v1/no/route" or declared:
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert answer.headers["connection"] == "close"
    else:
        assert answer.status_code == 404
    assert (await api.alice.get("/v1/me")).status_code == 200


async def test_a_body_at_the_limit_is_taken(api: Api) -> None:
    thread = await new_thread(api.alice)
    frame = len(json.dumps({"text": ""}))
    text = "x" * (BODY_LIMIT - frame)
    body = json.dumps({"text": text}).encode()
    assert len(body) == BODY_LIMIT
    headers = {"Content-Type": "application/json"}
    answer = await api.alice.post(f"/v1/threads/{thread}/messages", content=body, headers=headers)
    assert answer.status_code == 201
    assert answer.json()["parts"][0]["text"] == text


async def test_a_body_that_does_not_come_is_not_waited_for(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("factotum.api.limits.PAUSE_SECONDS", 0.2)
    reader, writer = await asyncio.open_unix_connection(str(api.socket))
    head = (
        "POST /v1/projects HTTP/1.1\r\nHost: api\r\nContent-Type: application/json\r\nContent-Length: 10\r\n"
    )
    writer.write(f"{head}Authorization: {api.alice.headers['authorization']}\r\n\r\n".encode())
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 408")
    assert b'"body_timeout"' in answer


async def test_each_answer_has_an_id_and_the_standard_headers(api: Api) -> None:
    for address in ("/", "/healthz", "/v1/me", "/v1/nothing", "/nothing"):
        headers = (await api.alice.get(address)).headers
        assert len(headers["x-request-id"]) == 36
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-frame-options"] == "DENY"
        assert "server" not in headers
    assert (await api.alice.get("/v1/me")).headers["cache-control"] == "no-store"
    own = await api.alice.get("/v1/me", headers={"X-Request-Id": "my-request-1"})
    assert own.headers["x-request-id"] == "my-request-1"
    forged = await api.alice.get("/v1/me", headers={"X-Request-Id": "a b<script>"})
    assert len(forged.headers["x-request-id"]) == 36


async def test_a_fault_of_ours_is_logged_and_not_shown(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    router = APIRouter()

    @router.get("/broken")
    async def broken() -> None:
        raise LookupError("select secret from inside")

    assert broken
    api.app.include_router(router)
    with caplog.at_level(logging.ERROR):
        answer = await api.alice.get("/broken")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert any(answer.headers["x-request-id"] in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize(
    ("fault", "status", "retry_after"),
    [
        (InvalidInput("x"), 422, None),
        (TooLarge("x"), 413, None),
        (Unauthenticated("x"), 401, None),
        (Forbidden("x"), 403, None),
        (NotFound("x"), 404, None),
        (Conflict("x"), 409, None),
        (StaleAttempt("x"), 409, None),
        (RateLimited("x", retry_after_seconds=2.2), 429, "3"),
        (Unavailable("x"), 503, "5"),
        (SandboxRefused("x"), 503, "5"),
        (ModelFault("overloaded", "x"), 502, None),
        (SetupFault("x"), 501, None),
        (FactotumError("x"), 500, None),
    ],
)
async def test_each_class_of_error_has_its_status(
    api: Api, fault: FactotumError, status: int, retry_after: str | None
) -> None:
    assert status_of(fault) == status
    router = APIRouter()

    @router.get("/fails")
    async def fails() -> None:
        raise fault

    assert fails
    api.app.include_router(router)
    answer = await api.alice.get("/fails")
    assert (answer.status_code, answer.json()["code"]) == (status, fault.stable_code)
    assert answer.headers.get("retry-after") == retry_after


async def test_a_secret_in_an_error_is_masked(api: Api) -> None:
    router = APIRouter()

    @router.get("/leaks")
    async def leaks() -> None:
        raise Unavailable("cannot reach postgres://app:hunter22@db/x", hint="token=abcdef123456")

    assert leaks
    api.app.include_router(router)
    answer = await api.alice.get("/leaks")
    assert "hunter22" not in answer.text
    assert "abcdef123456" not in answer.text
