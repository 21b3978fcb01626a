"""Finds and tells what is sent into a run while this process carries it."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from factotum.core.errors import FactotumError
from factotum.core.tasks import cancelled
from factotum.protocol.events import RunSteered
from factotum.runs.journal import PostgresJournal
from factotum.runs.live import LiveRun
from factotum.runs.telling import Teller

log = logging.getLogger(__name__)


@asynccontextmanager
async def looking(live: LiveRun, journal: PostgresJournal, teller: Teller) -> AsyncGenerator[None]:
    """Let `live.look` find what was sent into the run while the block lasts.

    A message is told at once; one that interrupts ends what the run does at present.
    """
    wanted = asyncio.Event()

    async def look() -> None:
        while True:
            await wanted.wait()
            wanted.clear()
            try:
                await _look(live, journal, teller)
            except FactotumError as fault:
                # The next step boundary, or the next heartbeat, finds what this look did not.
                log.warning("messages sent into the run were not looked for: %s", fault.message)

    task = asyncio.create_task(look(), name=f"look:{live.run_id}")
    live.look = wanted.set
    try:
        yield
    finally:
        await cancelled(task)


async def _look(live: LiveRun, journal: PostgresJournal, teller: Teller) -> None:
    unread = await journal.unread()
    if any(message.delivery == "interrupt" for message in unread):
        live.interrupt()
    for message in unread:
        await teller.emit(RunSteered(message=message))
