"""What a browser's driver says, honest or not: read in any pieces, bounded, and never more than data."""

import base64
import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.sandbox.browser import readiness
from factotum.sandbox.browser.bundle import archive, command
from factotum.sandbox.browser.wire import JPEG_BYTES, LINE_BYTES, Confused, Frame, Lines, Said

JPEG = base64.b64encode(b"\xff\xd8\xff" + bytes(100)).decode()
FRAME = {"jpeg": JPEG, "address": "https://a.test/", "title": "A"}
TALK = [
    {"id": "1", "frame": FRAME},
    {"id": "1", "ok": {"text": "Größe — 素数", "files": ["a.png"]}},
    {"id": "2", "error": {"code": "element_gone", "message": "No.", "hint": "Look."}},
]
BYTES = b"Traceback: noise\n" + b"".join(json.dumps(each).encode() + b"\n" for each in TALK)


@given(st.lists(st.integers(0, len(BYTES)), max_size=8))
def test_however_it_is_cut_the_driver_says_the_same(places: list[int]) -> None:
    edges = [0, *sorted(places), len(BYTES)]
    lines = Lines()
    said = [each for a, b in pairwise(edges) for each in lines.feed(BYTES[a:b])]
    assert said == [Said.model_validate(each) for each in TALK]
    assert lines.noise == b"Traceback: noise\n"


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b"{not json",
        b'{"id": 7, "ok": {"text": ""}}',
        b'{"id": "1", "ok": {"text": "", "run": "rm"}}',
        b'{"id": "1", "ok": {"text": "' + b"x" * 100_001 + b'"}}',
        b'{"id": "1", "ok": {"text": "", "files": [' + b", ".join([b'"a"'] * 21) + b"]}}",
    ],
)
def test_what_no_driver_says_is_refused(line: bytes) -> None:
    with pytest.raises(Confused):
        Lines().feed(line + b"\n")


def test_a_line_without_end_is_refused_and_noise_keeps_its_end_only() -> None:
    lines = Lines()
    lines.feed(b"x" * LINE_BYTES)
    with pytest.raises(Confused):
        lines.feed(b"x")
    noisy = Lines()
    noisy.feed(b"first\n" + b"y" * 5_000 + b"last\n")
    assert len(noisy.noise) == 1_000
    assert noisy.noise.endswith(b"last\n")


@pytest.mark.parametrize("jpeg", ["!", base64.b64encode(b"<svg onload=alert(1)>").decode(), ""])
def test_a_picture_that_is_none_is_refused(jpeg: str) -> None:
    with pytest.raises(Confused):
        Frame(jpeg=jpeg, address="", title="").picture()
    assert Frame(**FRAME).picture().startswith(b"\xff\xd8\xff")
    too_large = json.dumps({"id": "1", "frame": FRAME | {"jpeg": "A" * (JPEG_BYTES * 2)}}).encode()
    with pytest.raises(Confused):
        Lines().feed(too_large + b"\n")


def test_a_code_that_is_not_ours_is_not_passed_on() -> None:
    (known,) = Lines().feed(b'{"id": "1", "error": {"code": "page_hangs", "message": ""}}\n')
    (unknown,) = Lines().feed(b'{"id": "1", "error": {"code": "internal_error", "message": ""}}\n')
    assert known.error is not None
    assert unknown.error is not None
    assert (known.error.known_code(), unknown.error.known_code()) == ("page_hangs", "browser_failed")


def test_the_driver_is_sent_whole_and_names_itself() -> None:
    assert archive() is archive()
    assert f" {len(archive())} " in command()
    assert "/usr/lib/chromium/chromium" in command()


def test_a_machine_without_a_browser_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "CHROMIUM", (str(tmp_path / "chromium"),))
    assert "apt-get install chromium" in (readiness.refusal(tmp_path) or "")
    (tmp_path / "chromium").touch()
    assert "has no Playwright" in (readiness.refusal(None) or "")
    assert "has no Playwright" in (readiness.refusal(tmp_path) or "")
    driver = tmp_path / "lib/python3.11/site-packages/playwright/driver"
    driver.mkdir(parents=True)
    (driver / "node").touch()
    assert readiness.refusal(tmp_path) is None
