"""Shows a run while it goes on: on a terminal what is settled scrolls up and what moves stays at the bottom.

The moving part never is higher than the screen, is drawn in one write, and is gone when the run has ended; so
nothing flickers, nothing stands twice, and the scrollback reads like a transcript.
"""

import time
from collections.abc import Callable
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.segment import Segment, SegmentLines
from rich.text import Text

from factotum.cli import cards
from factotum.cli.stream import StreamEvent
from factotum.cli.view import Block, CallBlock, PlanBlock, ReasoningBlock, TextBlock, View
from factotum.protocol.runs import Plan

_REDRAWS_A_SECOND = 10
_DRAFT_SHOWN = 6_000
_ROWS_BETWEEN = 4
_MOST_MOVING = 8
_LONG_CALL_SECONDS = 3.0
_WIDTH_OF_A_FILE = 10_000

Clock = Callable[[], float]


class Screen(Protocol):
    """Where a run is shown."""

    def event(self, event: StreamEvent) -> None:
        """Take an event as it came."""
        ...

    def show(self, view: View, state: str) -> None:
        """Show the run; called often. `state` says why nothing comes, if so."""
        ...

    def note(self, text: str) -> None:
        """Say something that is not of the run."""
        ...

    def pause(self, view: View) -> None:
        """Show all there is and leave the terminal to a question or the summary."""
        ...


class Transcript:
    """Prints settled blocks, each once, in order."""

    def __init__(self, console: Console, *, rich: bool, hide_task: bool) -> None:
        """`rich`: prose is shown as markdown. `hide_task`: the person knows what they asked."""
        self.console = console
        self.glyphs = cards.glyphs_for(console.encoding)
        self._rich = rich
        self._hide_task = hide_task
        self._printed: set[str] = set()
        self._plan: tuple[str, ...] = ()
        self.after_prose = False

    def print_settled(self, view: View) -> None:
        """Print what is new up to the first block that may still change."""
        for block in view.blocks:
            if block.key in self._printed:
                continue
            if not block.settled:
                return
            self._printed.add(block.key)
            if self._hide_task and isinstance(block, TextBlock) and block.role == "user":
                self._hide_task = False
                continue
            self._print(block)

    def moving(self, view: View) -> list[Block]:
        """Return the blocks that are not printed yet."""
        return [block for block in view.blocks if block.key not in self._printed]

    def line(self, renderable: RenderableType, *, is_prose: bool = False) -> None:
        """Print one thing, prose with room around it; a terminal crops its lines, a file gets them whole."""
        if is_prose or self.after_prose:
            self.console.print()
        self.after_prose = is_prose
        if self.console.is_terminal:
            self.console.print(renderable)
            return
        # Lines of cards crop and fold themselves, wrapped or not: an address cut in two is none.
        width, self.console.width = self.console.width, _WIDTH_OF_A_FILE
        try:
            self.console.print(renderable, soft_wrap=True)
        finally:
            self.console.width = width

    def _print(self, block: Block) -> None:
        if isinstance(block, PlanBlock):
            self._print_plan(block.plan)
            return
        shown = cards.block_card(block, self.glyphs, rich=self._rich)
        if shown is None:
            return
        is_prose = isinstance(block, TextBlock) or (isinstance(block, CallBlock) and block.name == "complete")
        self.line(shown, is_prose=is_prose)

    def _print_plan(self, plan: Plan) -> None:
        """Print a new plan whole, and of one that goes on how far it is."""
        texts = tuple(item.text for item in plan.items)
        if texts == self._plan:
            self.line(cards.plan_progress(plan, self.glyphs))
        else:
            self.line(Text("Plan", "bold"))
            for row in cards.plan_lines(plan, self.glyphs):
                self.line(row)
        self._plan = texts


class PlainScreen:
    """Lines as they become known, for files, pipes and terminals that cannot do more."""

    def __init__(self, console: Console, *, hide_task: bool = True, clock: Clock = time.monotonic) -> None:
        self._transcript = Transcript(console, rich=False, hide_task=hide_task)
        self._clock = clock
        self._began: dict[str, float] = {}
        self._state = ""

    def event(self, event: StreamEvent) -> None:
        """Nothing: the view has it."""

    def show(self, view: View, state: str) -> None:
        """Print what is new."""
        self._transcript.print_settled(view)
        self._announce(view)
        if state and state != self._state:
            self.note(state.capitalize())
        self._state = state

    def _announce(self, view: View) -> None:
        """Say once of a call that takes long that it runs."""
        for block in self._transcript.moving(view)[:1]:
            if isinstance(block, CallBlock) and block.state == "running":
                began = self._began.setdefault(block.key, self._clock())
                if self._clock() - began >= _LONG_CALL_SECONDS:
                    self._began[block.key] = float("inf")
                    self._transcript.line(cards.card_head(block, self._transcript.glyphs))

    def note(self, text: str) -> None:
        """Print it."""
        self._transcript.line(Text(f"! {text}", "yellow"))

    def pause(self, view: View) -> None:
        """Print what is new."""
        self._transcript.print_settled(view)


class LiveScreen:
    """A terminal: the transcript, and under it what moves."""

    def __init__(self, console: Console, *, hide_task: bool = True, clock: Clock = time.monotonic) -> None:
        self._console = console
        self._transcript = Transcript(console, rich=True, hide_task=hide_task)
        self._clock = clock
        self._live: Live | None = None
        self._drawn_at = float("-inf")
        self._seq = -1
        self._heard_at = clock()

    def event(self, event: StreamEvent) -> None:
        """Nothing: the view has it."""

    def show(self, view: View, state: str) -> None:
        """Print what is settled and redraw what moves, at most a few times a second."""
        now = self._clock()
        if view.seq != self._seq:
            self._seq, self._heard_at = view.seq, now
        if now - self._drawn_at < 1 / _REDRAWS_A_SECOND:
            return
        self._drawn_at = now
        live = self._started()
        self._transcript.print_settled(view)
        live.update(self.region(view, state), refresh=True)

    def note(self, text: str) -> None:
        """Print it above what moves."""
        self._transcript.line(Text(f"! {text}", "yellow"))

    def pause(self, view: View) -> None:
        """Take away what moves; the next `show` brings it back."""
        if self._live is not None:
            self._live.update(Text(""), refresh=True)
            self._live.stop()
            self._live = None
        self._drawn_at = float("-inf")
        self._transcript.print_settled(view)

    def print_settled(self, view: View) -> None:
        """Print what will not change any more."""
        self._transcript.print_settled(view)

    def region(self, view: View, state: str) -> RenderableType:
        """Return what moves: the blocks that grow, the plan, the footer; never more than the screen holds."""
        now, glyphs = self._clock(), self._transcript.glyphs
        width, height = self._console.size
        parts = cards.footer_parts(view, state, view.seconds + now - self._heard_at, glyphs, now)
        plan = self._plan_rows(view, max(1, height // 3))
        room = max(1, height - len(plan) - _ROWS_BETWEEN)
        moving = self._moving_rows(view, room)
        foot = cards.footer([part for part in parts if part[0]], width, glyphs)
        return Group(SegmentLines(moving, new_lines=True), Text(""), *plan, foot)

    def _started(self) -> Live:
        if self._live is None:
            self._live = Live(
                console=self._console,
                auto_refresh=False,
                transient=True,
                vertical_overflow="crop",
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        return self._live

    def _plan_rows(self, view: View, most: int) -> list[Text]:
        """Return the rows of an unfinished plan around the item that is active."""
        items = view.plan.items if view.plan else ()
        if view.plan is None or all(item.status in {"done", "skipped"} for item in items):
            return []
        active = next((n for n, item in enumerate(items) if item.status == "active"), 0)
        start = max(0, min(active - most // 2, len(items) - most))
        return cards.plan_lines(Plan(items=items[start : start + most]), self._transcript.glyphs)

    def _moving_rows(self, view: View, most: int) -> list[list[Segment]]:
        """Return the last rows of what grows."""
        glyphs, spin = self._transcript.glyphs, self._transcript.glyphs.spin(self._clock())
        shown: list[RenderableType] = []
        after_prose = self._transcript.after_prose
        for block in self._transcript.moving(view)[-_MOST_MOVING:]:
            is_prose = isinstance(block, TextBlock)
            if is_prose or after_prose:
                shown.append(Text(""))
            after_prose = is_prose
            if isinstance(block, TextBlock):
                shown.append(cards.markdown(_end_of(block.text)))
            elif isinstance(block, ReasoningBlock):
                shown.append(cards.reasoning_line(block, glyphs))
            elif isinstance(block, CallBlock):
                shown.append(cards.card(block, glyphs, sign=None if block.settled else spin))
        if not shown:
            return []
        options = self._console.options.update(height=None)
        rows = self._console.render_lines(Group(*shown), options, pad=False)
        return rows[-most:]


def _end_of(text: str) -> str:
    """Return the end of a long draft, from a paragraph on: all of it is laid out at every redraw."""
    if len(text) <= _DRAFT_SHOWN:
        return text
    end = text[-_DRAFT_SHOWN:]
    return end[end.find("\n\n") + 2 :] if "\n\n" in end else end
