"""`make fuzz`: looks for a text that breaks a law of the parser, guided by what its code does (atheris).

Run from backend/ in .venv-fuzz: `python -m fuzz.parser SECONDS [libFuzzer's options]`. It begins with
the texts of tests/corpus. A text that breaks something is written to `.fuzz/crash-*`, and
`python -m fuzz.parser 0 .fuzz/crash-…` plays it again.
"""

import json
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["factotum.parsing"]):
    from parsing_support import FRAGMENTS

    from fuzz.properties import check

_BACKEND = Path(__file__).resolve().parent.parent
_CORPUS = _BACKEND / "tests" / "corpus"
_BROKEN = _BACKEND / ".fuzz"


def seeds(folder: Path) -> None:
    """Write the corpus's texts as inputs without cuts."""
    for path in _CORPUS.glob("stream-*.json"):
        deltas = json.loads(path.read_text("utf-8"))["deltas"]
        text = "".join(delta.get("content") or "" for delta in deltas)
        (folder / path.stem).write_bytes(b"\0" + text.encode())


def _quoted(word: str) -> str:
    """Write a word as libFuzzer's dictionaries want it."""
    return '"' + "".join([f"\\x{byte:02x}" for byte in word.encode()]) + '"'


def main() -> None:
    """Fuzz for so many seconds; 0: play the inputs that are named."""
    seconds, *options = sys.argv[1:]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        words = folder / "words"
        words.write_text("\n".join(map(_quoted, FRAGMENTS)))
        found = folder / "found"
        found.mkdir()
        seeds(found)
        limits = [f"-max_total_time={seconds}", "-max_len=600", "-timeout=20", f"-dict={words}"]
        limits.append(f"-artifact_prefix={_BROKEN}/")
        _BROKEN.mkdir(exist_ok=True)
        arguments = options if seconds == "0" else [*limits, *options, str(found)]
        atheris.Setup([sys.argv[0], *arguments], check)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
