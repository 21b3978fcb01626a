"""Waiting for what nobody announces."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(true: Callable[[], bool | Awaitable[bool]], seconds: float = 10) -> None:
    """Ask again and again, until it is true. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while True:
            found = true()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.01)
