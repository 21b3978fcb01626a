"""Workers over a test's own database and the shared Valkey."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from factotum.settings import Settings
from factotum.store.database import Database
from factotum.store.records import Caller
from tests.runs.stage import Stage, staged
from tests.worker.crew import Crew


@pytest.fixture
async def stage(
    database: Database, valkey_url: str, alice: Caller, alice_account: str, admin_database_url: str
) -> AsyncIterator[Stage]:
    async for stage in staged(database, valkey_url, alice, alice_account, admin_database_url):
        yield stage


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, data_folder=tmp_path, titles="off")  # pyright: ignore[reportCallIssue] - pydantic-settings takes it


@pytest.fixture
async def crew(stage: Stage, database_url: str, valkey_url: str, settings: Settings) -> AsyncIterator[Crew]:
    crew = Crew(stage, database_url, valkey_url, settings)
    yield crew
    await crew.aclose()
