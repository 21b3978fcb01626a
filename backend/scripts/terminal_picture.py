"""Draws the real terminal as a picture: `python scripts/terminal_picture.py EVENTS.jsonl OUT.svg`.

EVENTS.jsonl is a recorded run: `factotum run "..." --save made --output stream-json > EVENTS.jsonl`, and
`--files made` says where its results lie. The code that draws the terminal makes the picture, at the end of
the run or, with --at SEQ, in the middle of it.
"""

import argparse
import io
import re
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console

from factotum.cli.reduce import apply
from factotum.cli.render import LiveScreen, Transcript
from factotum.cli.summary import Deliverable, print_summary
from factotum.cli.view import TextBlock, View
from factotum.protocol.events import RUN_EVENT, RunEvent, Snapshot

# Fonts from the network would not load in a README, and should not.
_FORMAT = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)


def main() -> None:
    """Read the events, draw, write the picture."""
    options = _options()
    events = [_read(line) for line in Path(options.events).read_text("utf-8").splitlines() if line]
    console = Console(
        record=True,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        width=options.width,
        height=options.height,
        highlight=False,
        markup=False,
        emoji=False,
    )
    view = View()
    for event in events:
        if options.at is None or event.seq <= options.at:
            apply(view, event)
    task = next((b.text for b in view.blocks if isinstance(b, TextBlock) and b.role == "user"), "")
    console.print(f'$ factotum run "{task}"', style="bold")
    if view.ended:
        Transcript(console, rich=True, hide_task=True).print_settled(view)
        print_summary(console, view, _made(view, options.files), hints=False)
    else:
        screen = LiveScreen(console, clock=lambda: 0.0)
        screen.print_settled(view)
        console.print(screen.region(view, ""))
    svg = console.export_svg(title="factotum", code_format=_FORMAT)
    Path(options.picture).write_text(svg, "utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("events", help="the recorded run, one event a line")
    parser.add_argument("picture", help="the SVG file to write")
    parser.add_argument("--width", type=int, default=100, help="columns")
    parser.add_argument("--height", type=int, default=35, help="rows of the moving part's screen")
    parser.add_argument("--files", type=Path, help="the folder that the run's results were saved in")
    parser.add_argument("--at", type=int, help="draw the run as it was after this event")
    return parser.parse_args()


def _made(view: View, folder: Path | None) -> list[Deliverable]:
    """Return the results that lie in `folder`, with their sizes."""
    if folder is None:
        return []
    return [Deliverable(path, (folder / path).stat().st_size) for path in view.deliverables]


def _read(line: str) -> RunEvent | Snapshot:
    if '"type":"reset"' in line[:40]:
        return Snapshot.model_validate_json(line)
    return RUN_EVENT.validate_json(line)


if __name__ == "__main__":
    main()
