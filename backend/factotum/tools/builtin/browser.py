"""What the tools of the browser share: one request to its driver, shown, with what it wrote told as files."""

import asyncio
import time
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
TAKEN_SECONDS = 20.0
"""How long a call waits for a person who has the browser, before it says so."""
_LOOK_SECONDS = 0.5

Element = Annotated[str, Field(max_length=50)]
Words = Annotated[str, Field(max_length=500)]
Address = Annotated[str, Field(max_length=100_000)]


def deadline(seconds: float = SECONDS) -> float:
    """Return a tool's deadline: waiting for a person, a start of the browser, its action, giving up."""
    return TAKEN_SECONDS + START_SECONDS + seconds + 3 * GRACE_SECONDS


async def act(
    context: ToolContext, action: str, arguments: Mapping[str, JsonValue], seconds: float = SECONDS
) -> ToolOutput:
    """Have the browser do something. Raises ToolError, and what the sandbox raises."""
    sandbox = await context.sandbox()
    patience = time.monotonic() + TAKEN_SECONDS

    async def show(frame: Frame) -> None:
        await context.show_page(frame.picture(), frame.address, frame.title)

    while True:
        try:
            done = await Browser(sandbox).do(action, arguments, seconds=seconds, show=show)
            break
        except BrowserFault as fault:
            # What a person holds is often handed back at once; nothing of this was done yet.
            if fault.stable_code != "browser_taken" or time.monotonic() > patience:
                raise ToolError(fault.message, hint=fault.hint, code=fault.stable_code) from fault
        await asyncio.sleep(_LOOK_SECONDS)
    for path in done.files:
        info = await find(sandbox, path)
        if info is not None:
            await tell(context, info, "created")
    return ToolOutput(done.text)
