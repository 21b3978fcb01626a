"""Work, counted and not timed: linear in the text whatever it is, and nothing held back without bound.

A step is a call of any function, of ours or of C's, while a text is fed four characters at a time; every loop
of the machines makes one. That no step is itself long follows from the last test: what is held is bounded.
"""

import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType

import pytest
from parsing_support import SHAPES, cut

from factotum.parsing import Assembler, NativeCalls, TagScanner, XmlCalls
from factotum.parsing.opening_tag import LONGEST_TAG
from factotum.parsing.tag_scanner import Wanted

PROSE = "Lorem ipsum dolor, a < b and `code`.\n```\nfence </x>\n```\n"


def _filled(unit: str) -> Callable[[int], str]:
    return lambda size: (unit * (size // len(unit) + 1))[:size]


TEXTS: dict[str, Callable[[int], str]] = {
    "prose": _filled(PROSE),
    "open call": lambda size: "<shell>" + _filled(PROSE)(size),
    "decoded call": lambda size: "<memo>" + _filled("a &lt; b &am <![CDATA[x]] ]]> \n")(size),
    "calls": _filled("<shell cwd='x'>ls</shell> <complete/> <str-replace>x</str-replace>"),
    "<": _filled("<"),
    "<inv": _filled("<inv"),
    "look-alike closes": lambda size: "<shell>" + _filled("</shel")(size),
    "attribute that never ends": lambda size: '<invoke name="' + _filled("x")(size),
    "attributes that never end": lambda size: "<invoke " + _filled("x=1 y='2' ")(size),
    "dropped tags": _filled("<invoke x='1' "),
    "nested calls": _filled('<invoke name="a">'),
    "backticks": _filled("`"),
    "backticks and tags": _filled("`<shell>"),
    "white space in a call": lambda size: "<note>" + _filled(" \n")(size),
    "white space in a wrapper": lambda size: "<function_calls>" + _filled(" \n")(size),
    "entities": lambda size: "<memo>" + _filled("&")(size),
    "brackets": lambda size: "<memo><![CDATA[" + _filled("]")(size),
}


def steps(feed: Callable[[str], object], text: str) -> list[int]:
    """How many functions are called in each quarter of `text`, fed four characters at a time."""
    quarter = len(text) // 4
    counts = [0, 0, 0, 0, 0]
    now = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        counts[now] += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        for at in range(0, len(text), 4):
            now = at // quarter
            feed(text[at : at + 4])
    finally:
        sys.setprofile(before)
    return counts[:4]


def check_linear(counts: list[int], size: int) -> None:
    """The last quarter costs what the second does (in the first, a long tag may still be held)."""
    assert counts[3] <= counts[1] * 1.05 + 100
    assert sum(counts) <= 20 * size


@pytest.mark.parametrize("name", TEXTS)
def test_work_on_text_is_linear(name: str) -> None:
    text = TEXTS[name](LONGEST_TAG * 4 if name.startswith("attribute") else 24_000)
    check_linear(steps(Assembler(SHAPES).text, text), len(text))


@pytest.mark.parametrize("unit", ["abc", '\\"', "{", "\\\\", '","a":"', "[]"])
def test_work_on_native_arguments_is_linear(unit: str) -> None:
    text = '{"a":"' + _filled(unit)(24_000)
    machine = Assembler()
    check_linear(steps(lambda piece: machine.native(0, "id", "f", piece), text), len(text))


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_held_back_is_bounded(name: str) -> None:
    text = TEXTS[name](LONGEST_TAG * 3)
    wanted = Wanted(opens=frozenset({"shell", "invoke"}), marks=("</shell>",), prose=True)
    scanner = TagScanner()
    given = 0
    fed = 0
    for piece in cut(text, 4):
        scanner.feed(piece)
        fed += len(piece)
        while (token := scanner.next(wanted)) is not None:
            given += len(token if isinstance(token, str) else token.source)
        assert fed - given <= LONGEST_TAG


def _native(machine: NativeCalls, number: int, text: str) -> None:
    machine.feed(number, f"id{number}", "f", '{"a": "')
    for at in range(0, len(text), 1_000):
        machine.feed(number, None, None, text[at : at + 1_000])
    machine.feed(number, None, None, '"}')


def _xml(machine: XmlCalls, number: int, text: str) -> None:
    del number
    machine.feed("prose and then <shell>")
    for at in range(0, len(text), 1_000):
        machine.feed(text[at : at + 1_000])
    machine.feed("</shell>")


@pytest.mark.parametrize("dialect", ["native", "xml"])
def test_memory_is_bounded_by_the_open_call(dialect: str) -> None:
    """Two hundred calls of 10,000 characters leave next to nothing behind; one that is open is held once."""
    native, xml = NativeCalls(), XmlCalls(SHAPES)
    text = "x" * 10_000
    tracemalloc.start()
    try:
        before = 0
        for number in range(220):
            if dialect == "native":
                _native(native, number, text)
            else:
                _xml(xml, number, text)
            if number == 19:
                before, _ = tracemalloc.get_traced_memory()
        left, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert left - before < 300_000
