"""Records and redaction: what is logged is one record, and holds no credential."""

import json
import logging
import sys
import time
from collections.abc import Iterator

import pytest

from factotum.core.logs import LineFormatter, configure_logs, run_in_log
from factotum.core.redaction import redact

SECRET = "abcDEF0123456789ghij"


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer {}",
        "bearer   {}",
        "api_key={}",
        'API-KEY: "{}"',
        '{{"password": "{}"}}',
        "GEMINI_API_KEY={}",
        "AWS_SECRET_ACCESS_KEY = {}",
        "token='{}'",
        "postgresql://user:{}@db.internal:5432/x",
        "redis://:{}@cache",
        "sk-{}",
        "sk-ant-{}",
        "gsk_{}",
        "ghp_{}",
        "github_pat_{}",
        "dtn_{}",
        "ftm_{}",
        "xoxb-{}",
        "eyJ{0}.{0}.{0}",
        "AIza{0}{0}",
    ],
)
def test_credentials_are_taken_out(text: str) -> None:
    cleaned = redact(f"before {text.format(SECRET)} after")

    assert SECRET not in cleaned
    assert "[redacted]" in cleaned
    assert cleaned.startswith("before ")
    assert cleaned.endswith(" after")


def test_aws_key_ids_are_taken_out() -> None:
    assert redact("AKIAIOSFODNN7EXAMPLE") == "[redacted]"


@pytest.mark.parametrize(
    "text",
    [
        "input_tokens=123456 of 200000",
        "See https://example.com:8080/a@b and mailto:x@y.z",
        "task-12345678901234567890",
        "The token is wrong.",
        "password: ****",
        "asked for a secret handshake",
        "",
    ],
)
def test_other_text_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("piece", ["a.", "eyJ-", "a://", "bearer ", "sk-", "token=", "a:"])
def test_no_text_takes_long(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    started = time.process_time()
    redact(text)
    assert time.process_time() - started < 5


@pytest.fixture
def own_root() -> Iterator[logging.Logger]:
    """Give back the root logger as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    quiet = {name: logging.getLogger(name).level for name in ("httpx", "asyncio")}
    root.handlers = []
    yield root
    root.handlers, root.level = handlers, level
    for name, before in quiet.items():
        logging.getLogger(name).setLevel(before)


def _record(message: str, *args: object, failed: bool = False) -> logging.LogRecord:
    if not failed:
        return logging.LogRecord("a.b", logging.WARNING, __file__, 1, message, args, None)
    try:
        raise ValueError(f"password={SECRET}")
    except ValueError:
        return logging.LogRecord("a.b", logging.ERROR, __file__, 1, message, args, sys.exc_info())


def test_a_json_record_is_one_line() -> None:
    run_in_log.set("run-1")
    line = LineFormatter(as_json=True).format(_record("two\nlines of %s", "text", failed=True))
    run_in_log.set(None)

    assert "\n" not in line
    fields = json.loads(line)
    assert fields["message"].startswith("two\nlines of text\nTraceback (most recent call last)")
    assert "password=[redacted]" in fields["message"]
    assert {name: fields[name] for name in ("level", "logger", "run_id")} == {
        "level": "error",
        "logger": "a.b",
        "run_id": "run-1",
    }
    assert fields["at"].endswith("+00:00")


def test_a_json_record_without_a_run_names_none() -> None:
    assert "run_id" not in json.loads(LineFormatter(as_json=True).format(_record("x")))


def test_text_for_people_cannot_fake_a_record() -> None:
    formatter = LineFormatter(as_json=False)
    run_in_log.set("run-1")
    with_run = formatter.format(_record("one\n12:00:00 error   a.b: faked", failed=True))
    run_in_log.set(None)
    without = formatter.format(_record("one"))

    first, *rest = with_run.split("\n")
    assert first.endswith(" error   a.b run=run-1: one")
    assert rest
    assert all(line.startswith("    ") for line in rest)
    assert without.endswith(" warning a.b: one")


def test_the_process_logs_in_one_form(own_root: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(as_json=True, level=logging.INFO)

    logging.getLogger("factotum.x").info("token=%s", SECRET)
    logging.getLogger("factotum.x").debug("not shown")
    logging.getLogger("httpx").info("not shown")

    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["message"] == "token=[redacted]"
