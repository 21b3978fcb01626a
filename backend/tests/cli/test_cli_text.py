"""Small things: clean text, numbers with their units, addresses, settings, names of saved files."""

import json
from pathlib import Path

import pytest

from factotum.cli import text as write
from factotum.cli.address import find_address
from factotum.cli.questions import chosen
from factotum.cli.workspace import check_uploads, with_files
from factotum.core.errors import InvalidInput, Unauthenticated, Unavailable


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("plain\n\ttext", "plain\n\ttext"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("10%\r50%\r100%\nnext", "100%\nnext"),
        ("done\r\nnext", "done\nnext"),
        ("half\r", "half"),
        ("a\x00b\x08c\x7f", "abc"),
        ("\x1b]0;never ended", ""),
    ],
)
def test_clean(raw: str, clean: str) -> None:
    assert write.clean(raw) == clean


def test_units() -> None:
    assert [write.size(n) for n in (0, 999, 1000, 999_999, 12_345_678, None)] == [
        "0 B",
        "999 B",
        "1 kB",
        "1 MB",
        "12.3 MB",
        "?",
    ]
    assert [write.duration(s) for s in (0.04, 9.96, 59.4, 59.6, 3599.6)] == [
        "0.0 s",
        "10 s",
        "59 s",
        "1:00",
        "1:00:00",
    ]
    assert [write.tokens(n) for n in (12, 1234, 999_949, 1_000_000)] == [
        "12 tokens",
        "1.2k tokens",
        "999.9k tokens",
        "1.00M tokens",
    ]
    assert [write.money(usd) for usd in (None, 0, 0.00123, 12.5)] == [
        "cost unknown",
        "$0.00",
        "$0.0012",
        "$12.50",
    ]


def test_last_lines() -> None:
    assert write.last_lines("a\nb\nc\n", 2) == (["b", "c"], 1)
    assert write.last_lines("", 2) == ([], 0)
    assert write.one_line("  a\n b ", 3) == "a b"
    assert write.one_line("abcdef", 3) == "ab…"


def test_choices() -> None:
    assert chosen(" 2 ", ("red", "blue")) == "blue"
    assert chosen("3", ("red", "blue")) == "3"
    assert chosen("green", ("red", "blue")) == "green"


def announce(folder: Path, url: str) -> None:
    (folder / "server.json").write_text(json.dumps({"url": url, "pid": 1}))
    (folder / "token").write_text("secret-of-this-machine")


@pytest.mark.parametrize(
    ("announced", "found"),
    [
        ("http://127.0.0.1:8787", "http://127.0.0.1:8787"),
        ("http://0.0.0.0:8787/", "http://127.0.0.1:8787"),
        ("http://[::]:8787", "http://[::1]:8787"),
    ],
)
def test_the_running_service_is_found(announced: str, found: str, tmp_path: Path) -> None:
    announce(tmp_path, announced)
    address = find_address({}, tmp_path)
    assert (address.url, address.token) == (found, "secret-of-this-machine")


def test_the_environment_comes_first(tmp_path: Path) -> None:
    announce(tmp_path, "http://127.0.0.1:1")
    address = find_address({"FACTOTUM_URL": "https://factotum.example/"}, tmp_path, "given")
    assert (address.url, address.token, address.local) == ("https://factotum.example", "given", False)


def test_the_local_token_never_goes_to_another_machine(tmp_path: Path) -> None:
    announce(tmp_path, "http://127.0.0.1:1")
    with pytest.raises(Unauthenticated) as caught:
        find_address({"FACTOTUM_URL": "https://factotum.example"}, tmp_path)
    assert caught.value.stable_code == "token_missing"
    assert find_address({"FACTOTUM_URL": "http://localhost:5"}, tmp_path).token == "secret-of-this-machine"


@pytest.mark.parametrize("note", ["", "[]", '{"url": 5}', '{"url": "ftp://x"}', "{}"])
def test_a_broken_note_is_no_service(note: str, tmp_path: Path) -> None:
    (tmp_path / "server.json").write_text(note)
    with pytest.raises(Unavailable) as caught:
        find_address({}, tmp_path)
    assert caught.value.stable_code == "service_unreachable"


@pytest.mark.parametrize("url", ["localhost:8787", "http://", "http://x:99999", "http://[::"])
def test_a_wrong_url_is_said(url: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        find_address({"FACTOTUM_URL": url}, tmp_path)


def test_uploads_are_checked_first(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.csv").touch()
    check_uploads([tmp_path / "a" / "x.csv"])
    for wrong in (
        [tmp_path / "none"],
        [tmp_path / "a"],
        [tmp_path / "a" / "x.csv", tmp_path / "b" / "x.csv"],
    ):
        with pytest.raises(InvalidInput):
            check_uploads(wrong)
    assert with_files("Read it.", [tmp_path / "a" / "x.csv"]).endswith("x.csv")
