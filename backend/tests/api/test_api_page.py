"""The web page beside the API: what a browser gets, what a program gets, and what is cached how long."""

import gzip
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

from factotum.api import main
from factotum.api.headers import SERVER_SEND, HeadersMiddleware
from factotum.api.page import PageFile, PageMiddleware, read_page

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
INDEX = b"<!doctype html><title>Factotum</title>"
SCRIPT = b"console.log('hello')\n" * 100


@pytest.fixture
def files(tmp_path: Path) -> dict[str, PageFile]:
    """Return a small built page, as the service reads it."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_bytes(INDEX)
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / ".stamp").write_text("x")
    (tmp_path / "assets" / "main-1.js").write_bytes(SCRIPT)
    (tmp_path / "assets" / "main-1.js.gz").write_bytes(gzip.compress(SCRIPT))
    return read_page(tmp_path)


@asynccontextmanager
async def _client(files: dict[str, PageFile]) -> AsyncGenerator[httpx.AsyncClient]:
    app: FastAPI = main.create_app(lambda: pytest.fail("no request may need the context"))
    app.user_middleware.clear()
    app.add_middleware(PageMiddleware, files=files)
    app.add_middleware(HeadersMiddleware)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


async def test_a_request_that_is_over_holds_nothing_of_its_server() -> None:
    """The server's part holds the scope: they would wait together for Python to look for cycles."""
    seen: list[bool] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope[SERVER_SEND] is server_send)

    async def server_send(message: Message) -> None:
        pytest.fail(f"{message} is sent by nobody")

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    scope: Scope = {"type": "http", "path": "/", "headers": []}
    await HeadersMiddleware(app)(scope, receive, server_send)
    assert seen == [True]
    assert SERVER_SEND not in scope


def test_where_none_was_built_there_is_none(tmp_path: Path) -> None:
    assert read_page(tmp_path) == {}


def test_what_is_served_is_what_was_built(files: dict[str, PageFile]) -> None:
    assert set(files) == {"/index.html", "/config.json", "/assets/main-1.js"}


@pytest.mark.parametrize("built", [True, False])
def test_the_application_has_the_page_that_was_built(
    built: bool, files: dict[str, PageFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main, "built_page", lambda: files if built else {})
    middleware = [each.cls for each in main.create_app(pytest.fail).user_middleware]
    assert (PageMiddleware in middleware) is built


@pytest.mark.parametrize("path", ["/", "/t/0190a0a0-0000-7000-8000-000000000002", "/index.html"])
async def test_a_browser_gets_the_page(files: dict[str, PageFile], path: str) -> None:
    async with _client(files) as client:
        answer = await client.get(path, headers=BROWSER)
    assert (answer.status_code, answer.content) == (200, INDEX)
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "http" not in answer.headers["Content-Security-Policy"]
    assert "Accept" in answer.headers["Vary"].split(", ")
    assert answer.headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/nothing", 404),
        ("/api/x", 404),
        ("/assets/gone.js", 404),
        ("/healthz", 200),
        ("/openapi.json", 200),
    ],
)
async def test_what_is_the_api_s_stays_the_api_s(files: dict[str, PageFile], path: str, status: int) -> None:
    async with _client(files) as client:
        answer = await client.get(path, headers=BROWSER)
    assert answer.status_code == status
    assert "json" in answer.headers["Content-Type"]


async def test_a_program_still_gets_json(files: dict[str, PageFile]) -> None:
    async with _client(files) as client:
        assert (await client.get("/")).json()["name"] == "factotum"
        assert (await client.get("/t/x")).status_code == 404
        assert (await client.post("/", headers=BROWSER)).status_code == 405


async def test_assets_are_for_ever_and_come_packed(files: dict[str, PageFile]) -> None:
    async with _client(files) as client:
        packed = await client.get("/assets/main-1.js", headers={"Accept-Encoding": "gzip, br"})
        plain = await client.get("/assets/main-1.js", headers={"Accept-Encoding": "identity"})
        config = await client.get("/config.json")
    assert packed.content == plain.content == SCRIPT
    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) < len(SCRIPT)
    assert "Content-Encoding" not in plain.headers
    assert "immutable" in packed.headers["Cache-Control"]
    assert config.headers["Cache-Control"] == "no-cache"


async def test_what_a_browser_has_already_is_not_sent_again(files: dict[str, PageFile]) -> None:
    async with _client(files) as client:
        first = await client.get("/", headers=BROWSER)
        again = await client.get("/", headers=BROWSER | {"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
