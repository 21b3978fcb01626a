"""The parts of the context window, each alone: counting, references, summaries, and what is chosen to go."""

import math

import pytest

from factotum.agent.compaction import compaction, fitting, record_of, summary_message, summary_request
from factotum.agent.config import ProcessorConfig
from factotum.agent.references import WORTH_IT, by_reference, outputs, words
from factotum.agent.rendering import render
from factotum.agent.shortening import Decision, decide
from factotum.agent.transcript import Transcript, bytes_of, tokens_of
from factotum.agent.window import Bounds, Meter, bounds
from factotum.llm.tokens import counter_for
from factotum.protocol.messages import (
    CompactionPart,
    ReasoningPart,
    ReferencesPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from factotum.protocol.runs import ContextSize, Usage
from tests.agent.context_support import Log, result, step

COUNTER = counter_for("gpt-5")


def fit(text: str, share: float) -> str:
    return fitting(text, int(300 * share), COUNTER.count)


def test_a_meter_learns_from_what_the_model_reports() -> None:
    meter = Meter(counter_for("claude"), 10_000)
    assert meter.counted(13_000) == 10_000

    meter.sends(1_000)
    told = meter.told(Usage(input_tokens=2_000, output_tokens=50))

    assert told.context == ContextSize(tokens=2_050, window=10_000)
    assert meter.counted(2_000) == 1_000
    for sent, reported in [(None, 9_000), (100, 300), (1_000, 10), (1_000, 9_000)]:
        meter.sends(sent)
        meter.told(Usage(input_tokens=reported))
        assert meter.counted(2_000) == 1_000, (sent, reported)


def test_a_meter_believes_a_refusal_more_than_a_catalogue() -> None:
    meter = Meter(COUNTER, 10_000)
    meter.overflowed()
    assert meter.window == 10_000
    meter.sends(4_000)
    meter.overflowed()
    assert meter.window == 4_000
    assert meter.told(Usage(output_tokens=5)).context is None


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (1_000, Bounds(800, 600, 200)),
        (20_000, Bounds(16_000, 12_000, 1_000)),
        (1_000_000, Bounds(800_000, 600_000, 1_500)),
    ],
)
def test_bounds_are_shares_of_the_window(size: int, expected: Bounds) -> None:
    assert bounds(size) == expected


def test_every_token_has_a_byte() -> None:
    log = Log()
    messages = render(
        [log("user", "Grüße, 世界 🎉"), *step(log, "c", "ä" * 50)], ProcessorConfig(dialect="native")
    )
    assert tokens_of(messages, COUNTER.count) <= bytes_of(messages)


def test_a_long_output_is_shown_by_its_begin_and_how_to_read_more() -> None:
    log = Log()
    text = "\n".join(f"line {number}" for number in range(500))
    message = log("tool", ToolResultPart(call_id="c1", name="shell", output=text), result("c2", "short"))

    (shortened,) = outputs([message], set())
    shown = by_reference(message, {"c1"})

    first, second = shown.parts
    assert isinstance(first, ToolResultPart)
    assert first.output == shortened.reference
    assert first.output.startswith("line 0\nline 1\n")
    assert "of this output of shell" in first.output
    assert f"{len(text):,} characters in 500 lines" in first.output
    assert first.output.endswith("call expand_output with call_id c1 and start 400.]")
    assert len(first.output) < 700
    assert second == message.parts[1]
    assert list(outputs([message], {"c1"})) == []
    assert by_reference(message, {"c3"}) is message


def test_a_persons_long_message_keeps_its_begin_and_its_end() -> None:
    log = Log()
    message = log("user", "Please " + "read this. " * 1_000 + "And then sing.")

    (shortened,) = words([message, log("user", "Short."), log("assistant", "x" * 9_000)], set())
    shown = by_reference(message, {message.id})

    assert shown.text == shortened.reference
    assert shown.text.startswith("Please read this.")
    assert shown.text.endswith("And then sing.")
    assert f"call_id {message.id} and start 1500" in shown.text
    assert list(words([message], {message.id})) == []
    assert by_reference(message, set()) is message
    assert len(shown.text) < len(message.text) - WORTH_IT


def test_a_summary_says_what_it_is_and_cannot_leave_its_place() -> None:
    part = CompactionPart(summary="All </context> gone.", until="m", messages=7, turns=3)

    said = str(summary_message(part)["content"])

    assert said.startswith("<context>\nThe earlier part of this conversation was summarised to save room: 7 ")
    assert "3 of them yours" in said
    assert said.count("</context>") == 1
    dropped = part.model_copy(update={"summarised": False})
    assert "was left out to save room" in str(summary_message(dropped)["content"])


def test_a_record_holds_who_said_and_did_what_each_bounded() -> None:
    log = Log()
    call = ToolCallPart(call_id="c1", name="shell", arguments={"command": "y" * 5_000})
    messages = [
        log("user", "Do it."),
        log("assistant", ReasoningPart(text="Hm."), TextPart(text=" "), "Looking.", call),
        log("tool", result("c1", "z" * 50_000)),
    ]
    before = CompactionPart(summary="It began.", until="m", messages=7, turns=3)

    record = record_of(messages, before)

    assert record.startswith("# Earlier record\nIt began.\n# Since then\nPerson: Do it.\nAgent: Looking.\n")
    assert "Agent calls shell: " in record
    assert "look (ok, c1): zzz" in record
    assert "Hm." not in record
    assert len(record) < 3_000
    system, wish = summary_request(record, 120)
    assert "At most 120 words" in str(system["content"])
    assert str(wish["content"]).endswith(f"{record}\n</record>")


def test_a_summary_is_bounded_and_carries_the_plan() -> None:
    log = Log()
    task, first, second = log("user", "Do it."), step(log, "c1", "x"), step(log, "c2", "y")
    plan = log("tool", ToolResultPart(call_id="p", name="update_plan", output="[>] One " + "more " * 900))
    before = CompactionPart(summary="It began.", until="m", messages=7, turns=3)

    made = compaction([task, *first, plan], second, before, keeps=[task], summary="word " * 900, fit=fit)

    assert made.summary.startswith("word word")
    assert "\n\n[>] One more" in made.summary
    assert COUNTER.count(made.summary) <= 310
    assert (made.until, made.keeps) == (plan.id, (task.id,))
    assert (made.messages, made.turns, made.summarised) == (11, 4, True)
    newer = compaction([task, *first, plan], [plan], None, keeps=[], summary="Short.", fit=fit)
    assert newer.summary == "Short."


def test_without_a_summary_a_note_says_so_and_the_earlier_one_stays() -> None:
    log = Log()
    before = CompactionPart(summary="It began.", until="m", messages=7, turns=3)

    made = compaction([log("user", "Do it.")], [], before, keeps=[], summary=None, fit=fit)
    first = compaction([log("user", "Do it.")], [], None, keeps=[], summary=None, fit=fit)

    assert not made.summarised
    assert made.summary.startswith("No record could be made")
    assert made.summary.endswith("It began.")
    assert first.summary == made.summary.removesuffix("\n\nIt began.")


def test_the_transcript_reads_what_the_log_decides() -> None:
    log = Log()
    task, first, second = log("user", "Do it."), step(log, "c1", "x" * 3_000), step(log, "c2", "y" * 3_000)
    aside, third = log("user", "Hurry."), step(log, "c3", "z" * 3_000)
    messages = [task, *first, *second, aside, *third]
    transcript = Transcript(ProcessorConfig(dialect="native"))
    transcript.update(messages)
    assert transcript.messages() == render(messages, ProcessorConfig(dialect="native"))
    assert [len(segment.messages) for segment in transcript.segments] == [1, 2, 2, 1, 2]

    messages.append(log("user", ReferencesPart(ids=("c3",)), "A word that nobody reads."))
    transcript.update(messages)
    assert "To save room" in str(transcript.messages()[-1]["content"])

    summary = CompactionPart(summary="S.", until=second[-1].id, keeps=(task.id,), messages=5, turns=2)
    messages.append(log("user", summary))
    transcript.update(messages)
    roles = [message["role"] for message in transcript.messages()]
    assert roles == ["user", "user", "user", "assistant", "tool"]
    assert [m["content"] for m in transcript.messages()[:3]] == [
        "Do it.",
        summary_message(summary)["content"],
        "Hurry.",
    ]

    later = CompactionPart(summary="T.", until=third[-1].id, keeps=(task.id, aside.id), messages=8, turns=3)
    unknown = CompactionPart(summary="U.", until="elsewhere", messages=9, turns=4)
    messages += [log("user", later), log("user", unknown), log("assistant", "Done.")]
    transcript.update(messages)
    contents = [message["content"] for message in transcript.messages()]
    assert contents == ["Do it.", summary_message(later)["content"], "Hurry.", "Done."]

    fresh = Transcript(ProcessorConfig(dialect="native"))
    fresh.update(messages)
    assert fresh.messages() == transcript.messages()
    fresh.update(messages[:3])
    assert fresh.messages() == render(messages[:3], ProcessorConfig(dialect="native"))


def test_what_belongs_together_is_one_segment() -> None:
    log = Log()
    cut = log("assistant", TextPart(text="One, ", cut="length"))
    call = ToolCallPart(call_id="c", name="look")
    messages = [
        log("user", "Do it."),
        cut,
        log("assistant", "two."),
        log("assistant", call),
        log("user", "Hurry."),
        log("tool", result("c", "seen")),
        log("assistant", ToolCallPart(call_id="never", name="look")),
        log("user", "A new task.", run="ffff"),
    ]
    transcript = Transcript(ProcessorConfig(dialect="invoke"))
    transcript.update(messages)

    assert [len(segment.messages) for segment in transcript.segments] == [1, 2, 3, 1, 1]
    assert transcript.messages() == render(messages, ProcessorConfig(dialect="invoke"))


def test_bytes_and_tokens_are_remembered() -> None:
    log = Log()
    transcript = Transcript(ProcessorConfig(dialect="native"))
    transcript.update([log("user", "Do it."), *step(log, "c1", "x")])
    counted: list[str] = []

    def count(text: str) -> int:
        counted.append(text)
        return len(text)

    assert transcript.bytes() == transcript.bytes(uncounted=True) > 0
    first = transcript.tokens(count)
    seen = len(counted)
    assert transcript.tokens(count) == first
    assert len(counted) == seen
    assert transcript.bytes(uncounted=True) == 0


def within(total: int) -> Bounds:
    return Bounds(math.floor(total * 0.8), math.floor(total * 0.6), 200)


def test_old_outputs_go_first_and_the_newest_steps_stay() -> None:
    log = Log()
    steps = [step(log, f"c{n}", f"{n} is long. " * 500) for n in range(5)]
    transcript = Transcript(ProcessorConfig(dialect="native"))
    transcript.update([log("user", "Do it."), *(message for each in steps for message in each)])
    total = transcript.tokens(COUNTER.count)

    assert decide(transcript, COUNTER.count, 0, within(total)) == Decision(("c0", "c1", "c2"))
    assert decide(transcript, COUNTER.count, 0, Bounds(total, total, 200)) is None


def test_then_the_oldest_turns_go_by_summary() -> None:
    log = Log()
    task = log("user", "Do it.")
    steps = [log("assistant", f"{n} is long. " * 300) for n in range(8)]
    transcript = Transcript(ProcessorConfig(dialect="native"))
    transcript.update([task, *steps])
    total = transcript.tokens(COUNTER.count)

    decision = decide(transcript, COUNTER.count, 0, within(total))

    assert decision is not None
    assert decision.references == ()
    assert decision.cut is not None
    assert 4 <= decision.cut <= 6


def test_the_newest_step_is_touched_when_it_alone_is_too_long() -> None:
    log = Log()
    transcript = Transcript(ProcessorConfig(dialect="native"))
    transcript.update(
        [log("user", "Do it."), *step(log, "c0", "x y " * 50), *step(log, "c1", "x y " * 9_000)]
    )

    assert decide(transcript, COUNTER.count, 0, Bounds(8_000, 6_000, 200)) == Decision(("c1",))


def test_a_persons_long_words_go_when_nothing_else_can() -> None:
    log = Log()
    task = log("user", "Do it. " * 9_000)
    transcript = Transcript(ProcessorConfig(dialect="native"))
    messages = [task, *step(log, "c0", "x")]
    transcript.update(messages)
    assert decide(transcript, COUNTER.count, 0, Bounds(8_000, 6_000, 200)) == Decision((task.id,))

    summary = CompactionPart(summary="S.", until=messages[-1].id, keeps=(task.id,), messages=3, turns=1)
    transcript.update([*messages, log("user", summary)])
    assert decide(transcript, COUNTER.count, 0, Bounds(8_000, 6_000, 200)) == Decision((task.id,))


def test_in_the_end_the_newest_steps_are_summarised_too() -> None:
    log = Log()
    said = [log("assistant", "x y " * 4_000) for _ in range(3)]
    transcript = Transcript(ProcessorConfig(dialect="native"))
    transcript.update([log("user", "Do it."), *said])

    assert decide(transcript, COUNTER.count, 0, Bounds(6_000, 5_000, 200)) == Decision((), 4)
    assert decide(transcript, COUNTER.count, 0, Bounds(9_000, 5_000, 200)) == Decision((), 3)
    assert decide(transcript, COUNTER.count, 9_000, Bounds(8_000, 5_000, 200)) == Decision((), 4)


def test_what_cannot_be_shortened_is_left() -> None:
    log = Log()
    transcript = Transcript(ProcessorConfig(dialect="native"))
    transcript.update([log("user", "Do it.")])
    assert decide(transcript, COUNTER.count, 9_000, Bounds(8_000, 5_000, 200)) is None


def test_usage_adds_up_and_keeps_the_newest_size() -> None:
    old, new = ContextSize(tokens=5, window=10), ContextSize(tokens=7, window=10)
    used = Usage(input_tokens=1, context=old)
    assert used.plus(Usage(input_tokens=2)).context == old
    assert used.plus(Usage(input_tokens=2, context=new)).context == new
