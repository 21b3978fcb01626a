"""An answer that its limit of length cuts is gone on with, and reads as if it had come in one piece."""

import asyncio

import pytest
from pydantic import JsonValue

from factotum.agent.config import ProcessorConfig
from factotum.agent.outcome import Awaiting, Finished, HandedOver
from factotum.llm.faults import ModelFault
from factotum.protocol.budgets import Budget
from factotum.protocol.dialect import Dialect
from factotum.protocol.messages import ReasoningPart, TextPart
from factotum.protocol.runs import Usage
from factotum.testing.scripted_gateway import (
    STEP_USAGE,
    NativeCall,
    Pause,
    ScriptedGateway,
    call,
    reasoning,
    reply,
)
from tests.agent.agent_support import NAMED, World, check_laws, check_prefixes, contents, spent

DIALECTS: tuple[Dialect, ...] = ("native", "invoke", "tag")
STALL = ModelFault("stalled", "It stalled.", partial=True)


async def _hand_over(world: World, gateway: ScriptedGateway, pause: Pause) -> None:
    """Work until the model pauses, and have the worker drained while it does."""
    loop = world.loop(gateway)
    task = asyncio.create_task(loop.run())
    await pause.reached.wait()
    loop.hand_over()
    pause.go_on.set()
    assert await task == HandedOver()


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_the_pieces_make_one_message(dialect: Dialect) -> None:
    world = World(ProcessorConfig(dialect=dialect))
    gateway = ScriptedGateway([reply("One, tw", stop="length"), reply("o, ", stop="length"), reply("three.")])

    assert await world.work(gateway) == Finished("answered")

    (message,) = [message for message in world.messages if message.role == "assistant"]
    assert message.parts == (TextPart(text="One, two, three.", seams=(7, 10)),)
    assert world.shown_text() == "One, two, three."
    assert {event.message_id for event in world.events if event.type == "text.delta"} == {message.id}
    assert world.told() == ["message.created", "usage.recorded"]
    assert spent(world.run.usage) == STEP_USAGE.plus(STEP_USAGE).plus(STEP_USAGE)
    assert world.run.step == 1
    check_prefixes(gateway.requests)
    check_laws(world)


async def test_a_later_request_begins_with_all_of_the_ones_before() -> None:
    world = World()
    gateway = ScriptedGateway(
        [
            reply("One, ", stop="length"),
            reply("two.", NativeCall("look", {"text": "a"})),
            reply("Seen."),
        ]
    )

    await world.work(gateway)

    assert [role for role, _ in contents(gateway.requests[2])] == [
        "user",
        "assistant",
        "user",
        "assistant",
        "tool",
    ]
    assert world.messages[1].text == "One, two."
    check_prefixes(gateway.requests)


async def test_reasoning_of_each_piece_goes_back_with_it() -> None:
    world = World()
    signed: list[dict[str, JsonValue]] = [
        {"type": "thinking", "thinking": text, "signature": text} for text in "ab"
    ]
    gateway = ScriptedGateway(
        [
            reply(reasoning("a", signed[0]), "One, ", stop="length"),
            reply(reasoning("b", signed[1]), "two.", NativeCall("look", {"text": "a"})),
            reply("Seen."),
        ]
    )

    await world.work(gateway)

    first, _, second = gateway.requests[2].messages[2:5]
    assert (first["thinking_blocks"], second["thinking_blocks"]) == ([signed[0]], [signed[1]])
    assert (first["content"], second["content"]) == ("One, ", "two.")
    check_prefixes(gateway.requests)
    check_laws(world)


async def test_a_rest_that_comes_empty_leaves_the_answer_as_it_is() -> None:
    world = World()
    gateway = ScriptedGateway([reply("It is done.", stop="length"), reply(reasoning("Nothing to add."))])

    assert await world.work(gateway) == Finished("answered")

    assert world.messages[-1].parts == (
        TextPart(text="It is done."),
        ReasoningPart(text="Nothing to add."),
    )
    check_laws(world)


async def test_reasoning_that_uses_up_the_rest_ends_the_answer() -> None:
    world = World()
    gateway = ScriptedGateway([reply("One.", stop="length"), reply(reasoning("Hm."), stop="length")])

    assert await world.work(gateway) == Finished("answered")

    assert world.messages[-1].parts == (TextPart(text="One."), ReasoningPart(text="Hm."))
    check_laws(world)


async def test_code_goes_on_as_code() -> None:
    world = World(ProcessorConfig(dialect="invoke"))
    written = str(call(NAMED["send"], {"text": "a"}, "invoke"))
    gateway = ScriptedGateway(
        [reply("Write it so:\n```xml\n<invo", stop="length"), reply(f"\n{written}\n```\nThat is all.")]
    )

    assert await world.work(gateway) == Finished("answered")

    assert world.done == []
    assert world.messages[-1].text.endswith("That is all.")
    assert "```xml\n<invo\n" in world.messages[-1].text


@pytest.mark.parametrize(
    ("dialect", "half", "continues"),
    [
        ("native", NativeCall("send", '{"text": "al'), 25),
        ("invoke", '<invoke name="send"><parameter name="text">half', 1),
        ("tag", "<send><text>half", 1),
    ],
)
async def test_a_call_that_cannot_be_gone_on_with_is_told_to_the_model_and_never_runs(
    dialect: Dialect, half: str | NativeCall, continues: int
) -> None:
    world = World(ProcessorConfig(dialect=dialect, native_max_auto_continues=continues))
    gateway = ScriptedGateway(
        [
            reply("One, ", stop="length"),
            reply("two: ", half, stop="length"),
            reply(call(NAMED["send"], {"text": "all"}, dialect)),
            reply("Done."),
        ]
    )

    assert await world.work(gateway) == Finished("answered")

    assert world.done == ["send all"]
    assert world.messages[1].text == "One, two: "
    assert world.messages[1].parts[0] == TextPart(text="One, two: ", seams=(5,))
    assert "cut off before" in world.result_texts()[0]
    assert world.result_texts()[0].endswith("what is long goes into several calls, a part in each.")
    check_prefixes(gateway.requests)
    check_laws(world)


async def test_a_rest_that_breaks_is_tried_again_without_a_seam() -> None:
    world = World()
    gateway = ScriptedGateway(
        [
            reply(reasoning("Hm."), "One, ", stop="length"),
            reply("tw", STALL),
            reply("two, ", stop="length"),
            reply("thr", STALL),
            reply("three."),
        ]
    )

    assert await world.work(gateway) == Finished("answered")

    assert world.messages[-1].text == "One, two, three."
    assert gateway.requests[1] == gateway.requests[2]
    last = max(n for n, event in enumerate(world.events) if event.type == "message.discarded")
    again = [event.text for event in world.events[last:] if event.type == "text.delta"]
    assert "".join(again) == "One, two, three."
    check_prefixes(gateway.requests)
    check_laws(world)


@pytest.mark.parametrize("fault", [ModelFault("rate_limited", "Too much."), STALL])
async def test_a_fault_that_stays_keeps_what_had_come(fault: ModelFault) -> None:
    world = World(ProcessorConfig(max_stream_retries=0))
    gateway = ScriptedGateway([reply("One, ", stop="length"), reply("tw", fault)])

    with pytest.raises(ModelFault) as caught:
        await world.work(gateway)

    assert caught.value is fault
    assert world.messages[-1].parts == (TextPart(text="One, ", cut="length"),)


async def test_a_stop_keeps_what_had_come() -> None:
    world, pause = World(), Pause()
    loop = world.loop(ScriptedGateway([reply("One, ", stop="length"), reply("tw", pause)]))
    task = asyncio.create_task(loop.run())
    await pause.reached.wait()
    task.cancel()
    await asyncio.wait({task})

    assert await loop.settle_stopped() == ()

    assert world.messages[-1].parts == (TextPart(text="One, tw", seams=(5,)),)
    check_laws(world)


async def test_a_drained_worker_keeps_what_had_come_and_the_next_one_goes_on() -> None:
    world, pause = World(ProcessorConfig(native_max_auto_continues=2)), Pause()
    gateway = ScriptedGateway(
        [reply("One, ", pause, stop="length"), *(reply(f"{n}, ", stop="length") for n in range(5))]
    )
    await _hand_over(world, gateway, pause)

    assert world.messages[-1].parts == (TextPart(text="One, ", cut="length"),)
    world.run.leave(1, HandedOver())
    assert await world.work(gateway) == Finished("length")
    assert [message.text for message in world.messages[1:]] == ["One, ", "0, 1, "]
    check_prefixes(gateway.requests)
    check_laws(world)


ROW = "👩\u200d👩\u200d👧 é <b>&lt;"
CALLS = {
    "invoke": f'<invoke name="send"><parameter name="text">{ROW}</parameter></invoke>',
    "wrapped": '<function_calls>\n<invoke name="send">\n<parameter name="text">'
    f"{ROW}</parameter>\n</invoke>\n</function_calls>",
    "tag": f"<send><text>{ROW}</text></send>",
}


@pytest.mark.parametrize("on_stream", [False, True])
@pytest.mark.parametrize("form", CALLS)
async def test_a_call_that_is_cut_anywhere_is_gone_on_with_and_runs_once(form: str, on_stream: bool) -> None:
    """Cut at every single character, in the middle of a tag and of a character that is several."""
    dialect: Dialect = "tag" if form == "tag" else "invoke"
    source = f"Now. {CALLS[form]}"
    for at in range(1, source.rindex("</send>" if dialect == "tag" else "</invoke>") + 7):
        world = World(ProcessorConfig(dialect=dialect, execute_on_stream=on_stream))
        gateway = ScriptedGateway(
            [reply(source[:at], stop="length"), reply(source[at:]), reply("Sent, all of it.")]
        )

        assert await world.work(gateway) == Finished("answered"), source[:at]

        assert world.done == [f"send {ROW}"], source[:at]
        (call_part,) = [call for message in world.messages for call in message.calls]
        assert (call_part.raw in source, len(call_part.seams)) == (True, at > 5)
        assert world.messages[1].text == "Now. "
        assert world.shown_text() == "Now. Sent, all of it."
        assert contents(gateway.requests[1])[1] == ("assistant", source[:at])
        assert len(gateway.requests[2].messages) == len(gateway.requests[1].messages) + 2
        check_prefixes(gateway.requests)
        check_laws(world)


@pytest.mark.parametrize("form", ["invoke", "tag"])
async def test_a_call_may_be_cut_again_and_again_and_its_rest_may_break(form: str) -> None:
    world = World(ProcessorConfig(dialect="tag" if form == "tag" else "invoke"))
    source = CALLS[form]
    gateway = ScriptedGateway(
        [
            reply(source[:3], stop="length"),
            reply(source[3:20], STALL),
            reply(source[3:21], stop="length"),
            reply(reasoning("Hm."), source[21:-4], stop="length"),
            reply(source[-4:]),
            reply("Sent."),
        ]
    )

    assert await world.work(gateway) == Finished("answered")

    assert world.done == [f"send {ROW}"]
    assert gateway.requests[1] == gateway.requests[2]
    (call_part,) = world.messages[1].calls
    assert call_part.seams == (3, 21, len(source) - 4)
    check_prefixes(gateway.requests)
    check_laws(world)


async def test_a_tag_that_was_none_goes_on_as_prose() -> None:
    world = World(ProcessorConfig(dialect="invoke"))

    await world.work(ScriptedGateway([reply("a <invo", stop="length"), reply("lved> b")]))

    assert world.messages[-1].parts == (TextPart(text="a <involved> b"),)
    check_laws(world)


async def test_a_rest_that_never_comes_breaks_the_call() -> None:
    world = World(ProcessorConfig(dialect="tag"))
    gateway = ScriptedGateway(
        [reply("<send><text>ha", stop="length"), reply(reasoning("Hm."), stop="length"), reply("Well.")]
    )

    assert await world.work(gateway) == Finished("answered")

    assert world.done == []
    assert "cut off before </text>" in world.result_texts()[0]
    check_laws(world)


@pytest.mark.parametrize("before", ["One. ", ""])
async def test_what_came_before_a_call_that_was_cut_is_kept_for_the_next_worker(before: str) -> None:
    world, pause = World(ProcessorConfig(dialect="tag")), Pause()
    gateway = ScriptedGateway(
        [
            reply(before, "<send><te", pause, stop="length"),
            reply(call(NAMED["send"], {"text": "a"}, "tag")),
            reply("Sent."),
        ]
    )
    await _hand_over(world, gateway, pause)

    stored = [message.parts for message in world.messages[1:]]
    assert stored == ([(TextPart(text="One. ", cut="length"),)] if before else [])
    world.run.leave(1, HandedOver())
    assert await world.work(gateway) == Finished("answered")
    assert world.done == ["send a"]
    check_laws(world)


async def test_a_budget_that_ends_within_a_call_keeps_what_came_before_it() -> None:
    world = World(ProcessorConfig(dialect="tag", budget=Budget(tokens=40_000), max_output_tokens=20_000))
    used = Usage(input_tokens=10, output_tokens=39_900)
    gateway = ScriptedGateway(
        [
            reply("One. <send><te", stop="length", usage=used),
            reply(call(NAMED["send"], {"text": "a"}, "tag")),
            reply("Sent."),
        ]
    )

    asked = await world.work(gateway)

    assert isinstance(asked, Awaiting)
    assert world.messages[-1].parts == (TextPart(text="One. ", cut="length"),)
    world.run.reply("Extend by the same again")
    assert await world.work(gateway) == Finished("answered")
    assert world.done == ["send a"]
    check_laws(world)
