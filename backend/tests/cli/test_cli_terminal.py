"""A person at a real (pseudo) terminal: questions with choices, and the chat."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from factotum.protocol.events import RunAwaiting
from factotum.protocol.runs import Question
from tests.cli.cli_support import (
    RUN_ID,
    THREAD_ID,
    Api,
    a_slow_run,
    a_whole_run,
    at_terminal,
    pressing_ctrl_c,
    serving,
    stamped,
)


@pytest.fixture
def asking() -> Iterator[Api]:
    question = Question(
        reason="question", text="Red or blue?", choices=("red", "blue"), attachments=("a.png",), call_id="q"
    )
    with serving(Api(stamped([*a_slow_run(), RunAwaiting(question=question)]), stays_open=True)) as api:
        yield api


@pytest.mark.parametrize(("typed", "sent"), [("2\r", "blue"), ("\rgreen\r", "green")])
def test_a_question_is_asked_and_its_answer_sent(typed: str, sent: str, asking: Api, tmp_path: Path) -> None:
    code, said = at_terminal(asking, tmp_path, "run", "Paint", typed=[("own words:", typed)])
    assert code == 0, said
    assert asking.bodies[2] == {"text": sent}
    assert "1. red" in said
    assert "Files: a.png" in said
    assert "✓ Finished" in said


def test_a_question_that_was_answered_elsewhere(asking: Api, tmp_path: Path) -> None:
    asking.refuse_input = True
    code, said = at_terminal(asking, tmp_path, "run", "Paint", typed=[("own words:", "red\r")])
    assert code == 0
    assert "answered elsewhere" in said


def test_ctrl_c_at_a_question_stops_the_run(asking: Api, tmp_path: Path) -> None:
    with pressing_ctrl_c(asking):
        code, said = at_terminal(asking, tmp_path, "run", "Paint", typed=[])
    assert code == 4
    assert "Stopped." in said


def test_a_question_may_be_left_open(asking: Api, tmp_path: Path) -> None:
    code, said = at_terminal(asking, tmp_path, "run", "Paint", typed=[("own words:", "\x04")])
    assert code == 5
    assert f"factotum answer {RUN_ID}" in said


def test_a_question_is_not_asked_of_nobody(asking: Api, tmp_path: Path) -> None:
    code, said = at_terminal(asking, tmp_path, "run", "Paint", "--no-input", typed=[])
    assert code == 5
    assert "own words" not in said


def test_a_chat(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("1\n")
    with serving(Api(a_whole_run())) as api:
        code, said = at_terminal(
            api,
            tmp_path,
            "chat",
            typed=[
                ("> ", "/help\r"),
                ("leaves it.", "/model\r"),
                ("is demo", "/model some/model\r"),
                ("some/model.", "/files\r"),
                ("not begun", "/stop\r"),
                ("Nothing goes on", "/file in.csv\r"),
                ("next message.", "/dance\r"),
                ("no command", "Count the files\r"),
                ("Finished", "/files\r"),
                ("a.txt", "/new\r"),
                ("new thread begins", "/quit\r"),
            ],
        )
    assert code == 0, said
    assert api.bodies[1]["model"] == "some/model"
    assert api.bodies[1]["input"].startswith("Count the files")
    assert api.uploads == {"in.csv": b"1\n"}
    assert "ls -l" in said


def test_a_chat_goes_on_with_a_thread_and_stops_its_run(tmp_path: Path) -> None:
    with serving(Api(a_slow_run())) as api:
        code, said = at_terminal(
            api, tmp_path, "chat", "--thread", THREAD_ID, typed=[("> ", "/stop\r"), ("is stopped", "\x04")]
        )
    assert code == 0, said
    assert ("POST", f"/v1/runs/{RUN_ID}/stop") in api.asked


def test_a_chat_on_a_thread_that_does_not_exist(tmp_path: Path) -> None:
    with serving(Api(a_slow_run())) as api:
        code, said = at_terminal(api, tmp_path, "chat", "--thread", "none", typed=[])
    assert code == 8
    assert "not_found" in said


def test_tables_fit_a_terminal(tmp_path: Path) -> None:
    with serving(Api(a_slow_run())) as api:
        code, said = at_terminal(api, tmp_path, "threads", typed=[])
    assert code == 0
    assert "Thread" in said
    assert THREAD_ID in said
