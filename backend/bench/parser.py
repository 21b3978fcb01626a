"""The parser alone: what a chunk and a byte cost from 16 kB to 1 MB, of prose and of open calls.

Run from backend/: `.venv/bin/python -m bench.parser [--rounds 5]`. Deltas of four characters, as models send
them; the best of some rounds. The last column is the time of a byte against that at 16 kB: 1.0 is linear.
"""

import argparse
import math
import time
from collections.abc import Callable
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from factotum.parsing.assembler import Assembler
from factotum.parsing.render import render_invoke, render_tag
from factotum.parsing.shapes import TagShape

SIZES: Final = (16_000, 64_000, 256_000, 1_000_000)
PIECE: Final = 4
_SHAPE: Final = TagShape("create_file", "create-file", attributes=("file_path",), content="file_contents")
_PROSE: Final = "The answer is 42 < 43 & so on; see `x` for more.\n"
_CODE: Final = "for (i = 0; i < n; i++) { if (a[i] && b) </div> }\n"


def prose(size: int) -> str:
    """Return prose with a few signs that might open a tag."""
    return (_PROSE * (size // len(_PROSE) + 1))[:size]


def tag(size: int) -> str:
    """Return one call in the tag dialect that holds code of that size."""
    code = (_CODE * (size // len(_CODE) + 1))[:size]
    return render_tag(_SHAPE, {"file_path": "a.js", "file_contents": code})


def invoke(size: int) -> str:
    """Return the same call in the invoke dialect."""
    code = (_CODE * (size // len(_CODE) + 1))[:size]
    return render_invoke("create_file", {"file_path": "a.js", "file_contents": code})


def parse(text: str) -> int:
    """Read a text in pieces and return the number of events."""
    assembler = Assembler({_SHAPE.name: _SHAPE})
    events = sum(len(assembler.text(text[at : at + PIECE])) for at in range(0, len(text), PIECE))
    return events + len(assembler.close())


def parse_native(text: str) -> int:
    """Read a text as the arguments of a native call, in pieces."""
    assembler = Assembler()
    events = len(assembler.native(0, "c", "create_file", ""))
    for at in range(0, len(text), PIECE):
        events += len(assembler.native(0, None, None, text[at : at + PIECE]))
    return events + len(assembler.close())


def native(size: int) -> str:
    """Return JSON arguments of that size."""
    code = (_CODE * (size // len(_CODE) + 1))[:size].replace("\n", "\\n")
    return '{"file_path": "a.js", "file_contents": "' + code + '"}'


_CASES: Final[dict[str, tuple[Callable[[int], str], Callable[[str], int]]]] = {
    "prose": (prose, parse),
    "an open call, tag": (tag, parse),
    "an open call, invoke": (invoke, parse),
    "an open call, native": (native, parse_native),
}


def figures(rounds: int) -> list[dict[str, Any]]:
    """Measure every case at every size: CPU, the least of some rounds, which are interleaved."""
    best: dict[tuple[str, int], float] = {}
    lengths: dict[tuple[str, int], int] = {}
    for _ in range(rounds):
        for name, (make, read) in _CASES.items():
            for size in SIZES:
                text = make(size)
                lengths[name, size] = len(text)
                best[name, size] = min(best.get((name, size), math.inf), _timed(read, text))
    found: list[dict[str, Any]] = []
    for (name, size), seconds in best.items():
        a_byte = seconds / lengths[name, size]
        first = best[name, SIZES[0]] / lengths[name, SIZES[0]]
        row = {"chunk_us": a_byte * PIECE * 1e6, "byte_ns": a_byte * 1e9, "x_smallest": a_byte / first}
        found.append({"case": name, "bytes": lengths[name, size], **row})
    return found


def table(found: list[dict[str, Any]]) -> Table:
    """Show the figures. The last column is the time of a byte against that at 16 kB: 1.0 is linear."""
    shown = Table(
        caption=f"The parser alone, {PIECE} characters a chunk",
        caption_justify="left",
        box=None,
        pad_edge=False,
    )
    shown.add_column("text")
    for column in ("bytes", "us a chunk", "ns a byte", "x 16 kB"):
        shown.add_column(column, justify="right")
    for row in found:
        cells = (f"{row['chunk_us']:.2f}", f"{row['byte_ns']:.0f}", f"{row['x_smallest']:.2f}")
        shown.add_row(row["case"], f"{row['bytes']:,}", *cells)
    return shown


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--rounds", type=int, default=3)
    Console().print(table(figures(int(arguments.parse_args().rounds))))


def _timed(read: Callable[[str], int], text: str) -> float:
    began = time.process_time()
    read(text)
    return time.process_time() - began


if __name__ == "__main__":
    main()
