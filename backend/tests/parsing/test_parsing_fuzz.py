"""The laws of the parser against texts made from the corpus by chance, four seconds; `make fuzz` goes on."""

import json
import random
import time
from pathlib import Path

from parsing_support import FRAGMENTS

from fuzz.properties import check

_CORPUS = Path(__file__).parent.parent / "corpus"
_SECONDS = 4.0


def _texts() -> list[str]:
    streams = [json.loads(path.read_text("utf-8")) for path in sorted(_CORPUS.glob("stream-*.json"))]
    return ["".join(delta.get("content") or "" for delta in stream["deltas"]) for stream in streams]


def _changed(text: str, chance: random.Random) -> bytes:
    """Cut pieces out of a text, move them, and put words in."""
    for _ in range(chance.randint(0, 8)):
        start, end = sorted(chance.randint(0, len(text)) for _ in range(2))
        piece = text[start:end][:60] if chance.random() < 0.4 else chance.choice(FRAGMENTS)
        at = chance.randint(0, len(text))
        text = text[:at] + piece + text[at + chance.choice((0, 0, 3, 20)) :]
    cuts = bytes(chance.randrange(256) for _ in range(2 * chance.randint(0, 15)))
    return bytes([len(cuts) // 2]) + cuts + text[:600].encode()


def test_no_text_breaks_a_law() -> None:
    chance = random.Random()
    seed = chance.randrange(2**32)
    chance.seed(seed)
    texts = _texts()
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        data = _changed(chance.choice(texts), chance)
        try:
            check(data)
        except AssertionError as broken:
            raise AssertionError(f"{broken}; check({data!r})") from broken
