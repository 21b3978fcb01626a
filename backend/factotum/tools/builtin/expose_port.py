"""expose_port: an address under which a person sees a server that runs in the sandbox."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from factotum.core.clock import now
from factotum.core.errors import FactotumError
from factotum.tools.declare import tool
from factotum.tools.tool import ToolContext, ToolError, ToolOutput, XmlForm

LONGEST_MINUTES = 24 * 60


@tool(
    effect="idempotent",
    family="shell",
    subject="port",
    xml=XmlForm("expose-port", attributes=("port", "minutes")),
    deadline_seconds=60,
    example={"port": 8000, "minutes": 60},
)
async def expose_port(
    context: ToolContext,
    port: Annotated[int, Field(ge=1, le=65535)],
    minutes: Annotated[int, Field(ge=1, le=LONGEST_MINUTES)] = 60,
) -> ToolOutput:
    """Give the person an address that shows a web server of the sandbox, for a while.

    Start the server first, in a session, listening on 127.0.0.1 or 0.0.0.0, and see that it answers. Whoever
    has the address can use it; it ends after its minutes, or with the server.

    Args:
        port: The port that the server listens on, inside the sandbox.
        minutes: How long the address is good for.
    """
    sandbox = await context.sandbox()
    try:
        address = await sandbox.preview(port, seconds=minutes * 60)
    except FactotumError as error:
        if error.stable_code not in {"port_not_open", "not_supported"}:
            raise
        hint = error.hint or "Start the server first, in a session, and see that it runs."
        raise ToolError(f"{error.message} {hint}", code=error.stable_code) from error
    until = (now() + timedelta(minutes=minutes)).strftime("%Y-%m-%d %H:%M UTC")
    return ToolOutput(f"Port {port} of the sandbox is shown at {address} until {until}.")
