"""Reading again what the context only shows by reference."""

from typing import Annotated

from pydantic import Field

from factotum.tools.declare import tool
from factotum.tools.tool import ToolContext, ToolError, ToolOutput

_MOST = 8_000
"""Characters that one call shows."""


@tool(
    effect="pure",
    deadline_seconds=30,
    output_limit=_MOST + 500,
    family="thread",
    example={"call_id": "call_0123456789abcdef01234567", "start": 400},
)
async def expand_output(
    context: ToolContext,
    call_id: Annotated[str, Field(min_length=1, max_length=100)],
    start: Annotated[int, Field(ge=0)] = 0,
    end: Annotated[int | None, Field(ge=1)] = None,
) -> ToolOutput:
    """Read an earlier output of a tool of which only the begin is still shown, or the rest of a long message.

    A call shows up to 8,000 characters.

    Args:
        call_id: The id that the shortened output names.
        start: The first character to show, counted from 0.
        end: The character to stop before; left out, as many as fit.
    """
    text = await context.text_of(call_id)
    if text is None:
        raise ToolError(
            f"This conversation has no output with the id {call_id!r}.",
            hint="Copy the id from the note in the shortened output.",
            code="output_not_found",
        )
    last = min(len(text), start + _MOST, len(text) if end is None else end)
    if start >= last:
        raise ToolError(
            f"There is nothing between {start} and {end if end is not None else 'the end'}: "
            f"the output has {len(text)} characters.",
            hint="Choose a start before the end, and both within the output.",
            code="range_empty",
        )
    rest = f" Go on with start {last}." if last < len(text) else ""
    return ToolOutput(f"[Characters {start} to {last} of {len(text)}.{rest}]\n{text[start:last]}")
