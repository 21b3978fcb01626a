"""A tool context that keeps what a tool shows and says, for tests of tools."""

from dataclasses import dataclass, field

from factotum.protocol.network import NetworkLayers
from factotum.sandbox.port import OutputStream, Sandbox
from factotum.testing.memory_sandbox import MemorySandbox
from factotum.tools.arguments import bind
from factotum.tools.execute import ToolResult, execute
from factotum.tools.tool import Tool, ToolEvent


@dataclass(slots=True)
class MemoryToolContext:
    """The `ToolContext` of one call, over any sandbox; `outputs` and `events` are what came, in order.

    `texts` are the earlier outputs and messages by their ids; `pages` what the browser looked like.
    """

    machine: Sandbox = field(default_factory=MemorySandbox)
    call_id: str = "call-1"
    outputs: list[tuple[OutputStream, str]] = field(default_factory=list[tuple[OutputStream, str]])
    events: list[ToolEvent] = field(default_factory=list[ToolEvent])
    texts: dict[str, str] = field(default_factory=dict[str, str])
    network: NetworkLayers = field(default_factory=lambda: NetworkLayers(()))
    pages: list[tuple[bytes, str, str]] = field(default_factory=list[tuple[bytes, str, str]])

    async def sandbox(self) -> Sandbox:
        """Return the sandbox that was given."""
        return self.machine

    async def text_of(self, id_: str) -> str | None:
        """Return what `texts` holds."""
        return self.texts.get(id_)

    async def output(self, stream: OutputStream, text: str) -> None:
        """Keep a piece of output."""
        self.outputs.append((stream, text))

    async def show_page(self, jpeg: bytes, address: str, title: str) -> None:
        """Keep what the browser looked like."""
        self.pages.append((jpeg, address, title))

    async def emit(self, event: ToolEvent) -> None:
        """Keep an event."""
        self.events.append(event)

    async def call(self, tool: Tool, **arguments: object) -> ToolResult:
        """Run a native call as the agent does, bound and executed. Raises ToolError for wrong arguments."""
        return await execute(tool, self, bind(tool, arguments, "native"))
