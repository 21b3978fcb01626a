"""What a test cannot do without: where this machine has not got it the test is skipped, and says why."""

import asyncio
from pathlib import Path
from typing import Protocol

import pytest

from factotum.sandbox.browser import readiness


class _Provider(Protocol):
    async def refusal(self) -> str | None: ...


async def needs_sandbox(provider: _Provider) -> None:
    """Go on only where sandboxes can be had."""
    if (refusal := await provider.refusal()) is not None:
        pytest.skip(f"no sandbox on this machine: {refusal}")


async def needs_browser(site: Path | None) -> None:
    """Go on only where the sandboxes' Python has a browser."""
    if (refusal := await asyncio.to_thread(readiness.refusal, site)) is not None:
        pytest.skip(f"no browser on this machine: {refusal}")
