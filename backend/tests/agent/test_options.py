"""Every option of the ProcessorConfig: which calls are taken, who runs them, where results stand, the end."""

import asyncio
import json

import pytest

from factotum.agent.config import ProcessorConfig
from factotum.agent.outcome import Awaiting, Finished
from factotum.agent.prompt import system_prompt
from factotum.protocol.budgets import Budget
from factotum.protocol.dialect import Dialect, ResultPlace, XmlDialect
from factotum.protocol.runs import StepFinish
from factotum.testing.memory_journal import Fate
from factotum.testing.scripted_gateway import NativeCall, Pause, Reply, ScriptedGateway, call, reply
from factotum.tools.declare import tool
from factotum.tools.registry import Registry
from factotum.tools.tool import Tool, ToolContext, ToolOutput
from tests.agent.agent_support import NAMED, World, check_laws, check_prefixes, contents
from tests.agent.scenarios import carry

DIALECTS: tuple[Dialect, ...] = ("native", "invoke", "tag")
LOOK = NAMED["look"]


@tool(effect="pure", example={})
async def paint(context: ToolContext) -> ToolOutput:
    """Paint."""
    del context
    return ToolOutput("red", display="\x1b[31mred\x1b[0m")


def finishes(world: World) -> list[StepFinish | None]:
    return [event.finish_reason for event in world.events if event.type == "usage.recorded"]


@pytest.mark.parametrize(
    ("config", "native", "xml"),
    [
        (ProcessorConfig(), True, None),
        (ProcessorConfig(xml_tool_calling=True), True, "invoke"),
        (ProcessorConfig(native_tool_calling=False), False, None),
        (ProcessorConfig(native_tool_calling=False, xml_tool_calling=True), False, "invoke"),
        (ProcessorConfig(dialect="tag"), False, "tag"),
        (ProcessorConfig(dialect="tag", native_tool_calling=True), True, "tag"),
        (ProcessorConfig(dialect="invoke", xml_tool_calling=False), False, None),
        (ProcessorConfig(dialect="invoke", xml_tool_calling=False, native_tool_calling=True), True, None),
    ],
)
def test_which_calls_are_taken(config: ProcessorConfig, native: bool, xml: XmlDialect | None) -> None:
    assert (config.native, config.xml) == (native, xml)


def test_calls_run_on_stream_only_where_they_run_at_all() -> None:
    assert ProcessorConfig(execute_on_stream=True).runs_on_stream
    assert not ProcessorConfig(execute_on_stream=True, execute_tools=False).runs_on_stream


@pytest.mark.parametrize("dialect", ["invoke", "tag"])
@pytest.mark.parametrize("on_stream", [False, True])
async def test_both_ways_at_once(dialect: XmlDialect, on_stream: bool) -> None:
    config = ProcessorConfig(dialect=dialect, native_tool_calling=True, execute_on_stream=on_stream)
    world = World(config)
    written = call(LOOK, {"text": "x"}, dialect)
    gateway = ScriptedGateway(
        [
            reply("Both: ", written, NativeCall("look", {"text": "n"})),
            reply(call(LOOK, {"text": "y"}, dialect)),
            reply("Seen."),
        ]
    )

    assert await world.work(gateway) == Finished("answered")

    assert world.done == ["look x", "look n", "look y"]
    assert gateway.requests[0].tools == world.registry().schemas()
    both, native, xml, alone, result = gateway.requests[2].messages[2:]
    assert "<" in str(both["content"])
    assert json.dumps(both["tool_calls"]).count('"function": {') == 1
    assert (native["role"], native["content"]) == ("tool", "saw n")
    assert xml["role"] == "user"
    assert "saw x" in str(xml["content"])
    assert "saw n" not in str(xml["content"])
    assert "tool_calls" not in alone
    assert "saw y" in str(result["content"])
    check_prefixes(gateway.requests)
    check_laws(world)


@pytest.mark.parametrize("dialect", ["invoke", "tag"])
def test_a_model_that_has_both_is_taught_xml_by_examples_alone(dialect: XmlDialect) -> None:
    registry = World().registry()

    short = system_prompt(registry, dialect, native=True)
    full = system_prompt(registry, dialect)

    assert len(short) < len(full)
    assert LOOK.description not in short
    assert LOOK.description in full
    assert "<text>a</text>" in short or '<parameter name="text">a</parameter>' in short


async def test_without_tools_the_agent_only_answers() -> None:
    config = ProcessorConfig(native_tool_calling=False)
    world = World(config)
    text = f"One could write {call(LOOK, {'text': 'a'}, 'invoke')}"
    gateway = ScriptedGateway([reply(NativeCall("look", {"text": "a"})), reply(text)])

    assert await world.work(gateway) == Finished("answered")

    assert world.done == []
    assert world.messages[-1].text == text
    (refused,) = world.result_texts()
    assert refused.startswith("Error (native_calls_off)")
    assert refused.endswith("Answer in text.")
    assert gateway.requests[0].tools == ()
    system = str(gateway.requests[0].messages[0]["content"])
    assert "You have no tools" in system
    assert "update_plan" not in system
    assert "tool_calls" not in gateway.requests[1].messages[2]
    check_laws(world)


async def test_native_calls_are_refused_where_only_xml_is_taken() -> None:
    world = World(ProcessorConfig(dialect="invoke"))

    await world.work(ScriptedGateway([reply(NativeCall("look", {"text": "a"})), reply("Oh.")]))

    (refused,) = world.result_texts()
    assert refused.endswith("Write the call in your answer, as XML.")
    assert world.done == []


@pytest.mark.parametrize("dialect", ["invoke", "tag"])
@pytest.mark.parametrize("place", ["assistant_message", "inline_edit"])
async def test_results_stand_in_the_message_that_asked_for_them(
    dialect: XmlDialect, place: ResultPlace
) -> None:
    world = World(ProcessorConfig(dialect=dialect, xml_adding_strategy=place))
    first, second = (call(LOOK, {"text": text}, dialect) for text in "ab")
    gateway = ScriptedGateway([reply("One", first, "two", second, "three"), reply("Seen.")])

    assert await world.work(gateway) == Finished("answered")

    (_, _), (role, content), (note_role, note) = contents(gateway.requests[1])
    assert (role, note_role) == ("assistant", "user")
    assert str(note).startswith("<context>")
    order = [str(content).index(text) for text in ("One", "saw a", "two", "saw b", "three")]
    assert (order == sorted(order)) == (place == "inline_edit")
    assert str(content).rstrip().endswith("three" if place == "inline_edit" else "</tool_result>")
    assert str(content).count("<tool_result ") == 2
    assert world.messages[1].text.split() == ["One", "two", "three"]
    check_prefixes(gateway.requests)
    check_laws(world)


@pytest.mark.parametrize("place", ["assistant_message", "inline_edit"])
async def test_native_results_have_their_own_place(place: ResultPlace) -> None:
    config = ProcessorConfig(dialect="invoke", native_tool_calling=True, xml_adding_strategy=place)
    world = World(config)
    gateway = ScriptedGateway(
        [reply(call(LOOK, {"text": "x"}, "invoke"), NativeCall("look", {"text": "n"})), reply("Seen.")]
    )

    await world.work(gateway)

    (_, content), (role, native) = contents(gateway.requests[1])[1:]
    assert "saw x" in str(content)
    assert (role, native) == ("tool", "saw n")
    check_laws(world)


async def test_what_a_person_says_next_follows_the_note() -> None:
    world = World(
        ProcessorConfig(dialect="invoke", xml_adding_strategy="inline_edit", budget=Budget(steps=1))
    )
    turns = [reply(call(LOOK, {"text": "a"}, "invoke")), reply("Done.")]

    carried = await carry(world, turns, {"budget": "Faster, please."})

    assert [role for role, _ in contents(carried.gateway.requests[-1])] == [
        "user",
        "assistant",
        "user",
        "user",
    ]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("on_stream", [False, True])
async def test_the_caller_runs_the_tools(dialect: Dialect, on_stream: bool) -> None:
    world = World(ProcessorConfig(dialect=dialect, execute_tools=False, execute_on_stream=on_stream))
    calls = [call(LOOK, {"text": text}, dialect) for text in "abc"]
    broken = call(LOOK, {"text": ""}, dialect)
    gateway = ScriptedGateway([reply("So: ", *calls, broken), reply("Seen.")])

    outcome = await world.work(gateway)

    assert isinstance(outcome, Awaiting)
    assert outcome.question.reason == "tool_results"
    ids = [made.call_id for made in world.messages[1].calls]
    assert [call_id in outcome.question.text for call_id in ids] == [True, True, True, False]
    assert outcome.question.call_id == ids[0]
    assert world.done == []
    world.run.reply(json.dumps({ids[0]: "theirs", ids[1]: {"n": "\ud800"}}))
    assert await world.work(gateway) == Finished("answered")
    results = world.results()
    assert results[ids[0]].output == "theirs"
    assert results[ids[1]].output == '{"n": "?"}'
    assert (results[ids[2]].outcome, "gave none" in results[ids[2]].output) == ("stopped", True)
    assert "Error (invalid_arguments)" in results[ids[3]].output
    assert world.done == []
    assert world.run.question is None
    check_prefixes(gateway.requests)
    check_laws(world)


@pytest.mark.parametrize("answer", ["It says a.", "[1]", '{"text": 1}', "{}", "[" * 100_000])
async def test_any_other_answer_is_the_output_of_each_call(answer: str) -> None:
    world = World(ProcessorConfig(execute_tools=False))
    gateway = ScriptedGateway([reply(*[NativeCall("look", {"text": "a"})] * 2), reply("Seen.")])
    await world.work(gateway)
    world.run.reply(answer)

    assert await world.work(gateway) == Finished("answered")

    assert world.result_texts() == [answer] * 2


async def test_ask_and_complete_work_without_execution() -> None:
    world = World(ProcessorConfig(execute_tools=False))
    asking = NativeCall("ask", {"question": "Which?"})
    gateway = ScriptedGateway(
        [
            reply(NativeCall("look", {"text": "a"}), asking),
            reply(NativeCall("complete", {"summary": "All done."})),
        ]
    )
    await world.work(gateway)
    world.run.reply("theirs")

    second = await world.work(gateway)

    assert isinstance(second, Awaiting)
    assert second.question.text == "Which?"
    world.run.reply("This.")
    third = await world.work(gateway)
    assert isinstance(third, Finished)
    assert third.reason == "complete"
    assert {part.name: part.output for part in world.results().values()} == {
        "look": "theirs",
        "ask": "This.",
        "complete": "All done.",
    }
    check_laws(world)


async def test_results_of_the_caller_survive_every_death() -> None:
    def turns() -> list[Reply]:
        return [reply(*[NativeCall("send", {"text": text}) for text in "ab"]), reply("Good.")]

    deaths = 0
    for at in range(1, 13):
        world, fate = World(ProcessorConfig(execute_tools=False)), Fate(at)
        carried = await carry(world, turns(), {"tool_results": "theirs"}, [fate])
        assert carried.end == Finished("answered")
        assert set(world.result_texts()) == {"theirs"}
        assert world.done == []
        check_laws(world)
        deaths += carried.deaths
    assert deaths > 8


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_several_typed_calls_of_one_message(dialect: Dialect) -> None:
    world = World(ProcessorConfig(dialect=dialect, tool_execution_strategy="parallel"))
    calls = [call(NAMED["send"], {"text": str(n), "copies": n}, dialect) for n in range(1, 4)]

    await world.work(ScriptedGateway([reply(*calls), reply("Good.")]))

    assert [part.arguments for part in world.messages[1].calls] == [
        {"text": str(n), "copies": n} for n in range(1, 4)
    ]
    assert sorted(world.result_texts()) == [f"sent {n} x{n}" for n in range(1, 4)]


@pytest.mark.parametrize("dialect", ["invoke", "tag"])
async def test_the_limit_of_xml_calls_is_the_finish_reason(dialect: XmlDialect) -> None:
    world = World(ProcessorConfig(dialect=dialect, max_xml_tool_calls=2))
    calls = [call(LOOK, {"text": text}, dialect) for text in "abc"]

    await world.work(ScriptedGateway([reply(*calls, "ignored"), reply("Seen.")]))

    assert world.done == ["look a", "look b"]
    assert finishes(world) == ["xml_tool_limit_reached", "stop"]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("name", "arguments"), [("ask", {"question": "Which?"}), ("complete", {"summary": "Done."})]
)
async def test_ending_the_turn_is_a_finish_reason(
    dialect: Dialect, name: str, arguments: dict[str, str]
) -> None:
    ending: Tool = NAMED[name]
    world = World(ProcessorConfig(dialect=dialect))

    await world.work(ScriptedGateway([reply(call(ending, dict(arguments), dialect))]))

    assert finishes(world) == ["agent_terminated"]


async def test_the_providers_finish_reasons() -> None:
    world = World(ProcessorConfig(native_max_auto_continues=0))
    look = NativeCall("look", {"text": "a"})
    filtered = reply("Hm. ", look, stop="content_filter")
    gateway = ScriptedGateway([reply(look), filtered, reply("Cut ", stop="length")])

    assert await world.work(gateway) == Finished("length")

    assert finishes(world) == ["tool_calls", "content_filter", "length"]


async def test_a_call_that_the_filter_cut_never_runs() -> None:
    world = World()
    named_only = NativeCall("complete", "")

    await world.work(ScriptedGateway([reply("Hm. ", named_only, stop="content_filter"), reply("Oh.")]))

    (result,) = world.result_texts()
    assert "cut off before its arguments" in result


def test_a_registry_knows_what_ends_a_turn() -> None:
    registry = Registry(NAMED.values())

    assert registry.ends_turn("ask")
    assert not registry.ends_turn("look")
    assert not registry.ends_turn("nobody's")


async def test_a_stop_is_a_finish_reason() -> None:
    world, pause = World(), Pause()
    loop = world.loop(ScriptedGateway([reply("So far", pause)]))
    task = asyncio.create_task(loop.run())
    await pause.reached.wait()
    task.cancel()
    await asyncio.wait({task})

    await loop.settle_stopped()

    assert finishes(world) == ["interrupted"]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_people_are_shown_what_the_model_does_not_read(dialect: Dialect) -> None:
    world = World(ProcessorConfig(dialect=dialect), extra=(paint,))
    painting = NativeCall("paint", {}) if dialect == "native" else call(paint, {}, dialect)
    gateway = ScriptedGateway([reply(painting), reply("Done.")])
    await world.work(gateway)
    coloured = "\x1b[31mred\x1b[0m"
    (finished,) = (event for event in world.events if event.type == "tool.finished")
    (stored,) = (part for message in world.messages for part in message.parts if part.type == "tool_result")
    for told in (finished, stored):
        assert (told.output, told.display) == ("red", coloured)
    assert "red" in str(gateway.requests[-1].messages)
    assert "x1b" not in str(gateway.requests[-1].messages)
