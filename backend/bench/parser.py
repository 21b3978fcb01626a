"""The parser alone: what a chunk and a byte cost from 16 kB to 1 MB, of prose and of open calls.

Run from backend/: `.venv/bin/python -m bench.parser [--rounds 5]`. Deltas of four characters, as models send
them; the best of some rounds. The last column is the time of a byte against that at 16 kB: 1.0 is linear.
"""

import argparse
import time
from collections.abc import Callable
from typing import Final

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


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    rounds = int(parser.parse_args().rounds)
    print(f"{'case':22s} {'bytes':>10s} {'us a chunk':>11s} {'ns a byte':>10s} {'x 16 kB':>8s}")
    for name, (make, read) in _CASES.items():
        first = 0.0
        for size in SIZES:
            text = make(size)
            spent = min(_timed(read, text) for _ in range(rounds))
            a_byte = spent / len(text)
            first = first or a_byte
            chunk = spent / (len(text) / PIECE) * 1e6
            row = f"{chunk:11.2f} {a_byte * 1e9:10.0f} {a_byte / first:8.2f}"
            print(f"{name:22s} {len(text):10,d} {row}", flush=True)


def _timed(read: Callable[[str], int], text: str) -> float:
    began = time.process_time()
    read(text)
    return time.process_time() - began


if __name__ == "__main__":
    main()
