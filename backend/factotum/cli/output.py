"""Where a command writes: consoles for people, screens for programs."""

import sys

from rich.console import Console

from factotum.cli.faults import Output
from factotum.cli.render import LiveScreen, PlainScreen, Screen
from factotum.cli.stream import StreamEvent
from factotum.cli.view import View


def make_console(output: Output = Output.TEXT) -> Console:
    """Return the console for people: stdout, or stderr when a program reads stdout."""
    return Console(stderr=output is not Output.TEXT, highlight=False, markup=False, emoji=False)


def make_screen(output: Output, console: Console, *, plain: bool, hide_task: bool = True) -> Screen:
    """Return the screen for a run."""
    if output is not Output.TEXT:
        return ProgramScreen(console, lines=output is Output.STREAM_JSON)
    if plain or not console.is_terminal or console.is_dumb_terminal:
        return PlainScreen(console, hide_task=hide_task)
    return LiveScreen(console, hide_task=hide_task)


class ProgramScreen:
    """For programs: with `lines` each event as it came, one a line on stdout; notes for people on stderr."""

    def __init__(self, console: Console, *, lines: bool) -> None:
        self._console = console
        self._lines = lines
        self._state = ""

    def event(self, event: StreamEvent) -> None:
        """Write the event."""
        if self._lines:
            sys.stdout.buffer.write(event.data.encode() + b"\n")
            sys.stdout.buffer.flush()

    def show(self, view: View, state: str) -> None:
        """Say on stderr when nothing comes."""
        del view
        if state and state != self._state:
            self.note(state.capitalize())
        self._state = state

    def note(self, text: str) -> None:
        """Say it on stderr."""
        self._console.print(text, soft_wrap=True)

    def pause(self, view: View) -> None:
        """Nothing waits to be shown."""
