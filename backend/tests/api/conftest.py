"""The API over real HTTP: services over this test's own database, the shared Valkey and a real sandbox."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from factotum.api.auth import TokenAuthenticator
from factotum.api.codes import CodeBook
from factotum.api.context import open_context
from factotum.api.main import create_app
from factotum.api.serving import make_server
from factotum.core.ids import new_id
from factotum.runs.follow import Follower
from factotum.services import Addresses, Services, open_services
from factotum.settings import Settings
from tests.fixtures_store import ALICE, BOB
from tests.waiting import until

ALICE_TOKEN = "alice-0123456789"
BOB_TOKEN = "bob-0123456789"
BODY_LIMIT = 20_000
UPLOAD_LIMIT = 100_000


@dataclass(frozen=True)
class Api:
    """A running server: a client for each user and one without a token."""

    app: FastAPI
    services: Services
    alice: httpx.AsyncClient
    bob: httpx.AsyncClient
    stranger: httpx.AsyncClient
    codes: CodeBook
    socket: Path


@pytest.fixture
def api_settings(tmp_path: Path) -> Settings:
    """Return small limits, so that tests need not send much."""
    return Settings(
        data_folder=tmp_path,
        body_limit=BODY_LIMIT,
        upload_limit=UPLOAD_LIMIT,
        model="openai/scripted",
        scripted_provider="http://127.0.0.1:9",
    )


@cache
def usual_app() -> FastAPI:
    """Return an application that nobody serves: others take its routes, which a first request builds."""
    return create_app(pytest.fail)


@cache
def description() -> dict[str, Any]:
    """Return what the application says of itself: it takes a second, and is the same in every test."""
    return usual_app().openapi()


@pytest.fixture
async def services(api_settings: Settings, database_url: str, valkey_url: str) -> AsyncIterator[Services]:
    """Yield opened services; clients get a sign of life each 0.3 s."""
    async with open_services(api_settings, Addresses(database_url, valkey_url), "tests") as opened:
        follower = Follower(opened.database, opened.run_log, opened.tail, idle_seconds=0.3)
        yield replace(opened, follower=follower)


@pytest.fixture
async def api(services: Services, short_folder: Path) -> AsyncIterator[Api]:
    """Yield the API, served on a Unix socket in this event loop."""
    codes = CodeBook(ALICE_TOKEN)
    authenticator = TokenAuthenticator({ALICE_TOKEN: ALICE, BOB_TOKEN: BOB})
    app = create_app(lambda: open_context(services, authenticator, codes))
    app.openapi = description
    app.router.routes[:] = usual_app().router.routes
    socket = short_folder / f"{new_id()[-12:]}.sock"
    server = make_server(app, uds=socket)
    serving = asyncio.create_task(server.serve())
    try:
        await until(lambda: server.started or serving.done(), 20)
        # The clients are gone before the server ends, which would wait for them.
        async with AsyncExitStack() as stack:
            alice, bob, stranger = [
                await stack.enter_async_context(client(socket, token))
                for token in (ALICE_TOKEN, BOB_TOKEN, None)
            ]
            yield Api(app, services, alice, bob, stranger, codes, socket)
    finally:
        server.should_exit = True
        await serving


def client(socket: Path, token: str | None) -> httpx.AsyncClient:
    """Make a client that sends `token`, if any."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    transport = httpx.AsyncHTTPTransport(uds=str(socket))
    return httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers, timeout=20)
