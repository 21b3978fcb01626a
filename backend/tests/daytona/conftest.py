"""A fake Daytona for a module's tests, a provider that talks to it, and an open sandbox."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from factotum.core.ids import new_id
from factotum.sandbox.daytona.provider import DaytonaSandboxProvider
from factotum.sandbox.daytona.sandbox import DaytonaSandbox
from factotum.sandbox.local.limits import Limits
from tests.needs import needs_sandbox

if TYPE_CHECKING:
    from factotum.testing.daytona import FakeDaytona


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def daytona(tmp_path_factory: pytest.TempPathFactory) -> "AsyncIterator[FakeDaytona]":
    from factotum.testing.daytona import FakeDaytona

    async with FakeDaytona(tmp_path_factory.mktemp("daytona"), limits=Limits(processes=512)) as made:
        await needs_sandbox(made)
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def provider(daytona: "FakeDaytona") -> AsyncIterator[DaytonaSandboxProvider]:
    made = DaytonaSandboxProvider(daytona.options())
    yield made
    await made.aclose()


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox(provider: DaytonaSandboxProvider) -> AsyncIterator[DaytonaSandbox]:
    opened = await provider.open(new_id())
    yield opened
    await provider.delete(opened.project_id)
