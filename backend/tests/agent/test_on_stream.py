"""Calls that begin while the model still talks: in order or side by side, and kept whatever happens to it."""

import asyncio
from collections.abc import Callable

import pytest

from factotum.agent.config import ProcessorConfig
from factotum.agent.outcome import Awaiting, Finished
from factotum.core.errors import StaleAttempt
from factotum.llm.faults import ModelFault
from factotum.llm.port import ToolCallChunk
from factotum.protocol.dialect import Dialect
from factotum.protocol.messages import TextPart
from factotum.protocol.pieces import Joined
from factotum.testing.scripted_gateway import (
    STEP_USAGE,
    NativeCall,
    Pause,
    ScriptedGateway,
    call,
    reasoning,
    reply,
)
from factotum.tools.declare import tool
from factotum.tools.tool import Tool, ToolContext, ToolOutput
from tests.agent.agent_support import NAMED, World, check_laws, check_prefixes, contents, spent

DIALECTS: tuple[Dialect, ...] = ("native", "invoke", "tag")


def streaming(dialect: Dialect = "native", *extra: Tool, parallel: bool = False, **options: object) -> World:
    config = ProcessorConfig(
        dialect=dialect,
        execute_on_stream=True,
        tool_execution_strategy="parallel" if parallel else "sequential",
        **options,  # pyright: ignore[reportArgumentType] - by name
    )
    return World(config, extra=extra)


def send(text: str, dialect: Dialect = "native") -> str | NativeCall:
    return call(NAMED["send"], {"text": text}, dialect)


def look(text: str, dialect: Dialect = "native") -> str | NativeCall:
    return call(NAMED["look"], {"text": text}, dialect)


async def until(true: Callable[[], bool]) -> None:
    for _ in range(10_000):
        if true():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came true")


def responses(world: World) -> list[str]:
    """The prose of each whole response."""
    joined = Joined()
    joined.extend(world.messages)
    return [message.text for message in joined.messages if message.role == "assistant"]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_call_runs_while_the_model_still_talks(dialect: Dialect) -> None:
    world, pause = streaming(dialect), Pause()
    gateway = ScriptedGateway(
        [reply("First. ", look("a", dialect), pause, "Then more.", send("b", dialect)), reply("Good.")]
    )
    task = asyncio.create_task(world.work(gateway))
    await pause.reached.wait()

    await until(lambda: world.result_texts() == ["saw a"])

    assert gateway.open_streams == 1
    assert [message.role for message in world.messages] == ["user", "assistant", "tool"]
    assert [record.state for record in world.run.ledger.values()] == ["finished"]
    pause.go_on.set()
    assert await task == Finished("answered")
    assert world.done == ["look a", "send b"]
    assert responses(world)[0].split() == ["First.", "Then", "more."]
    assert world.run.step == 2
    assert spent(world.run.usage) == STEP_USAGE.plus(STEP_USAGE)
    assert world.told().count("usage.recorded") == 2
    roles = [role for role, _ in contents(gateway.requests[1])]
    assert roles == ["user", "assistant", *(["tool"] * 2 if dialect == "native" else ["user"])]
    check_prefixes(gateway.requests)
    check_laws(world)


@pytest.mark.parametrize("parallel", [False, True])
async def test_calls_come_in_order_or_side_by_side(parallel: bool) -> None:
    holding, release = asyncio.Event(), asyncio.Event()
    world, pause = streaming("native", _holding(holding, release), parallel=parallel), Pause()
    task = asyncio.create_task(
        world.work(ScriptedGateway([reply(NativeCall("hold", {}), send("b"), pause), reply("Good.")]))
    )
    await pause.reached.wait()
    await holding.wait()
    for _ in range(20):
        await asyncio.sleep(0)

    assert world.done == (["send b"] if parallel else [])
    states = [record.state for record in world.run.ledger.values()]
    assert states == (["started", "finished"] if parallel else ["started", "pending"])
    pause.go_on.set()
    release.set()
    assert await task == Finished("answered")
    assert world.done == ["send b"]
    check_laws(world)


async def test_at_most_eight_run_side_by_side() -> None:
    running, most, release = 0, 0, asyncio.Event()

    @tool(effect="pure", example={})
    async def count(context: ToolContext) -> ToolOutput:
        """Count how many run at once."""
        nonlocal running, most
        running += 1
        most = max(most, running)
        await release.wait()
        running -= 1
        return ToolOutput("counted")

    world, pause = streaming("native", count, parallel=True), Pause()
    gateway = ScriptedGateway([reply(*[NativeCall("count", {})] * 20, pause), reply("Good.")])
    task = asyncio.create_task(world.work(gateway))
    await pause.reached.wait()
    await until(lambda: running == 8)
    pause.go_on.set()
    release.set()

    assert await task == Finished("answered")
    assert most == 8
    check_laws(world)


@pytest.mark.parametrize("parallel", [False, True])
async def test_a_question_waits_for_the_end_of_the_message(parallel: bool) -> None:
    world, pause = streaming("native", parallel=parallel), Pause()
    asked = NativeCall("ask", {"question": "Red or blue?"})
    gateway = ScriptedGateway([reply(look("a"), asked, send("late"), pause, "Well?"), reply("Good.")])
    task = asyncio.create_task(world.work(gateway))
    await pause.reached.wait()
    await until(lambda: len(world.result_texts()) == 1 + parallel)

    assert world.done == ["look a", *(["send late"] if parallel else [])]
    assert world.told().count("tool.started") == 1 + parallel
    pause.go_on.set()
    outcome = await task
    assert isinstance(outcome, Awaiting)
    assert outcome.question.text == "Red or blue?"
    world.run.reply("Blue")
    assert await world.work(gateway) == Finished("answered")
    late = next(part for part in world.results().values() if part.name == "send")
    assert late.outcome == ("ok" if parallel else "stopped")
    check_prefixes(gateway.requests)
    check_laws(world)


async def test_complete_ends_the_run_after_the_message() -> None:
    world = streaming()
    done = NativeCall("complete", {"summary": "All done."})

    outcome = await world.work(ScriptedGateway([reply(send("a"), done, "Bye.")]))

    assert isinstance(outcome, Finished)
    assert outcome.reason == "complete"
    assert world.done == ["send a"]
    assert responses(world) == ["Bye."]
    check_laws(world)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_stream_that_breaks_after_a_call_loses_nothing_of_it(dialect: Dialect) -> None:
    world = streaming(dialect)
    fault = ModelFault("stalled", "It stalled.", partial=True)
    gateway = ScriptedGateway([reply("So: ", send("a", dialect), "and th", fault), reply("Good.")])

    assert await world.work(gateway) == Finished("answered")

    assert world.done == ["send a"]
    assert [text.strip() for text in responses(world)] == ["So:", "Good."]
    assert world.run.step == 2
    finish = [event.finish_reason for event in world.events if event.type == "usage.recorded"]
    assert finish == ["interrupted", "stop"]
    check_prefixes(gateway.requests)
    check_laws(world)


async def test_a_fault_that_stays_fails_the_run_after_its_calls_have_ended() -> None:
    holding, release = asyncio.Event(), asyncio.Event()
    world = streaming("native", _holding(holding, release))
    fault = ModelFault("bad_request", "It is wrong.", partial=True)
    task = asyncio.create_task(world.work(ScriptedGateway([reply(NativeCall("hold", {}), fault)])))
    await holding.wait()
    release.set()

    with pytest.raises(ModelFault) as caught:
        await task

    assert caught.value is fault
    assert world.result_texts() == ["held"]
    check_laws(world)


@pytest.mark.parametrize("parallel", [False, True])
async def test_a_stop_ends_the_calls_and_names_those_that_never_began(parallel: bool) -> None:
    holding, release = asyncio.Event(), asyncio.Event()
    world, pause = streaming("native", _holding(holding, release), parallel=parallel), Pause()
    gateway = ScriptedGateway([reply("So: ", NativeCall("hold", {}), send("b"), "half a", pause)])
    loop = world.loop(gateway)
    task = asyncio.create_task(loop.run())
    await pause.reached.wait()
    await holding.wait()
    await until(lambda: bool(world.done) == parallel)

    task.cancel()
    await asyncio.wait({task})

    assert task.cancelled()
    assert gateway.open_streams == 0
    assert await loop.settle_stopped() == (() if parallel else ("send",))
    held = next(part for part in world.results().values() if part.name == "hold")
    assert "Outcome unknown: the run was stopped while this call ran" in held.output
    assert responses(world) == ["So: half a"]
    check_laws(world)


async def test_a_call_of_an_attempt_that_was_overtaken_ends_the_stream() -> None:
    world, pause = streaming(), Pause()
    gateway = ScriptedGateway([reply(look("a"), pause)])
    task = asyncio.create_task(world.work(gateway))
    await until(lambda: bool(world.run.ledger))
    world.run.claim(took_over=True)

    with pytest.raises(StaleAttempt):
        await task

    assert gateway.open_streams == 0
    assert world.result_texts() == []


@pytest.mark.parametrize(
    ("dialect", "written", "said"),
    [
        ("native", NativeCall("lok", {"text": "a"}), "Error (unknown_tool)"),
        ("native", NativeCall("send", {"text": "a", "copies": "many"}), "Error (invalid_arguments)"),
        ("native", NativeCall("send", '{"text": "al'), "cut off before the end"),
        ("native", NativeCall("send", "[1]"), "must be one JSON object"),
        ("invoke", '<invoke name="lok"></invoke>', "Error (unknown_tool)"),
        ("invoke", '<invoke name="send">text</invoke>', "outside its parameters"),
        ("invoke", '<invoke name="send"><parameter name="text">half', "cut off before </parameter>"),
        ("tag", "<send><text>a</text><copies>many</copies></send>", "Error (invalid_arguments)"),
        ("tag", "<send><text>half", "cut off before </text>"),
    ],
)
async def test_calls_that_cannot_run_become_results(
    dialect: Dialect, written: str | NativeCall, said: str
) -> None:
    world = streaming(dialect)

    assert await world.work(ScriptedGateway([reply("So: ", written), reply("Oh.")])) == Finished("answered")

    (result,) = world.result_texts()
    assert said in result
    assert world.done == []
    check_laws(world)


async def test_interleaved_calls_are_each_stored_once_and_run_as_they_end() -> None:
    world = streaming()
    gateway = ScriptedGateway(
        [
            reply(
                reasoning("Hm.", {"type": "thinking", "thinking": "Hm.", "signature": "s"}),
                "Both. ",
                ToolCallChunk(0, "p0", "send", '{"text":'),
                ToolCallChunk(1, "p1", "look", '{"text": "b"}'),
                ToolCallChunk(0, None, None, ' "a"}'),
                stop="tool_calls",
            ),
            reply("Good."),
        ]
    )

    assert await world.work(gateway) == Finished("answered")

    assert world.done == ["look b", "send a"]
    _, assistant, *results = gateway.requests[1].messages[1:]
    assert [result["content"] for result in results] == ["saw b", "sent a x1"]
    assert assistant["content"] == "Both. "
    assert isinstance(assistant["thinking_blocks"], list)
    check_laws(world)


async def test_two_calls_that_end_in_one_chunk_are_stored_apart() -> None:
    world = streaming("invoke", max_xml_tool_calls=2)
    both = f"{look('a', 'invoke')}and{look('b', 'invoke')}too{look('c', 'invoke')}"
    gateway = ScriptedGateway([reply(both), reply("Good.")])

    assert await world.work(gateway) == Finished("answered")

    assert world.done == ["look a", "look b"]
    assert [len(message.calls) for message in world.messages if message.role == "assistant"] == [1, 1, 0]
    finish = [event.finish_reason for event in world.events if event.type == "usage.recorded"]
    assert finish == ["xml_tool_limit_reached", "stop"]
    check_laws(world)


async def test_prose_that_is_cut_after_a_call_needs_no_continuing() -> None:
    world = streaming()
    gateway = ScriptedGateway([reply(look("a"), "I will n", stop="length"), reply("Seen.")])

    assert await world.work(gateway) == Finished("answered")

    assert responses(world) == ["I will n", "Seen."]
    assert all(part.cut is None for m in world.messages for part in m.parts if isinstance(part, TextPart))
    assert [role for role, _ in contents(gateway.requests[1])] == ["user", "assistant", "tool"]
    check_laws(world)


async def test_a_cut_answer_goes_on_and_then_calls() -> None:
    world = streaming()
    gateway = ScriptedGateway(
        [reply("One, ", stop="length"), reply("two.", look("a"), "three"), reply("Seen.")]
    )

    assert await world.work(gateway) == Finished("answered")

    assert responses(world) == ["One, two.three", "Seen."]
    assert spent(world.run.usage) == STEP_USAGE.plus(STEP_USAGE).plus(STEP_USAGE)
    check_prefixes(gateway.requests)
    check_laws(world)


async def test_calls_of_both_kinds_that_the_limit_cuts_at_once_are_stored_once() -> None:
    world = streaming("invoke", native_tool_calling=True)
    half = '<invoke name="look"><parameter name="text">half'
    gateway = ScriptedGateway(
        [reply("So: ", ToolCallChunk(0, "p", "send", '{"te'), half, stop="length"), reply("Oh.")]
    )

    assert await world.work(gateway) == Finished("answered")

    assert world.done == []
    assert sorted(part.name for part in world.results().values()) == ["look", "send"]
    check_laws(world)


def _holding(holding: asyncio.Event, release: asyncio.Event) -> Tool:
    @tool(effect="unsafe", example={})
    async def hold(context: ToolContext) -> ToolOutput:
        """Hold until released."""
        holding.set()
        await release.wait()
        return ToolOutput("held")

    return hold
