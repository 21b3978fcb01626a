"""Tells what a run does, each thing once, and knows which drafts are open.

An attempt that took over may tell again what the dead one told; a reader of the log never sees it twice.
"""

from collections.abc import Iterable

from factotum.agent.ports import EventSink
from factotum.protocol.events import (
    Delta,
    MessageCreated,
    MessageDiscarded,
    ReasoningDelta,
    RunEvent,
    RunSteered,
    TextDelta,
    ToolArgumentsDelta,
    ToolFinished,
)


class Teller:
    """An EventSink over a run's log."""

    def __init__(self, log: EventSink) -> None:
        self._log = log
        self._drafts: set[str] = set()
        self._messages: set[str] = set()
        self._calls: set[str] = set()
        self._steered: set[str] = set()
        self._knows_all = True
        self._newest: Delta | None = None

    def remember(self, told: Iterable[RunEvent]) -> None:
        """Take note of what the log holds already."""
        for event in told:
            self._note(event)

    def remember_nothing(self) -> None:
        """Take note that what was told before is not known: then drafts are withdrawn to be sure."""
        self._knows_all = False

    async def emit(self, event: RunEvent) -> None:
        """Show one event, in order, unless it was shown."""
        if not self._was_told(event):
            self._note(event)
            await self._log.emit(event)

    def more(self, delta: Delta, text: str) -> None:
        """Show `text` as more of what `delta` tells of."""
        if delta is not self._newest:
            self._note(delta)
            self._newest = delta
        self._log.more(delta, text)

    async def discard_drafts(self) -> None:
        """Withdraw the messages that are shown and not stored: somebody else does them again, or nobody."""
        for message_id in sorted(self._drafts):
            await self.emit(MessageDiscarded(message_id=message_id))

    def _was_told(self, event: RunEvent) -> bool:
        match event:
            case MessageCreated(message=message):
                return message.id in self._messages
            case ToolFinished(call_id=call_id):
                return call_id in self._calls
            case RunSteered(message=message):
                return message.id in self._messages or message.id in self._steered
            case MessageDiscarded(message_id=message_id):
                return self._knows_all and message_id not in self._drafts
            case _:
                return False

    def _note(self, event: RunEvent) -> None:
        self._newest = None
        match event:
            case TextDelta() | ReasoningDelta() | ToolArgumentsDelta():
                self._drafts.add(event.message_id)
            case MessageDiscarded(message_id=message_id):
                self._drafts.discard(message_id)
            case MessageCreated(message=message):
                self._drafts.discard(message.id)
                self._messages.add(message.id)
            case ToolFinished(call_id=call_id):
                self._calls.add(call_id)
            case RunSteered(message=message):
                self._steered.add(message.id)
            case _:
                pass
