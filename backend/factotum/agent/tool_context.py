"""What one running call is given: its id, the sandbox on demand, and a bounded way to show what it does."""

from collections.abc import Awaitable, Callable

from factotum.agent.ports import EventSink, RunJournal
from factotum.protocol.events import BrowserFrame, PlanUpdated, ToolOutputDelta
from factotum.protocol.network import NetworkLayers
from factotum.sandbox.port import OutputStream, Sandbox
from factotum.tools.tool import ToolEvent

SandboxOpener = Callable[[], Awaitable[Sandbox]]
KeepFrame = Callable[[bytes], Awaitable[bool]]
"""Keeps the newest picture of a run's browser, a JPEG, for who watches; False: it could not be kept."""

_SHOWN_LIMIT = 500_000
_UNSAID = NetworkLayers(())
_CUT = "\n[more output is not shown live; the result holds its end]\n"


class CallContext:
    """The ToolContext of one call. Live output past 500,000 characters is not shown: the log is bounded."""

    def __init__(
        self,
        call_id: str,
        open_sandbox: SandboxOpener,
        journal: RunJournal,
        events: EventSink,
        network: NetworkLayers = _UNSAID,
        keep_frame: KeepFrame | None = None,
    ) -> None:
        self._network = network
        self._call_id = call_id
        self._open_sandbox = open_sandbox
        self._journal = journal
        self._events = events
        self._keep_frame = keep_frame
        self._shown = 0

    @property
    def call_id(self) -> str:
        """The call's id, the same when the call is run again after a crash."""
        return self._call_id

    @property
    def network(self) -> NetworkLayers:
        """What the agent and the run say about the network."""
        return self._network

    async def sandbox(self) -> Sandbox:
        """The project's sandbox. Raises SandboxRefused."""
        return await self._open_sandbox()

    async def text_of(self, id_: str) -> str | None:
        """The whole output of an earlier call of the thread, or a person's message."""
        return await self._journal.text_of(id_)

    async def output(self, stream: OutputStream, text: str) -> None:
        """Show output while the tool runs."""
        if not text or self._shown > _SHOWN_LIMIT:
            return
        room = _SHOWN_LIMIT - self._shown
        self._shown += len(text)
        if len(text) > room:
            text = text[:room] + _CUT
        await self._events.emit(ToolOutputDelta(call_id=self._call_id, stream=stream, text=text))

    async def show_page(self, jpeg: bytes, address: str, title: str) -> None:
        """Keep what the browser looks like now, and say that it is there."""
        if self._keep_frame is not None and await self._keep_frame(jpeg):
            await self._events.emit(BrowserFrame(call_id=self._call_id, address=address, title=title))

    async def emit(self, event: ToolEvent) -> None:
        """Say that the plan, a file or the sandbox changed; a plan is kept with the run first."""
        if isinstance(event, PlanUpdated):
            await self._journal.save_plan(event.plan)
        await self._events.emit(event)
