"""The pure parts of the Daytona provider: what comes from inside is checked, and answers understood."""

import json
import struct
from typing import Any

import pytest

from factotum.core.errors import Conflict, InvalidInput, NotFound, RateLimited, SetupFault, Unavailable
from factotum.sandbox.daytona import answers
from factotum.sandbox.daytona.archive import archive
from factotum.sandbox.daytona.calls import (
    REST_SECONDS,
    THRESHOLD,
    Breaker,
    Clash,
    Missing,
    explain,
    retry_after,
)
from factotum.sandbox.daytona.inside.frames import Decoder, FrameFault, encode
from factotum.services import daytona_options, make_sandboxes
from factotum.settings import Settings

ENTRY = {"path": "a", "kind": "file", "size": 1, "modified_at": 1.5, "mode": 0o644}


class Failed(Exception):
    """An error with a status and headers, as the SDK raises them."""

    def __init__(self, status: int, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"HTTP {status}\nmore of it")
        self.status_code = status
        self.headers = headers or {}


def test_frames_come_whole_however_they_are_cut() -> None:
    stream = b"".join(encode({"id": n}, bytes([n]) * n * 1000) for n in range(5))
    for step in (1, 7, 4096, len(stream)):
        decoder = Decoder()
        found = [m for at in range(0, len(stream), step) for m in decoder.feed(stream[at : at + step])]
        assert found == [({"id": n}, bytes([n]) * n * 1000) for n in range(5)]


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">II", 2**31, 4),
        struct.pack(">II", 10, 7) + b"{}    ",
        struct.pack(">II", 6, 2) + b"{]",
        struct.pack(">II", 6, 2) + b"[]",
        struct.pack(">II", 2, 0) + b"",
    ],
)
def test_what_is_no_frame_ends_the_stream(data: bytes) -> None:
    with pytest.raises(FrameFault):
        Decoder().feed(data)


@pytest.mark.parametrize(
    ("shape", "head"),
    [
        (answers.One, {}),
        (answers.One, {"done": {**ENTRY, "size": -1}}),
        (answers.One, {"done": {**ENTRY, "kind": "socket"}}),
        (answers.One, {"done": {**ENTRY, "mode": 0o4755}}),
        (answers.One, {"done": {**ENTRY, "path": "x" * 6000}}),
        (answers.Ports, {"ports": [0]}),
        (answers.Ports, {"ports": ["80"]}),
        (answers.Polled, {"chunks": [["stdin", 4]], "first": 0, "over": False}),
        (answers.Polled, {"chunks": [], "first": 0, "over": True, "code": 900}),
        (answers.Cursor, {"cursor": True}),
    ],
)
def test_answers_that_cannot_be_are_refused(shape: type[answers.Answer], head: dict[str, Any]) -> None:
    with pytest.raises(Unavailable) as raised:
        answers.read(shape, head)
    assert raised.value.stable_code == "sandbox_lost"


def test_times_of_another_world_are_bounded() -> None:
    told = answers.read(answers.One, json.loads(json.dumps({"done": {**ENTRY, "modified_at": 1e300}})))
    assert told.done.info().modified_at.year == 2242
    assert answers.read(answers.One, {"done": ENTRY}).done.info().size_bytes == 1


def test_refusals_become_errors_by_their_code() -> None:
    cases = {"file_not_found": NotFound, "path_outside": InvalidInput, "file_exists": Conflict}
    for code, kind in cases.items():
        error = answers.refusal({"refused": code, "message": "m", "hint": "h"})
        assert type(error) is kind
        assert (error.stable_code, error.message, error.hint) == (code, "m", "h")
    unknown = answers.refusal({"refused": "of its own", "message": "x" * 999})
    assert isinstance(unknown, Unavailable)
    assert len(unknown.message) < 300
    for none in ({}, {"refused": ""}, {"refused": 5}, {"refused": "ENOENT", "over": True}):
        assert answers.refusal(none) is None


def test_the_longest_retry_after_counts() -> None:
    assert retry_after({"Retry-After": "1", "retry-after-sandbox-create": "2.5", "X": "9"}) == 2.5
    assert retry_after({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}) is None
    assert retry_after({"Retry-After": "inf", "Retry-After-X": "-1"}) is None


def test_every_answer_of_daytona_becomes_an_error_that_says_what_to_do() -> None:
    kinds = {
        400: InvalidInput,
        401: SetupFault,
        403: SetupFault,
        404: Missing,
        409: Clash,
        410: Missing,
        422: InvalidInput,
        429: RateLimited,
        500: Unavailable,
        503: Unavailable,
    }
    for status, kind in kinds.items():
        assert type(explain(Failed(status), "find it")) is kind, status
    limited = explain(Failed(429, {"Retry-After-Auth": "7"}), "find it")
    assert isinstance(limited, RateLimited)
    assert limited.retry_after_seconds == 7
    late = explain(TimeoutError(), "find it")
    assert isinstance(late, Unavailable)
    assert late.stable_code == "sandbox_timeout"
    assert "more of it" not in str(explain(Failed(500), "find it"))


def test_the_breaker_lets_one_try() -> None:
    now = [0.0]
    breaker = Breaker(lambda: now[0])
    for _ in range(THRESHOLD):
        breaker.admit()
        breaker.failed()
    with pytest.raises(Unavailable):
        breaker.admit()
    now[0] = REST_SECONDS
    breaker.admit()
    with pytest.raises(Unavailable):
        breaker.admit()
    breaker.answered()
    breaker.admit()
    assert not breaker.is_open


def test_the_program_inside_is_one_file_with_a_name_for_its_content() -> None:
    content, version = archive()
    assert archive() == (content, version)
    assert len(content) < 100_000
    assert len(version) == 16


def test_where_commands_run_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DAYTONA_API_KEY", "FACTOTUM_SANDBOX"):
        monkeypatch.delenv(name, raising=False)
    assert daytona_options(Settings()) is None
    monkeypatch.setenv("FACTOTUM_SANDBOX", "daytona")
    with pytest.raises(SetupFault, match="DAYTONA_API_KEY"):
        make_sandboxes(Settings())
    monkeypatch.setenv("DAYTONA_API_KEY", "dtn_x")
    monkeypatch.setenv("FACTOTUM_DAYTONA_DOMAIN_ALLOW", '["pypi.org"]')
    monkeypatch.setenv("FACTOTUM_DAYTONA_IMAGE", "factotum-sandbox:1")
    options = daytona_options(Settings())
    assert options is not None
    assert (options.api_key, options.domain_allow, options.image) == (
        "dtn_x",
        ("pypi.org",),
        "factotum-sandbox:1",
    )
    assert type(make_sandboxes(Settings())).__name__ == "DaytonaSandboxProvider"
    monkeypatch.setenv("FACTOTUM_SANDBOX", "local")
    assert daytona_options(Settings()) is None
    assert "dtn_x" not in repr(Settings())
