"""What the tools of the browser share: one request to its driver, shown, with what it wrote told as files."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, JsonValue

from factotum.sandbox.browser.client import GRACE_SECONDS, START_SECONDS, Browser, BrowserFault
from factotum.sandbox.browser.wire import Frame
from factotum.tools.builtin.workspace import find, tell
from factotum.tools.tool import ToolContext, ToolError, ToolOutput

SECONDS = 45.0
"""How long an action may take that names no time of its own."""
OUTPUT = 20_000

Element = Annotated[str, Field(max_length=50)]
Words = Annotated[str, Field(max_length=500)]
Address = Annotated[str, Field(max_length=100_000)]


def deadline(seconds: float = SECONDS) -> float:
    """Return a tool's deadline: its action, a start of the browser before it, and a moment to give up."""
    return seconds + START_SECONDS + 3 * GRACE_SECONDS


async def act(
    context: ToolContext, action: str, arguments: Mapping[str, JsonValue], seconds: float = SECONDS
) -> ToolOutput:
    """Have the browser do something. Raises ToolError, and what the sandbox raises."""
    sandbox = await context.sandbox()

    async def show(frame: Frame) -> None:
        await context.show_page(frame.picture(), frame.address, frame.title)

    try:
        done = await Browser(sandbox).do(action, arguments, seconds=seconds, show=show)
    except BrowserFault as fault:
        raise ToolError(fault.message, hint=fault.hint, code=fault.stable_code) from fault
    for path in done.files:
        info = await find(sandbox, path)
        if info is not None:
            await tell(context, info, "created")
    return ToolOutput(done.text)
