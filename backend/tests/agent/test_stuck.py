"""What counts as repeating oneself, and what does not."""

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.agent.config import ProcessorConfig
from factotum.agent.outcome import Awaiting
from factotum.agent.stuck import (
    ALTERNATING,
    SAME_ERROR,
    SAME_RESULT,
    SAME_WORDS,
    ask_for_help,
    repetition,
    told_to_change,
)
from factotum.protocol.messages import Message, Outcome, Part, Role, TextPart, ToolCallPart, ToolResultPart
from factotum.testing.scripted_gateway import NativeCall, Pause, Reply, ScriptedGateway, call, reply
from tests.agent.agent_support import NAMED, World, check_laws
from tests.agent.scenarios import act

_numbers = itertools.count(1)


def _message(role: Role, *parts: Part) -> Message:
    number = next(_numbers)
    return Message(
        id=f"m{number}",
        thread_id="t",
        run_id="r",
        position=number,
        role=role,
        parts=parts,
        created_at=datetime.now(UTC),
    )


def said(text: str) -> list[Message]:
    return [_message("assistant", TextPart(text=text))]


def person(text: str = "Go on.") -> list[Message]:
    return [_message("user", TextPart(text=text))]


def did(
    name: str,
    about: str = "",
    output: str = "ok",
    outcome: Outcome = "ok",
    *,
    fault: str | None = None,
    words: str = "",
) -> list[Message]:
    return did_all((name, about, output, outcome, fault), words=words)


def did_all(*calls: tuple[str, str, str, Outcome, str | None], words: str = "") -> list[Message]:
    """One step; ids and words differ each time."""
    made: list[Part] = [TextPart(text=words or f"Step {next(_numbers)}")]
    results: list[Message] = []
    for name, about, output, outcome, fault in calls:
        call_id = f"c{next(_numbers)}"
        made.append(ToolCallPart(call_id=call_id, name=name, arguments={"about": about}, fault=fault))
        results.append(
            _message("tool", ToolResultPart(call_id=call_id, name=name, output=output, outcome=outcome))
        )
    return [_message("assistant", *made), *results]


def found(*steps: Sequence[Message]) -> str | None:
    return repetition(reversed([message for step in steps for message in step]))


def test_the_same_call_with_the_same_result() -> None:
    same = [did("shell", "ls") for _ in range(SAME_RESULT)]
    assert found(*same) == "the same call of shell 4 times, with the same result"
    assert found(*same[1:]) is None
    assert found(*same[1:], did("shell", "pwd")) is None
    assert found(did("shell", "pwd"), *same) is not None


def test_the_same_call_with_the_same_error() -> None:
    same = [did("read", "a", "No such file.", "error") for _ in range(SAME_ERROR)]
    assert found(*same) == "the same call of read 3 times, with the same error"
    assert found(*same[1:]) is None
    assert found(*same[1:], did("read", "a", "Another error.", "error")) is None


def test_a_poll_whose_answer_changes_is_no_repetition() -> None:
    assert found(*[did("shell", "status", f"{n} %") for n in range(50)]) is None
    assert found(*[did("shell", "status", f"try {n}", "error") for n in range(50)]) is None
    waits = [step for n in range(20) for step in (did("shell", "sleep 1"), did("shell", "status", f"{n} %"))]
    assert found(*waits) is None


def test_the_same_words_without_a_call() -> None:
    assert (
        found(said("Well."), said(" Well."), said("Well."))
        == "the same words 3 times, without calling a tool"
    )
    assert found(said("Well."), said("Well.")) is None
    assert found(said("One."), said("Two."), said("Three.")) is None
    assert found(did("shell"), said("Well."), said("Well.")) is None


def test_two_steps_that_take_turns() -> None:
    turns = [did("read", "a") if n % 2 else did("write", "b", words="") for n in range(ALTERNATING)]
    assert found(*turns) == "the same two steps in turn, read and write, with the same results"
    assert found(*turns[1:]) is None
    assert found(*turns[:-1], did("read", "c")) is None
    with_words = [did("read", "a") if n % 2 else said("Hm.") for n in range(ALTERNATING)]
    assert found(*with_words) == "the same two steps in turn, read and words, with the same results"


def test_calls_that_cannot_run_again_and_again() -> None:
    faulty = [did("shell", f"{n}", f"Error {n}", "error", fault=f"Error {n}") for n in range(4)]
    assert found(*faulty) == "4 calls in a row that could not run, the last one of shell"
    assert found(*faulty[1:]) is None
    assert found(*faulty[:-1], did("shell", "ls")) is None
    mixed = did_all(("a", "", "x", "error", "x"), ("b", "", "ok", "ok", None))
    assert found(*faulty[:-1], mixed) is None


def test_several_calls_are_one_step() -> None:
    both: tuple[tuple[str, str, str, Outcome, str | None], ...] = (
        ("a", "1", "x", "ok", None),
        ("b", "2", "y", "ok", None),
        ("a", "3", "z", "ok", None),
    )
    assert (
        found(*[did_all(*both) for _ in range(4)]) == "the same call of a and b 4 times, with the same result"
    )
    assert found(*[did_all(*both[: 2 + n % 2]) for n in range(4)]) is None


def test_counting_begins_anew_after_a_person_spoke() -> None:
    same = [did("shell", "ls") for _ in range(3)]
    assert found(*same, person(), *same) is None
    assert found(*same, person(), *same, did("shell", "ls")) is not None
    assert found(person()) is None
    assert found() is None


def test_a_call_without_a_result_is_compared_too() -> None:
    lonely = _message("assistant", ToolCallPart(call_id="c", name="shell"))
    assert found([lonely], [lonely], [lonely]) is None
    assert found(*[[lonely]] * 4) == "the same call of shell 4 times, with the same result"


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(("1", "2"))), max_size=12))
def test_only_a_few_of_the_last_messages_are_read(steps: list[tuple[str, str]]) -> None:
    made = [did(name, output=output) for name, output in steps]
    long = [did("other", f"{n}") for n in range(200)]
    reads = 0

    def counted(messages: Sequence[Message]) -> Iterator[Message]:
        nonlocal reads
        for message in reversed(messages):
            reads += 1
            yield message

    flat = [message for step in (*long, *made) for message in step]
    assert repetition(counted(flat)) == found(*made)
    assert reads <= 2 * ALTERNATING + 1


@pytest.mark.parametrize("choice", ["Try another way", " try ANOTHER way "])
def test_the_choice_tells_the_model_what_it_repeats(choice: str) -> None:
    question = ask_for_help("the same call of shell 4 times, with the same result")
    assert question.reason == "stuck"
    assert question.text.startswith("The agent repeats itself: the same call of shell 4 times")
    told = told_to_change(question, choice)
    assert told.startswith(
        "The agent repeats itself: the same call of shell 4 times, with the same result. Think"
    )
    assert told_to_change(question, "Use python.") == "Use python."


PATTERNS: dict[str, tuple[list[Reply], str]] = {
    "result": ([act("native", "plan")] * SAME_RESULT, "with the same result"),
    "error": ([reply(call(NAMED["fail"], {}))] * SAME_ERROR, "with the same error"),
    "in turn": ([act("native", "plan"), act("native", "look:a")] * (ALTERNATING // 2), "in turn"),
    "cannot run": (
        [reply(f"{n}.", NativeCall(name, "{}")) for n, name in enumerate(("no", "look", "none", "send"))],
        "calls in a row that could not run",
    ),
}


@pytest.mark.parametrize("name", PATTERNS)
async def test_a_run_that_repeats_itself_asks_and_spends_nothing_more(name: str) -> None:
    replies, says = PATTERNS[name]
    world = World()
    gateway = ScriptedGateway([*replies, reply("Never asked for.")])

    outcome = await world.work(gateway)

    assert isinstance(outcome, Awaiting)
    assert outcome.question.reason == "stuck"
    assert says in outcome.question.text
    assert (gateway.left, len(gateway.requests)) == (1, len(replies))
    check_laws(world)


async def test_saying_the_same_over_and_over_asks_too() -> None:
    """An answer ends a run, so that words repeat only where their ends are cut off and workers change."""
    world = World(ProcessorConfig(native_max_auto_continues=9))
    pauses = [Pause() for _ in range(SAME_WORDS)]
    gateway = ScriptedGateway([reply("The same. ", pause, stop="length") for pause in pauses])
    for pause in pauses:
        loop = world.loop(gateway)
        task = asyncio.create_task(loop.run())
        await pause.reached.wait()
        loop.hand_over()
        pause.go_on.set()
        world.run.leave(world.run.attempt, await task)

    outcome = await world.work(gateway)

    assert isinstance(outcome, Awaiting)
    assert "the same words 3 times" in outcome.question.text
