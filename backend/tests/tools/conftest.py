"""What the tests of tools share: an empty sandbox in memory, and the context of one call over it."""

import pytest

from factotum.testing.memory_context import MemoryToolContext
from factotum.testing.memory_sandbox import MemorySandbox


@pytest.fixture
def machine() -> MemorySandbox:
    return MemorySandbox()


@pytest.fixture
def context(machine: MemorySandbox) -> MemoryToolContext:
    return MemoryToolContext(machine)
