"""How each part of a run looks: prose as markdown, one card a tool call, the plan as a checklist, the footer.

Nothing a model or a tool wrote is taken as markup, and all of it is cleaned of control sequences first.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from rich.console import Group, RenderableType
from rich.markdown import Markdown
from rich.text import Text

from factotum.cli import text as write
from factotum.cli.figures import cost_of, tokens_of
from factotum.cli.view import (
    Block,
    CallBlock,
    NoteBlock,
    PlanBlock,
    ReasoningBlock,
    TextBlock,
    View,
    summary_of,
)
from factotum.core.wording import count
from factotum.protocol.runs import Plan

_VERBS = {
    "shell": ("Run", "command"),
    "create_file": ("Create", "path"),
    "read_file": ("Read", "path"),
    "rewrite_file": ("Rewrite", "path"),
    "str_replace": ("Edit", "path"),
    "delete_file": ("Delete", "path"),
    "list_files": ("List", "path"),
    "append_file": ("Add to", "path"),
    "edit_file": ("Edit", "path"),
    "find_files": ("Find", "pattern"),
    "move_file": ("Move", "path"),
    "run_python": ("Python", "code"),
    "search_files": ("Search", "pattern"),
    "see_image": ("Look at", "path"),
    "unzip_file": ("Unpack", "path"),
    "zip_files": ("Pack", "target"),
    "ask": ("Ask", "question"),
    "complete": ("Complete", "summary"),
    "update_plan": ("Plan", ""),
}
_STYLES = {"ok": "green", "error": "red", "unknown": "yellow", "stopped": "yellow"}
_SHORT_OUTPUT = frozenset({"create_file", "read_file", "rewrite_file", "str_replace", "delete_file"})
_COMMANDS = frozenset({"shell", "shell_output", "shell_input", "run_python"})
_BAD_END = re.compile(r"\[(?:exit code -?[1-9]\d*(?:;.*)?|timed out: .*)\]")
"""The last line of a command's result that did not end well; its tool did, and so the call is `ok`."""
_LONGEST_WITH_ADDRESS = 400
"""Characters of a line that is shown whole for an address in it: one that was cut is of no use."""
_SPINS_A_SECOND = 10
# HTML off: rich drops what it takes for HTML, and `List<int>` would lose half.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"])


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The signs that this terminal can show."""

    ok: str
    bad: str
    unknown: str
    stopped: str
    going: str
    bar: str
    dot: str
    spinner: str

    def of(self, state: str) -> str:
        """Return the sign for the state of a call."""
        ended = {"ok": self.ok, "error": self.bad, "unknown": self.unknown, "stopped": self.stopped}
        return ended.get(state, self.going)

    def spin(self, seconds: float) -> str:
        """Return the spinner's picture at a moment."""
        return self.spinner[int(seconds * _SPINS_A_SECOND) % len(self.spinner)]


_PRETTY = Glyphs("✓", "✗", "?", "■", "→", "│", "·", "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
_ASCII = Glyphs("+", "x", "?", "-", ">", "|", "-", "|/-\\")


def glyphs_for(encoding: str) -> Glyphs:
    """Return the signs that can be written in `encoding`."""
    return _PRETTY if encoding.lower().replace("-", "").startswith("utf") else _ASCII


def markdown(source: str) -> Markdown:
    """Return markdown that hides nothing: HTML shows as text, links show where they lead."""
    rendered = Markdown("", code_theme="ansi_dark", hyperlinks=False)
    rendered.parsed = _MARKDOWN.parse(write.clean(source))
    return rendered


def verb_and_target(call: CallBlock) -> tuple[str, str]:
    """Return what a call does and to what, each on one line."""
    verb, main = _VERBS.get(call.name, (write.one_line(call.name.replace("_", " ").capitalize(), 40), ""))
    value = call.arguments.get(main) if main else next(iter(call.arguments.values()), None)
    if value is None or isinstance(value, (dict, list)):
        return verb, ""
    return verb, write.one_line(str(value))


def card_head(call: CallBlock, glyphs: Glyphs, *, sign: str | None = None) -> Text:
    """Return a call's first line: how it stands, verb, target, how long it took."""
    verb, target = verb_and_target(call)
    style = _STYLES.get(call.state, "cyan")
    if _ended_badly(call):
        sign, style = sign or glyphs.bad, "yellow"
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(f"{sign or glyphs.of(call.state)} ", style)
    line.append(verb, "bold")
    if target:
        line.append(f" {target}")
    if call.state == "writing":
        line.append(f" {glyphs.dot} writing, {count(call.written, 'character')}", "dim")
    elif call.state in {"unknown", "stopped"}:
        line.append(f" {glyphs.dot} {'outcome unknown' if call.state == 'unknown' else 'stopped'}", style)
    elif call.duration_ms:
        line.append(f" {glyphs.dot} {write.duration(call.duration_ms / 1000)}", "dim")
    return line


def card(call: CallBlock, glyphs: Glyphs, *, sign: str | None = None) -> Group:
    """Return a call with the end of its output."""
    most = 8 if call.state == "error" or _ended_badly(call) else 2 if call.name in _SHORT_OUTPUT else 6
    source = call.output if call.settled else call.tail if call.state == "running" else ""
    return Group(card_head(call, glyphs, sign=sign), *_output(source, most, glyphs, settled=call.settled))


def _ended_badly(call: CallBlock) -> bool:
    if call.state != "ok" or call.name not in _COMMANDS:
        return False
    return _BAD_END.fullmatch(call.output.rpartition("\n")[2]) is not None


def _output(source: str, most: int, glyphs: Glyphs, *, settled: bool) -> Iterable[Text]:
    lines, before = write.last_lines(source, most)
    if before:
        yield Text(f"  {glyphs.bar} ({count(before, 'line')} before)", "dim", no_wrap=True)
    for line in lines:
        expanded = Text(line[:1000]).plain.expandtabs(4)
        whole = settled and "://" in expanded and len(expanded) <= _LONGEST_WITH_ADDRESS
        yield Text(
            f"  {glyphs.bar} {expanded}", "dim", no_wrap=not whole, overflow="fold" if whole else "ellipsis"
        )


def plan_lines(plan: Plan, glyphs: Glyphs) -> list[Text]:
    """Return the plan as a checklist."""
    marks = {
        "done": (f"[{glyphs.ok}]", "green"),
        "active": (f"[{glyphs.going}]", "bold cyan"),
        "skipped": ("[-]", "dim"),
        "pending": ("[ ]", ""),
    }
    lines: list[Text] = []
    for item in plan.items:
        mark, style = marks[item.status]
        line = Text(f"  {mark} ", style, no_wrap=True, overflow="ellipsis")
        line.append(write.one_line(item.text), "dim" if item.status in {"done", "skipped"} else style)
        lines.append(line)
    return lines


def plan_progress(plan: Plan, glyphs: Glyphs) -> Text:
    """Return how far the plan is, on one line."""
    done = sum(item.status in {"done", "skipped"} for item in plan.items)
    line = Text(f"{glyphs.going} ", "cyan", no_wrap=True, overflow="ellipsis")
    line.append(f"Plan {done}/{len(plan.items)}", "bold")
    active = next((item.text for item in plan.items if item.status == "active"), "")
    return line.append(f" {write.one_line(active)}") if active else line


def reasoning_line(block: ReasoningBlock, glyphs: Glyphs) -> Text:
    """Return the model's reasoning on one line: its end while it grows, its beginning afterwards."""
    source = block.text if block.settled else block.text[-160:]
    return Text(f"{glyphs.dot} {write.one_line(source)}", "dim italic", no_wrap=True, overflow="ellipsis")


def prose(block: TextBlock, *, rich: bool) -> RenderableType:
    """Return a message's text: a person's as it is, the agent's as markdown where that can be shown."""
    if block.role == "user":
        return Text(f"> {write.clean(block.text)}", "bold")
    return markdown(block.text) if rich else Text(write.clean(block.text.strip()))


def block_card(block: Block, glyphs: Glyphs, *, rich: bool) -> RenderableType | None:
    """Return how a settled block looks; None for one that says nothing. A PlanBlock has its own functions."""
    match block:
        case TextBlock():
            return prose(block, rich=rich)
        case ReasoningBlock():
            return reasoning_line(block, glyphs)
        case CallBlock():
            return _call_card(block, glyphs, rich=rich)
        case NoteBlock():
            return Text(f"! {write.clean(block.text)}", "yellow")
        case PlanBlock():
            return plan_progress(block.plan, glyphs)


def _call_card(call: CallBlock, glyphs: Glyphs, *, rich: bool) -> RenderableType | None:
    if call.name == "update_plan" and call.state == "ok":
        return None
    if call.name == "complete" and call.state == "ok":
        summary = summary_of(call)
        if not summary:
            return None
        return markdown(summary) if rich else Text(write.clean(summary))
    return card(call, glyphs)


def footer(parts: Sequence[tuple[str, str]], width: int, glyphs: Glyphs) -> Text:
    """Return one line of (text, style) parts, the most important first; what does not fit is left out."""
    line = Text(no_wrap=True, overflow="ellipsis")
    for part, style in parts:
        separator = f" {glyphs.dot} " if line else ""
        if line and line.cell_len + len(separator) + Text(part).cell_len > width:
            continue
        line.append(separator, "dim").append(part, style)
    return line


def footer_parts(
    view: View, state: str, seconds: float, glyphs: Glyphs, spin: float
) -> list[tuple[str, str]]:
    """Return what the footer says, the most important first."""
    doing = state or {"queued": "waiting for a worker", "stopping": "stopping"}.get(view.status, "working")
    return [
        (f"{glyphs.spin(spin)} {doing}", "yellow" if state else "cyan"),
        (write.duration(seconds), "dim"),
        (cost_of(view) if view.steps else "", "dim"),
        (tokens_of(view) if view.usage.input_tokens + view.usage.output_tokens else "", "dim"),
        (f"step {view.steps + 1}", "dim"),
        (write.one_line(view.model, 40), "dim"),
    ]
