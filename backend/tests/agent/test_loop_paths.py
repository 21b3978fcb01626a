"""The loop over a scripted model: every way in which a step and a run can go and end."""

import asyncio

import pytest

from factotum.agent.config import ProcessorConfig
from factotum.agent.outcome import Awaiting, Finished, HandedOver
from factotum.llm.faults import ModelFault
from factotum.llm.port import StopReason
from factotum.protocol.dialect import Dialect
from factotum.protocol.messages import ReasoningPart, TextPart, ToolCallPart
from factotum.protocol.runs import ContextSize, Usage
from factotum.testing.scripted_gateway import (
    STEP_USAGE,
    NativeCall,
    Pause,
    ScriptedGateway,
    ScriptIsDry,
    call,
    reasoning,
    reply,
)
from tests.agent.agent_support import NAMED, World, check_laws, check_prefixes, contents

DIALECTS: tuple[Dialect, ...] = ("native", "invoke", "tag")


async def test_an_answer_without_calls_ends_the_run() -> None:
    world = World()
    gateway = ScriptedGateway([reply(reasoning("Hm."), "It is ", "done.")])

    assert await world.work(gateway) == Finished("answered")

    assert world.messages[-1].parts == (ReasoningPart(text="Hm."), TextPart(text="It is done."))
    assert world.run.usage == STEP_USAGE.model_copy(
        update={"context": ContextSize(tokens=12, window=128_000)}
    )
    assert world.run.step == 1
    assert world.told() == ["message.created", "usage.recorded"]
    assert world.shown_text() == "It is done."
    assert gateway.open_streams == 0
    check_laws(world)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_call_runs_and_the_model_goes_on(dialect: Dialect) -> None:
    world = World(ProcessorConfig(dialect=dialect))
    gateway = ScriptedGateway(
        [
            reply("Looking.", call(NAMED["look"], {"text": "a"}, dialect)),
            reply("Seen."),
        ]
    )

    assert await world.work(gateway) == Finished("answered")

    assert world.done == ["look a"]
    assert world.result_texts() == ["saw a"]
    assert world.told() == [
        "message.created",
        "usage.recorded",
        "tool.started",
        "tool.finished",
        "message.created",
        "message.created",
        "usage.recorded",
    ]
    assert gateway.requests[0].tools == (world.registry().schemas() if dialect == "native" else ())
    check_prefixes(gateway.requests)
    check_laws(world)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("strategy", ["sequential", "parallel"])
async def test_several_calls_of_one_message(dialect: Dialect, strategy: str) -> None:
    parallel = strategy == "parallel"
    world = World(
        ProcessorConfig(dialect=dialect, tool_execution_strategy="parallel" if parallel else "sequential")
    )
    calls = [call(NAMED["look"], {"text": text}, dialect) for text in "abc"]
    gateway = ScriptedGateway([reply(*calls), reply("Seen.")])

    assert await world.work(gateway) == Finished("answered")

    assert sorted(world.done) == ["look a", "look b", "look c"]
    if not parallel:
        assert world.done == sorted(world.done)
    (message,) = [message for message in world.messages if message.calls]
    assert [world.results()[part.call_id].output for part in message.calls] == ["saw a", "saw b", "saw c"]
    check_prefixes(gateway.requests)
    check_laws(world)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_complete_ends_the_run_and_settles_the_calls_after_it(dialect: Dialect) -> None:
    world = World(ProcessorConfig(dialect=dialect))
    await _write(world, "out.txt")
    finish = call(NAMED["complete"], {"summary": "All done.", "deliverables": ["out.txt"]}, dialect)
    gateway = ScriptedGateway([reply(finish, call(NAMED["send"], {"text": "late"}, dialect))])

    outcome = await world.work(gateway)

    assert isinstance(outcome, Finished)
    assert (outcome.reason, outcome.deliverables) == ("complete", ("out.txt",))
    assert world.done == []
    late, closing = world.results().values()
    assert (closing.output, closing.outcome) == ("All done.", "ok")
    assert late.outcome == "stopped"
    assert "the task was completed first" in late.output
    check_laws(world)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_ask_waits_and_the_answer_becomes_the_result(dialect: Dialect) -> None:
    world = World(ProcessorConfig(dialect=dialect))
    question = call(NAMED["ask"], {"question": "Red or blue?", "choices": ["Red", "Blue"]}, dialect)
    gateway = ScriptedGateway(
        [reply(question, call(NAMED["send"], {"text": "late"}, dialect)), reply("Blue it is.")]
    )

    outcome = await world.work(gateway)

    assert isinstance(outcome, Awaiting)
    assert outcome.question.choices == ("Red", "Blue")
    world.run.reply("Blue")
    assert await world.work(gateway) == Finished("answered")
    results = {part.name: part for part in world.results().values()}
    assert (results["ask"].output, results["ask"].outcome) == ("Blue", "ok")
    assert "the run waits for an answer first" in results["send"].output
    assert world.done == []
    assert world.run.question is None
    check_prefixes(gateway.requests)
    check_laws(world)


async def test_only_one_of_several_endings_counts_in_parallel() -> None:
    world = World(ProcessorConfig(tool_execution_strategy="parallel"))
    asking = {"question": "Which?"}
    gateway = ScriptedGateway(
        [
            reply(
                NativeCall("complete", {"summary": "Done."}),
                NativeCall("ask", asking),
                NativeCall("ask", {"question": "Really?"}),
                NativeCall("look", {"text": "a"}),
            ),
            reply("Good."),
        ]
    )

    outcome = await world.work(gateway)

    assert isinstance(outcome, Awaiting)
    assert outcome.question.text == "Which?"
    assert world.done == ["look a"]
    world.run.reply("This.")
    await world.work(gateway)
    outputs = {part.output for part in world.results().values()}
    assert "This." in outputs
    skipped = [output for output in outputs if output.startswith("Not executed")]
    assert skipped == [
        "Not executed: the run waits for an answer first. Call it again if it is still needed."
    ]
    check_laws(world)


async def test_the_first_of_two_completions_counts_in_parallel() -> None:
    world = World(ProcessorConfig(tool_execution_strategy="parallel"))
    first, second = NativeCall("complete", {"summary": "One."}), NativeCall("complete", {"summary": "Two."})

    outcome = await world.work(ScriptedGateway([reply(first, second)]))

    assert isinstance(outcome, Finished)
    assert outcome.closing is not None
    assert outcome.closing.result.text == "One."
    assert any("the task was completed first" in text for text in world.result_texts())
    check_laws(world)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_calls_that_cannot_run_become_results_that_the_model_reads(dialect: Dialect) -> None:
    world = World(ProcessorConfig(dialect=dialect))
    gateway = ScriptedGateway(
        [
            reply(call(NAMED["send"], {"text": "a", "copies": "many"}, dialect)),
            reply(call(NAMED["look"], {"text": ""}, dialect)),
            reply(call(NAMED["fail"], {}, dialect)),
            reply("I give up."),
        ]
    )

    assert await world.work(gateway) == Finished("answered")

    wrong, empty, failed = world.result_texts()
    assert "Error (invalid_arguments)" in wrong
    assert "copies" in wrong
    assert "Error (invalid_arguments)" in empty
    assert failed == "Error (no_fit): It does not fit.\nTake another."
    assert {part.outcome for part in world.results().values()} == {"error"}
    assert world.done == []
    assert world.run.ledger[next(iter(world.results()))].effect == "pure"
    check_prefixes(gateway.requests)
    check_laws(world)


@pytest.mark.parametrize(
    ("dialect", "written"),
    [
        ("native", NativeCall("lok", {"text": "a"})),
        ("invoke", '<function_calls><invoke name="lok"></invoke></function_calls>'),
    ],
)
async def test_an_unknown_tool_is_named_back(dialect: Dialect, written: str | NativeCall) -> None:
    world = World(ProcessorConfig(dialect=dialect))

    await world.work(ScriptedGateway([reply(written), reply("Oh.")]))

    (text,) = world.result_texts()
    assert "Error (unknown_tool)" in text
    assert "Did you mean look?" in text
    check_laws(world)


async def test_a_tag_of_no_tool_is_prose() -> None:
    world = World(ProcessorConfig(dialect="tag"))

    assert await world.work(ScriptedGateway([reply("<lok>a</lok>")])) == Finished("answered")

    assert world.messages[-1].text == "<lok>a</lok>"


@pytest.mark.parametrize("stop", ["tool_calls", "length"])
async def test_a_broken_native_call_never_runs(stop: StopReason) -> None:
    world = World()
    gateway = ScriptedGateway([reply(NativeCall("send", '{"text": "al'), stop=stop), reply("Again later.")])

    assert await world.work(gateway) == Finished("answered")

    assert world.done == []
    (result,) = world.results().values()
    assert result.outcome == "error"
    assert "it was cut off before the end of its arguments" in result.output
    check_prefixes(gateway.requests)
    check_laws(world)


@pytest.mark.parametrize(
    ("dialect", "written"),
    [
        ("invoke", 'Now <function_calls><invoke name="send"><parameter name="text">half'),
        ("tag", "Now <send><text>half"),
    ],
)
async def test_a_cut_xml_call_never_runs(dialect: Dialect, written: str) -> None:
    world = World(ProcessorConfig(dialect=dialect, native_max_auto_continues=0))

    await world.work(ScriptedGateway([reply(written, stop="length"), reply("Again.")]))

    assert world.done == []
    (result,) = world.results().values()
    assert result.outcome == "error"
    assert world.messages[1].text == "Now "
    check_laws(world)


async def test_a_nameless_call_is_stored_under_a_name_that_providers_take() -> None:
    world = World()
    gateway = ScriptedGateway(
        [reply(NativeCall("", "{}"), NativeCall("run it; now\u00e9", "{}")), reply("Well.")]
    )

    await world.work(gateway)

    calls = [part for part in world.messages[1].parts if isinstance(part, ToolCallPart)]
    assert {part.name for part in calls} == {"unnamed", "run_it__now_"}
    assert all("not run" in text or "unknown_tool" in text for text in world.result_texts())
    check_laws(world)


async def test_half_characters_are_replaced_wherever_they_come() -> None:
    world = World()
    broken = NativeCall("look", {"text": "\ud83d"})
    gateway = ScriptedGateway([reply(reasoning("\ud83d"), "a\ud83d", broken), reply("Ok.")])

    assert await world.work(gateway) == Finished("answered")

    assert world.messages[1].text == "a?"
    assert world.messages[1].calls[0].arguments == {"text": "?"}
    assert "surrogate" in world.result_texts()[0]


async def test_the_limit_of_xml_calls_ends_the_stream() -> None:
    world = World(ProcessorConfig(dialect="invoke", max_xml_tool_calls=1))
    first, second = (call(NAMED["look"], {"text": text}, "invoke") for text in "ab")
    gateway = ScriptedGateway([reply(first, second), reply("Seen.")])

    assert await world.work(gateway) == Finished("answered")

    assert world.done == ["look a"]
    assert gateway.open_streams == 0
    check_laws(world)


async def test_an_empty_response_is_asked_for_again_and_its_cost_is_kept() -> None:
    world = World()
    gateway = ScriptedGateway([reply(reasoning("Hm.")), reply("  \n"), reply("Here.")])

    assert await world.work(gateway) == Finished("answered")

    assert world.run.usage.model_copy(update={"context": None}) == STEP_USAGE.plus(STEP_USAGE).plus(
        STEP_USAGE
    )
    assert world.told() == ["message.discarded"] * 2 + ["message.created", "usage.recorded"]
    check_laws(world)


async def test_a_model_that_stays_empty_fails_the_run() -> None:
    world = World()
    loop = world.loop(ScriptedGateway([reply()] * 3))

    with pytest.raises(ModelFault) as caught:
        await loop.run()

    assert caught.value.kind == "empty_response"
    assert len(world.messages) == 1
    assert loop.usage.input_tokens == 3 * STEP_USAGE.input_tokens


@pytest.mark.parametrize("bound", [0, 2])
async def test_a_cut_answer_is_continued_up_to_the_bound(bound: int) -> None:
    world = World(ProcessorConfig(native_max_auto_continues=bound))
    gateway = ScriptedGateway(reply(f"Part {number}. ", stop="length") for number in range(5))

    assert await world.work(gateway) == Finished("length")

    assert gateway.left == 4 - bound
    assert [role for role, _ in contents(gateway.requests[-1])] == ["user"] + ["assistant", "user"] * bound
    if bound:
        assert str(contents(gateway.requests[-1])[-1][1]).startswith("<context>Your last message was cut off")
    check_prefixes(gateway.requests)
    check_laws(world)


async def test_calls_start_the_count_of_continues_anew() -> None:
    world = World(ProcessorConfig(native_max_auto_continues=1))
    look = NativeCall("look", {"text": "a"})
    gateway = ScriptedGateway(
        [
            reply("One ", stop="length"),
            reply("two.", look),
            reply("Three ", stop="length"),
            reply("four."),
        ]
    )

    assert await world.work(gateway) == Finished("answered")

    assert gateway.left == 0
    check_prefixes(gateway.requests)
    check_laws(world)


async def test_calls_before_the_cut_run_and_need_no_continuing() -> None:
    world = World()
    gateway = ScriptedGateway(
        [reply("Text", NativeCall("look", {"text": "a"}), stop="length"), reply("Seen.")]
    )

    assert await world.work(gateway) == Finished("answered")

    assert [role for role, _ in contents(gateway.requests[-1])] == ["user", "assistant", "tool"]
    assert world.messages[1].parts[0] == TextPart(text="Text")


async def test_the_filter_of_the_provider_fails_the_run_and_keeps_the_text() -> None:
    world = World()

    with pytest.raises(ModelFault) as caught:
        await world.work(ScriptedGateway([reply("Well, ", stop="content_filter")]))

    assert caught.value.kind == "content_filtered"
    assert world.messages[-1].parts == (TextPart(text="Well, ", cut="content_filter"),)


async def test_a_stream_that_breaks_is_discarded_and_asked_for_again() -> None:
    world = World()
    broken = ModelFault("broken_stream", "It broke.", partial=True)
    gateway = ScriptedGateway([reply("Half an ans", broken), reply("A whole answer.")])

    assert await world.work(gateway) == Finished("answered")

    assert [message.text for message in world.messages] == ["Do it.", "A whole answer."]
    assert world.told() == ["message.discarded", "message.created", "usage.recorded"]
    assert gateway.requests[0] == gateway.requests[1]
    check_laws(world)


@pytest.mark.parametrize(
    ("fault", "tries"),
    [
        (ModelFault("stalled", "It stalled.", partial=True), 3),
        (ModelFault("bad_request", "It is wrong.", partial=True), 1),
        (ModelFault("rate_limited", "Too much."), 1),
    ],
)
async def test_faults_that_stay_or_cannot_be_retried_end_the_run(fault: ModelFault, tries: int) -> None:
    world = World()
    gateway = ScriptedGateway([reply("Half", fault)] * 5)

    with pytest.raises(ModelFault) as caught:
        await world.work(gateway)

    assert caught.value is fault
    assert len(gateway.requests) == tries
    assert len(world.messages) == 1
    assert world.told() == ["message.discarded"] * tries


async def test_a_drained_worker_hands_over_at_the_next_step() -> None:
    world = World()
    gateway = ScriptedGateway([reply(NativeCall("look", {"text": "a"})), reply("Seen.")])
    loop = world.loop(gateway)
    loop.hand_over()

    outcome = await loop.run()

    assert outcome == HandedOver()
    world.run.leave(1, outcome)
    assert gateway.left == 2
    assert await world.work(gateway) == Finished("answered")
    check_laws(world)


async def test_a_run_that_is_cut_off_takes_no_further_step_even_when_its_cancellation_got_lost() -> None:
    world = World()
    gateway = ScriptedGateway([reply(NativeCall("look", {"text": "a"})), reply("Seen.")])
    loop = world.loop(gateway)
    loop.hand_over()
    loop.cut_off()

    with pytest.raises(asyncio.CancelledError):
        await loop.run()

    assert gateway.left == 2


async def test_a_draft_that_a_drain_cut_is_withdrawn_by_the_next_attempt() -> None:
    world = World()
    pause = Pause()
    cut = asyncio.create_task(world.work(ScriptedGateway([reply("Half", pause)])))
    await pause.reached.wait()
    cut.cancel()
    await asyncio.wait({cut})

    assert await world.work(ScriptedGateway([reply("Whole.")])) == Finished("answered")

    check_laws(world)


async def test_a_plan_is_kept_with_the_run_and_shown() -> None:
    world = World()

    await world.work(ScriptedGateway([reply(NativeCall("plan", "")), reply("Planned.")]))

    assert world.run.plan is not None
    assert "plan.updated" in world.told()


async def test_a_script_that_runs_dry_says_so() -> None:
    with pytest.raises(ScriptIsDry, match=r"all of its replies are played, in 0 requests.*Do it\."):
        await World().work(ScriptedGateway([]))


async def test_usage_adds_up_over_steps_and_attempts() -> None:
    world = World()
    used = Usage(input_tokens=100, output_tokens=7)
    gateway = ScriptedGateway(
        [reply(NativeCall("ask", {"question": "Well?"}), usage=used), reply("Good.", usage=used)]
    )
    await world.work(gateway)
    world.run.reply("Yes.")
    loop = world.loop(gateway)

    await loop.run()

    assert loop.usage == world.run.usage
    assert loop.usage.model_copy(update={"context": None}) == used.plus(used)


async def _write(world: World, path: str) -> None:
    async def content():
        yield b"x"

    await world.sandbox.write(path, content(), limit=10)
