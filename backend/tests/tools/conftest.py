"""What the tests of tools share: an empty sandbox in memory, a real one, and contexts over them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from factotum.core.ids import new_id
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.testing.memory_context import MemoryToolContext
from factotum.testing.memory_sandbox import MemorySandbox
from tests.needs import needs_sandbox

_SITE = Path(__file__).parents[2] / ".venv-sandbox"


@pytest.fixture
def machine() -> MemorySandbox:
    return MemorySandbox()


@pytest.fixture
def context(machine: MemorySandbox) -> MemoryToolContext:
    return MemoryToolContext(machine)


@pytest.fixture
async def real(short_folder: Path) -> AsyncIterator[MemoryToolContext]:
    """Yield a context over a real sandbox with the Python that agents have."""
    provider = LocalSandboxProvider(short_folder / new_id(), python_site=_SITE if _SITE.exists() else None)
    await needs_sandbox(provider)
    yield MemoryToolContext(await provider.open(new_id()))
    provider.close()
