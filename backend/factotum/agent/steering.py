"""Messages that people send into a run while it goes on: taken in between two steps, never inside one."""

from factotum.agent.ports import EventSink, RunJournal
from factotum.core.tasks import whole
from factotum.protocol.events import MessageCreated

NEW_MESSAGE = "the person wrote a new message"
"""Why a call was settled without running to its end; a clause for ToolRunner.settle."""


async def take_in(journal: RunJournal, events: EventSink) -> None:
    """Store and show what was sent. A stop waits for both, so that nothing is stored and not shown."""
    await whole(_take_in(journal, events))


async def _take_in(journal: RunJournal, events: EventSink) -> None:
    for message in await journal.take_unread():
        await events.emit(MessageCreated(message=message))
