"""The scanner alone: what it finds in each state, and how little it holds back."""

import pytest
from parsing_support import cut

from factotum.parsing.opening_tag import LONGEST_TAG, OpeningTag
from factotum.parsing.tag_scanner import Mark, TagScanner, Token, Wanted

PROSE = Wanted(opens=frozenset({"shell", "str-replace", "shell-kill"}), prose=True)
INSIDE = Wanted(opens=frozenset({"old_str"}), marks=("</str-replace>",))


def scan(text: str, wanted: Wanted = PROSE, size: int = 1_000_000) -> list[Token]:
    scanner = TagScanner()
    tokens: list[Token] = []
    for piece in cut(text, size):
        scanner.feed(piece)
        while (token := scanner.next(wanted)) is not None:
            if isinstance(token, str) and tokens and isinstance(tokens[-1], str):
                tokens[-1] += token
            else:
                tokens.append(token)
    rest = scanner.close()
    if rest:
        tokens.append(rest)
    return tokens


def names(tokens: list[Token]) -> list[str]:
    return [
        token if isinstance(token, str) else token.name if isinstance(token, OpeningTag) else token.source
        for token in tokens
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_registered_tags_are_found_and_others_are_text(size: int) -> None:
    tokens = scan("a <b> <shell cwd='x'>ls</shell> <shell-kill/> <shells>", size=size)
    assert names(tokens) == ["a <b> ", "shell", "ls</shell> ", "shell-kill", " <shells>"]


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_literals_count_only_where_they_are_wanted(size: int) -> None:
    tokens = scan("x</str-replace</str-replace><old_str>", INSIDE, size)
    assert names(tokens) == ["x</str-replace", "</str-replace>", "old_str"]
    assert isinstance(tokens[1], Mark)


def held(text: str) -> str:
    """What the scanner holds back at the end of `text`."""
    scanner = TagScanner()
    scanner.feed(text)
    given = ""
    while (token := scanner.next(PROSE)) is not None:
        assert isinstance(token, str)
        given += token
    rest = scanner.close()
    rest = rest if isinstance(rest, str) else rest.source
    assert given + rest == text
    return rest


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        ("no tag", ""),
        ("a <", "<"),
        ("a <s", "<s"),
        ("a <shell", "<shell"),
        ("a <shell ", "<shell "),
        ("a <shell cwd='", "<shell cwd='"),
        ("a <shells", ""),
        ("a <sx", ""),
        ("a < ", ""),
        ("a <<", "<"),
        ("a <str-replace <", "<"),
        ("`<", ""),
        ("` `<", "<"),
    ],
)
def test_only_what_may_still_become_a_tag_is_held_back(text: str, suffix: str) -> None:
    assert held(text) == suffix


def test_an_opening_tag_past_the_bound_is_prose_to_its_end() -> None:
    inside = "<shell cwd='x'/>"
    long = f'<shell cwd="{"x" * LONGEST_TAG}{inside}">'
    for size in (1000, 7, LONGEST_TAG * 4):
        tokens = scan(f"{long}<shell cwd='y'>", size=size)
        assert tokens[0] == long
        assert names(tokens[1:]) == ["shell"]


def test_an_overlong_tag_that_is_dropped_hands_on_to_the_next() -> None:
    long = f"<shell {'x' * LONGEST_TAG}"
    for size in (len(long), 1000, 1_000_000):
        tokens = scan(f"{long}<shell cwd='y'>", size=size)
        assert tokens[0] == long
        assert names(tokens[1:]) == ["shell"]


def test_a_tag_of_exactly_the_bound_counts() -> None:
    source = '<shell cwd="">'
    fits = source.replace('""', f'"{"x" * (LONGEST_TAG - len(source))}"')
    assert names(scan(fits)) == ["shell"]
    assert scan(fits.replace('"x', '"xx')) == [fits.replace('"x', '"xx')]


def test_an_overlong_tag_that_never_ends_is_let_go() -> None:
    text = '<shell cwd="' + "x" * (LONGEST_TAG * 2)
    scanner = TagScanner()
    scanner.feed(text)
    assert scanner.next(PROSE) == text
    assert scanner.next(PROSE) is None
    assert scanner.close() == ""


def test_a_tag_cut_in_its_attributes_is_told_at_the_end() -> None:
    (tag,) = scan("<shell cwd='a' x=\"")
    assert isinstance(tag, OpeningTag)
    assert (tag.whole, tag.attributes, tag.fault) == (False, {"cwd": "a"}, None)
    assert scan("<shell cwd=") == ["<shell cwd="]
