"""Runs one call, with its deadline and output bound; failures that a model can mend become results."""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from factotum.core.errors import (
    Conflict,
    FactotumError,
    Forbidden,
    InvalidInput,
    NotFound,
    RateLimited,
    StaleAttempt,
    Unavailable,
)
from factotum.tools.text import bounded
from factotum.tools.tool import Picture, Signal, Tool, ToolContext, ToolError, ToolOutput

_MENDABLE = (ToolError, InvalidInput, NotFound, Conflict, Forbidden, RateLimited, Unavailable)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ToolResult:
    """How a call ended: text for the model, and for an error its stable code. Only `ok` has a signal
    and pictures."""

    text: str
    outcome: Literal["ok", "error"]
    duration_seconds: float
    signal: Signal | None = None
    code: str | None = None
    pictures: tuple[Picture, ...] = ()
    display: str | None = None


async def execute(tool: Tool, context: ToolContext, arguments: Mapping[str, object]) -> ToolResult:
    """Run a call with arguments that `bind` gave.

    Raises StaleAttempt, and CancelledError when its task is cancelled; every other failure is a result.
    """
    started = time.monotonic()
    try:
        output = await _within_deadline(tool, context, arguments)
    except Exception as error:  # noqa: BLE001 - the one wall between a tool's own bugs and the run
        failure = _failure(tool, context, error)
        return ToolResult(
            _readable(error_text(failure), tool.output_limit),
            "error",
            time.monotonic() - started,
            code=failure.stable_code,
        )
    text = _readable(output.text, tool.output_limit)
    duration = time.monotonic() - started
    display = None if output.display is None else _readable(output.display, 2 * tool.output_limit)
    return ToolResult(text, "ok", duration, output.signal, pictures=output.pictures, display=display)


def error_text(error: FactotumError) -> str:
    """Write a failure as the model reads it: its code, what happened, and what to do."""
    hint = f"\n{error.hint}" if error.hint else ""
    return f"Error ({error.stable_code}): {error.message}{hint}"


async def _within_deadline(tool: Tool, context: ToolContext, arguments: Mapping[str, object]) -> ToolOutput:
    deadline = asyncio.timeout(tool.deadline_seconds)
    try:
        async with deadline:
            return await tool.run(context, **arguments)
    except TimeoutError as error:
        if not deadline.expired():
            raise
        raise ToolError(
            f"{tool.name} did not end within its {tool.deadline_seconds:g} seconds and was ended.",
            hint="What it had begun may be half done: look before you try again, and do less at a time.",
            code="tool_deadline",
        ) from error


def _failure(tool: Tool, context: ToolContext, error: Exception) -> FactotumError:
    """Return the failure that the model reads. Raises StaleAttempt, also out of a task group's bundle."""
    bundled = _only(error)
    if isinstance(bundled, StaleAttempt):
        raise bundled
    if isinstance(bundled, _MENDABLE):
        return bundled
    _log.error("tool %s crashed in call %s", tool.name, context.call_id, exc_info=error)
    return ToolError(
        f"{tool.name} failed for a reason of its own, not because of the arguments.",
        hint="What it had begun may be half done: look before you try again, or go another way.",
        code="tool_crashed",
    )


def _only(error: Exception) -> Exception:
    """Take a failure out of a task group's bundle: a stale attempt first, else one that stands alone."""
    if not isinstance(error, ExceptionGroup):
        return error
    inner = [_only(each) for each in cast("ExceptionGroup[Exception]", error).exceptions]
    stale = next((each for each in inner if isinstance(each, StaleAttempt)), None)
    return stale or (inner[0] if len(inner) == 1 else cast(Exception, error))


def _readable(text: str, limit: int) -> str:
    """Bound the text, and take out NUL, which no database column of text can hold."""
    return bounded(text, limit).replace("\x00", "\ufffd")
