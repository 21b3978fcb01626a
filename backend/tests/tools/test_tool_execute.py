"""One call: its deadline, its bound, and which failures a model sees."""

import asyncio

import pytest

from factotum.core.errors import (
    Conflict,
    FactotumError,
    NotFound,
    SandboxRefused,
    SetupFault,
    StaleAttempt,
    TooLarge,
    Unavailable,
)
from factotum.testing.memory_context import MemoryToolContext
from factotum.tools.declare import tool
from factotum.tools.execute import execute
from factotum.tools.text import bounded
from factotum.tools.tool import Complete, Tool, ToolContext, ToolError, ToolOutput


def failing(error: BaseException) -> Tool:
    @tool(effect="pure")
    async def fail(context: ToolContext) -> ToolOutput:
        """Fail."""
        raise error

    return fail


@tool(effect="pure", deadline_seconds=0.05)
async def linger(context: ToolContext) -> ToolOutput:
    """Wait."""
    await context.output("stdout", "begun")
    await asyncio.sleep(30)
    return ToolOutput("never")


@tool(effect="pure", output_limit=1000)
async def chatter(context: ToolContext, text: str) -> ToolOutput:
    """Talk.

    Args:
        text: What to say.
    """
    return ToolOutput(text, signal=Complete(("a",)))


async def test_a_result_carries_text_signal_and_duration() -> None:
    result = await execute(chatter, MemoryToolContext(), {"text": "hello"})
    assert (result.text, result.outcome, result.signal, result.code) == (
        "hello",
        "ok",
        Complete(("a",)),
        None,
    )
    assert 0 <= result.duration_seconds < 20


async def test_a_call_past_its_deadline_is_ended_and_says_so() -> None:
    result = await execute(linger, MemoryToolContext(), {})
    assert (result.outcome, result.code) == ("error", "tool_deadline")
    assert "did not end within its 0.05 seconds" in result.text
    assert 0.05 <= result.duration_seconds < 20


async def test_output_is_bounded_with_both_ends_kept() -> None:
    result = await execute(chatter, MemoryToolContext(), {"text": "A" * 4000 + "Z" * 4000})
    assert len(result.text) <= 1000
    assert result.text.startswith("AAAA")
    assert result.text.endswith("ZZZZ")
    left_out = 8000 - result.text.count("A") - result.text.count("Z")
    assert f"\n[… {left_out:,} characters were left out here …]\n" in result.text


@pytest.mark.parametrize("size", [499, 500, 501, 600, 100_000])
def test_a_bound_holds_for_any_size(size: int) -> None:
    text = bounded("x" * size, 500)
    assert len(text) <= 500
    assert (text == "x" * size) == (size <= 500)


async def test_nul_which_no_database_takes_is_replaced() -> None:
    assert (await execute(chatter, MemoryToolContext(), {"text": "a\0b"})).text == "a\ufffdb"


@pytest.mark.parametrize(
    "error",
    [
        ToolError("It is so.", hint="Do this.", code="so"),
        NotFound("It is so.", hint="Do this.", code="so"),
        Conflict("It is so.", hint="Do this.", code="so"),
        TooLarge("It is so.", hint="Do this.", code="so"),
        Unavailable("It is so.", hint="Do this.", code="so"),
        SandboxRefused("It is so.", hint="Do this.", code="so"),
        ExceptionGroup(
            "unhandled", [ExceptionGroup("inner", [NotFound("It is so.", hint="Do this.", code="so")])]
        ),
    ],
)
async def test_failures_that_can_be_mended_are_results(error: Exception) -> None:
    result = await execute(failing(error), MemoryToolContext(), {})
    assert (result.text, result.outcome, result.code) == ("Error (so): It is so.\nDo this.", "error", "so")


@pytest.mark.parametrize(
    "error",
    [
        KeyError("secret"),
        SetupFault("secret"),
        TimeoutError("secret"),
        FactotumError("secret"),
        ExceptionGroup("secret", [NotFound("secret"), KeyError("secret")]),
    ],
)
async def test_a_bug_is_logged_and_shows_no_internals(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    result = await execute(failing(error), MemoryToolContext(call_id="c9"), {})
    assert (result.outcome, result.code) == ("error", "tool_crashed")
    assert "secret" not in result.text
    (record,) = caplog.records
    assert record.getMessage() == "tool fail crashed in call c9"
    assert record.exc_info is not None
    assert record.exc_info[1] is error


@pytest.mark.parametrize(
    "error",
    [
        StaleAttempt("A newer attempt owns the run."),
        ExceptionGroup("g", [KeyError("x"), ExceptionGroup("h", [StaleAttempt("stale")])]),
    ],
)
async def test_a_stale_attempt_passes_through(error: Exception) -> None:
    with pytest.raises(StaleAttempt):
        await execute(failing(error), MemoryToolContext(), {})


async def test_cancelling_passes_through() -> None:
    context = MemoryToolContext()
    task = asyncio.create_task(execute(linger, context, {}))
    await asyncio.sleep(0.01)
    assert context.outputs == [("stdout", "begun")]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
