"""What a person sees: plain lines whole, and the terminal's moving part within its bounds."""

import io
import re
from collections.abc import Iterable

import pytest
from rich.console import Console

from factotum.cli.cards import card, card_head, footer, glyphs_for
from factotum.cli.reduce import apply
from factotum.cli.render import LiveScreen, PlainScreen
from factotum.cli.summary import Deliverable, print_summary
from factotum.cli.view import CallBlock, View
from factotum.protocol.events import (
    MessageCreated,
    PlanUpdated,
    RunEvent,
    RunFailed,
    RunStarted,
    RunStopped,
    Snapshot,
    TextDelta,
    ToolFinished,
    ToolOutputDelta,
    ToolStarted,
)
from factotum.protocol.messages import ReasoningPart, TextPart
from factotum.protocol.runs import ErrorInfo, Plan, PlanItem, Usage
from tests.cli.cli_support import a_whole_run, make_run, message, stamped

PLAIN = """
I will look.

✓ Run ls -l · 0.3 s
  │ a.txt
  │ b.txt
  │ [exit code 0]
Plan
  [→] Count
  [ ] Tell

There are **two** files.

✓ Finished (9.0 s, 2 steps, 2.4k tokens, $0.0200)
  out/a.txt  4 B
  Get them: factotum files 0190a0a0-0000-7000-8000-000000000002 out/a.txt --save .
  Go on: factotum run --thread 0190a0a0-0000-7000-8000-000000000002 "..."
"""


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.2
        return self.now


def file_console() -> Console:
    return Console(file=io.StringIO(), highlight=False, markup=False, emoji=False, width=80)


def terminal(width: int, height: int) -> Console:
    return Console(
        file=io.StringIO(),
        force_terminal=True,
        color_system="standard",
        highlight=False,
        markup=False,
        emoji=False,
        width=width,
        height=height,
        legacy_windows=False,
    )


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def plain(events: Iterable[RunEvent | Snapshot]) -> tuple[str, View]:
    console, view = file_console(), View()
    screen = PlainScreen(console, clock=Clock())
    for event in events:
        apply(view, event)
        screen.show(view, "")
    screen.pause(view)
    return written(console), view


def visible(text: str) -> str:
    """Return what is left of a terminal's text without its sequences."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def on_screen(text: str) -> list[str]:
    """Return the rows that a terminal shows after `text`: enough of one for what rich writes."""
    rows, row, column = [""], 0, 0
    for sequence, letter, character in re.findall(r"\x1b\[([0-9;?]*)([A-Za-z])|([^\x1b])", text):
        if letter == "A":
            row -= int(sequence or 1)
        elif letter == "K":
            rows[row] = ""
        elif character == "\n":
            row, column = row + 1, 0
            rows += [""] * (row + 1 - len(rows))
        elif character == "\r":
            column = 0
        elif character:
            rows[row] = rows[row][:column].ljust(column) + character + rows[row][column + 1 :]
            column += 1
    return rows[: row + 1]


def test_a_whole_run_in_plain_lines() -> None:
    console, view = file_console(), View()
    screen = PlainScreen(console, clock=Clock())
    for event in a_whole_run():
        apply(view, event)
        screen.show(view, "")
    screen.pause(view)
    print_summary(console, view, [Deliverable("out/a.txt", 4)])
    assert written(console) == PLAIN


def test_nothing_is_printed_twice_after_a_reset() -> None:
    events = a_whole_run()
    messages = tuple(event.message for event in events[:14] if isinstance(event, MessageCreated))
    reset = Snapshot(seq=14, run=make_run(), messages=messages)
    text, _ = plain([*events[:14], reset, *events[14:]])
    assert text.count("I will look.") == 1
    assert text.count("Run ls -l") == 1


def test_a_call_that_takes_long_is_announced() -> None:
    events = a_whole_run()[:12]
    console, view = file_console(), View()
    screen = PlainScreen(console, clock=Clock())
    for event in events:
        apply(view, event)
    for _ in range(40):
        screen.show(view, "")
    assert written(console).count("→ Run ls -l") == 1


def test_why_nothing_comes_is_said_once() -> None:
    console, view = file_console(), View()
    screen = PlainScreen(console)
    for state in ("", "the connection was lost", "the connection was lost", "", "the connection was lost"):
        screen.show(view, state)
    assert written(console).count("! The connection was lost") == 2


def test_a_long_line_is_whole_in_a_file() -> None:
    long = "word " * 100
    text, _ = plain(stamped([MessageCreated(message=message("m", "assistant", TextPart(text=long)))]))
    assert long.strip() in text


def test_an_address_in_a_call_s_output_is_whole_in_a_file() -> None:
    said = f"Port 8000 of the sandbox is shown at http://p-{'a' * 70}.localhost:32983/ until 2026-11-23."
    events = stamped(
        [
            ToolStarted(call_id="c", message_id="m", name="expose_port", arguments={"port": 8000}),
            ToolFinished(call_id="c", name="expose_port", outcome="ok", output=said, duration_ms=1),
        ]
    )
    assert said in plain(events)[0].splitlines()[-1]


@pytest.mark.parametrize(("width", "height"), [(100, 35), (60, 20), (40, 10), (20, 8)])
def test_the_moving_part_stays_within_the_screen(width: int, height: int) -> None:
    console, view = terminal(width, height), View()
    screen = LiveScreen(console, clock=Clock())
    items = tuple(PlanItem(text=f"Step number {n} of the plan", status="pending") for n in range(30))
    events = stamped(
        [
            TextDelta(message_id="m", text="A paragraph of some length.\n\n" * 60),
            PlanUpdated(plan=Plan(items=items)),
            ToolStarted(call_id="c", message_id="m", name="shell", arguments={"command": "x" * 500}),
            ToolOutputDelta(
                call_id="c", stream="stdout", text="".join(f"line {n} {'y' * 90}\n" for n in range(50))
            ),
        ]
    )
    for event in events:
        apply(view, event)
        rows = console.render_lines(screen.region(view, "the connection was lost, trying again"), pad=False)
        assert len(rows) < height
        assert all(sum(segment.cell_length for segment in row) <= width for row in rows)


def test_a_terminal_ends_with_the_transcript_alone() -> None:
    console, view = terminal(80, 24), View()
    screen = LiveScreen(console, clock=Clock())
    for event in a_whole_run():
        apply(view, event)
        screen.show(view, "")
    screen.pause(view)
    assert "working" in written(console)
    rows = [row.rstrip() for row in on_screen(written(console))]
    assert rows == [
        "",
        "I will look.",
        "",
        "✓ Run ls -l · 0.3 s",
        "  │ a.txt",
        "  │ b.txt",
        "  │ [exit code 0]",
        "Plan",
        "  [→] Count",
        "  [ ] Tell",
        "",
        "There are two files.",
        "",
    ]
    assert written(console).count("\x1b[?25l") == written(console).count("\x1b[?25h") == 1


def test_the_last_lines_of_a_running_command_are_shown() -> None:
    console, view = terminal(80, 24), View()
    screen = LiveScreen(console, clock=Clock())
    for event in a_whole_run()[:12]:
        apply(view, event)
        screen.show(view, "")
    text = visible(written(console))
    screen.pause(view)
    assert "│ a.txt" in text
    assert "step 2" in text


def test_what_a_tool_says_cannot_steer_the_terminal() -> None:
    evil = "\x1b]0;owned\x07\x1b[2Jred\x1b[0m \x9b31m\u202egnp.exe [bold]not markup[/bold] :smile:"
    finished = ToolFinished(call_id="c", name="shell", outcome="error", output=evil, duration_ms=5)
    spoken = MessageCreated(message=message("m", "assistant", TextPart(text=f"Hello <b>you</b> {evil}")))
    for use in (file_console(), terminal(100, 30)):
        view = View()
        screen = LiveScreen(use, clock=Clock()) if use.is_terminal else PlainScreen(use)
        for event in stamped([finished, spoken]):
            apply(view, event)
            screen.show(view, "")
        screen.pause(view)
        text = written(use)
        assert not {"\x07", "\x9b", "\u202e"} & set(text)
        assert "\x1b]" not in text
        assert "\x1b[2J" not in text
        assert "[bold]not markup[/bold] :smile:" in visible(text)
        assert "<b>you</b>" in visible(text)


def test_a_failure_says_what_to_do() -> None:
    error = ErrorInfo(code="key_missing", message="No key was found.", hint="Set OPENAI_API_KEY.")
    console, view = file_console(), View(run_id="r", thread_id="t")
    apply(view, RunFailed(error=error, usage=Usage(cost_usd=None)))
    print_summary(console, view, [])
    text = written(console)
    assert "✗ Failed (0.0 s, 0 steps, 0 tokens, cost unknown)" in text
    assert "  No key was found.\n  Set OPENAI_API_KEY.\n  (key_missing)" in text


def test_a_stop_says_what_was_not_done() -> None:
    console, view = file_console(), View(run_id="r", thread_id="t")
    apply(view, RunStopped(not_executed=("create_file", "shell"), usage=Usage()))
    print_summary(console, view, [])
    assert "Stopped. Not executed: create_file, shell." in written(console)


def test_signs_for_terminals_without_unicode() -> None:
    glyphs = glyphs_for("ascii")
    assert "".join([glyphs.ok, glyphs.bad, glyphs.going, glyphs.bar, glyphs.spinner]).isascii()
    assert glyphs_for("UTF-8").ok == "✓"


@pytest.mark.parametrize(
    ("call", "head"),
    [
        (CallBlock("c", "m", "shell", {"command": "a\n  b"}, "running"), "→ Run a b"),
        (
            CallBlock("c", "m", "web_search", {"query": "whales"}, "ok", duration_ms=61_000),
            "✓ Web search whales · 1:01",
        ),
        (CallBlock("c", "m", "merge", {"items": [1, 2]}, "error"), "✗ Merge"),
        (CallBlock("c", "m", "create_file", {}, "writing", written=1), "→ Create · writing, 1 character"),
        (CallBlock("c", "m", "shell", {"command": "x"}, "unknown"), "? Run x · outcome unknown"),
        (CallBlock("c", "m", "noop", {}, "stopped"), "■ Noop · stopped"),
        (CallBlock("c", "m", "shell", {"command": "x"}, "ok", output="no\n[exit code 2]"), "✗ Run x"),
        (CallBlock("c", "m", "shell", {"command": "x"}, "ok", output="[timed out: 1 s]"), "✗ Run x"),
        (
            CallBlock("c", "m", "shell", {"command": "x"}, "ok", output="[exit code 1]\n[exit code 0]"),
            "✓ Run x",
        ),
        (CallBlock("c", "m", "read_file", {"path": "x"}, "ok", output="[exit code 1]"), "✓ Read x"),
    ],
)
def test_heads_of_cards(call: CallBlock, head: str) -> None:
    assert card_head(call, glyphs_for("utf-8")).plain == head


def test_an_address_is_never_cut() -> None:
    address = f"http://p-{'a' * 60}.localhost:38469/"
    said = f"Port 8000 of the sandbox is shown at {address}\n{'x' * 200}"
    settled = file_console()
    settled.print(card(CallBlock("c", "m", "expose_port", {}, "ok", output=said), glyphs_for("utf-8")))
    assert address in written(settled).replace("\n", "")
    assert "x" * 200 not in written(settled).replace("\n", "")


def test_long_output_shows_its_end_and_says_so() -> None:
    call = CallBlock("c", "m", "shell", {}, "ok", output="\n".join(map(str, range(100))))
    console = file_console()
    console.print(card(call, glyphs_for("utf-8")))
    assert "(94 lines before)" in written(console)
    assert "│ 99" in written(console)
    assert "│ 93" not in written(console)


def test_a_footer_leaves_out_what_does_not_fit() -> None:
    parts = [("working", ""), ("12 s", ""), ("a very long name of a model", ""), ("$1", "")]
    assert (
        footer(parts, 100, glyphs_for("ascii")).plain == "working - 12 s - a very long name of a model - $1"
    )
    assert footer(parts, 20, glyphs_for("ascii")).plain == "working - 12 s - $1"


def test_a_note_and_reasoning_are_printed() -> None:
    text, _ = plain(
        stamped(
            [
                RunStarted(attempt=2, model="m", notice="The model was changed."),
                MessageCreated(message=message("m", "assistant", ReasoningPart(text="First.\nThen."))),
            ]
        )
    )
    assert "! The service was interrupted; the run goes on (attempt 2)." in text
    assert "! The model was changed." in text
    assert "· First. Then." in text
