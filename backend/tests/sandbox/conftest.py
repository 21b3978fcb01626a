"""A provider over a folder of its own, tight limits, and an open sandbox."""

from collections.abc import AsyncIterator, Iterator

import pytest

from factotum.core.ids import new_id
from factotum.sandbox.local.limits import Limits
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.sandbox.local.sandbox import LocalSandbox
from tests.needs import needs_sandbox

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSandboxProvider]:
    limits = Limits(
        memory_bytes=256 * MIB,
        processes=64,
        disk_bytes=64 * MIB,
        disk_entries=3000,
        file_bytes=32 * MIB,
        temporary_bytes=16 * MIB,
        free_bytes=MIB,
    )
    made = LocalSandboxProvider(tmp_path_factory.mktemp("sandboxes"), limits=limits)
    yield made
    made.close()


@pytest.fixture
async def sandbox(provider: LocalSandboxProvider) -> AsyncIterator[LocalSandbox]:
    await needs_sandbox(provider)
    opened = await provider.open(new_id())
    yield opened
    await provider.delete(opened.project_id)
