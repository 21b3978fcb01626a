"""Whatever the log, its decisions leave whole pairs, the task, and a request within the window."""

from hypothesis import given, settings
from hypothesis import strategies as st

from factotum.agent.compaction import compaction, fitting
from factotum.agent.config import ProcessorConfig
from factotum.agent.rendering import ModelMessage
from factotum.agent.shortening import decide
from factotum.agent.transcript import Transcript
from factotum.agent.window import bounds
from factotum.protocol.dialect import Dialect
from factotum.protocol.messages import Message, Part, ReferencesPart, TextPart, ToolCallPart
from tests.agent.context_support import Log, result

DIALECTS: st.SearchStrategy[Dialect] = st.sampled_from(("native", "invoke", "tag"))
SIZES = st.sampled_from((1, 30, 900, 2_500, 9_000, 60_000))
ACTS = st.one_of(
    st.tuples(st.just("user"), SIZES),
    st.tuples(st.just("says"), SIZES),
    st.tuples(st.just("cut"), SIZES),
    st.tuples(st.just("calls"), st.lists(SIZES, min_size=1, max_size=3)),
    st.tuples(st.just("steered"), SIZES),
)
WINDOW = 20_000


@settings(max_examples=150)
@given(dialect=DIALECTS, task=SIZES, acts=st.lists(ACTS, max_size=25), summarises=st.booleans())
def test_any_log_fits_its_window(
    dialect: Dialect, task: int, acts: list[tuple[str, int | list[int]]], summarises: bool
) -> None:
    log = Log()
    messages = [log("user", "t" * task)]
    transcript = Transcript(ProcessorConfig(dialect=dialect))
    for number, act in enumerate(acts):
        before = transcript.messages()
        messages += _messages(log, number, act)
        transcript.update(messages)
        assert _is_prefix(before, transcript.messages())
        _make_room(log, messages, transcript, summarises=summarises)
        assert transcript.tokens(len) <= WINDOW
        rendered = transcript.messages()
        _check_pairs(rendered)
        assert str(rendered[0]["content"])[:30] == "t" * min(task, 30)
        if act[0] == "user":
            assert rendered[-1]["role"] == "user"
        fresh = Transcript(ProcessorConfig(dialect=dialect))
        fresh.update(messages)
        assert fresh.messages() == rendered


def _make_room(log: Log, messages: list[Message], transcript: Transcript, *, summarises: bool) -> None:
    """Decide as the loop does, with one character for a token."""
    within = bounds(WINDOW)
    if transcript.tokens(len) <= within.full:
        return
    decision = decide(transcript, len, 0, within)
    assert decision is not None
    parts: list[Part] = [ReferencesPart(ids=decision.references)] if decision.references else []
    if decision.cut is not None:
        gone = [
            m for segment in transcript.segments[transcript.kept : decision.cut] for m in segment.messages
        ]
        parts.append(
            compaction(
                gone,
                [],
                transcript.compaction,
                keeps=transcript.keeps(decision.cut),
                summary="s" * 5_000 if summarises else None,
                fit=lambda text, share: fitting(text, int(within.summary * share), len),
            )
        )
    old = transcript.tokens(len)
    messages.append(log("user", *parts))
    transcript.update(messages)
    assert transcript.tokens(len) < old


def _messages(log: Log, number: int, act: tuple[str, int | list[int]]) -> list[Message]:
    match act:
        case ("user", int(size)):
            return [log("user", "u" * size)]
        case ("cut", int(size)):
            return [log("assistant", TextPart(text="c" * size, cut="length")), log("assistant", "end")]
        case ("calls", list(sizes)):
            calls = [ToolCallPart(call_id=f"{number}.{n}", name="look") for n in range(len(sizes))]
            results = [log("tool", result(f"{number}.{n}", "r" * size)) for n, size in enumerate(sizes)]
            return [log("assistant", *calls), *reversed(results)]
        case ("steered", int(size)):
            call = ToolCallPart(call_id=f"{number}", name="look")
            return [
                log("assistant", call),
                log("user", "Hurry."),
                log("tool", result(f"{number}", "r" * size)),
            ]
        case _:
            return [log("assistant", "a" * 700)]


def _is_prefix(before: list[ModelMessage], after: list[ModelMessage]) -> bool:
    return after[: len(before)] == before


def _check_pairs(rendered: list[ModelMessage]) -> None:
    awaited: list[str] = []
    for message in rendered:
        if message["role"] == "tool":
            assert message["tool_call_id"] in awaited
            awaited.remove(str(message["tool_call_id"]))
        else:
            assert not awaited
        calls = message.get("tool_calls")
        awaited += (
            [str(call["id"]) for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
        )
    assert not awaited
