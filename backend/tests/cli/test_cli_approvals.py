"""Calls that wait for a person, on the command line: at a terminal, for programs, and from elsewhere."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from factotum.cli.reduce import apply
from factotum.cli.text import clean
from factotum.cli.view import View
from factotum.protocol.approvals import Approval
from factotum.protocol.events import ApprovalRequested, ApprovalResolved, RunAwaiting, RunResumed, Snapshot
from factotum.protocol.runs import Question
from tests.cli.cli_support import (
    BEGAN,
    RUN_ID,
    THREAD_ID,
    Api,
    a_slow_run,
    at_terminal,
    command,
    make_run,
    pressing_ctrl_c,
    serving,
    stamped,
)

HASH = "ab" * 32
ASKED = Question(reason="approval", text="May I?")
CHOOSE = "[d]eny:"


def approval(number: int, **arguments: object) -> Approval:
    return Approval(
        id=f"approval-{number}",
        run_id=RUN_ID,
        thread_id=THREAD_ID,
        call_id=f"c{number}",
        tool="shell",
        arguments={"command": f"git push {number}\x1b[2J", **arguments},  # pyright: ignore[reportArgumentType] - JSON
        arguments_hash=HASH,
        pattern="shell(git push*)",
        created_at=BEGAN,
        expires_at=BEGAN,
    )


def waiting(*approvals: Approval) -> Api:
    events = [*a_slow_run(), *(ApprovalRequested(approval=each) for each in approvals)]
    events.append(RunAwaiting(question=ASKED))
    return Api(stamped(events), stays_open=True, approvals=list(approvals), status="awaiting_input")


def decisions(api: Api) -> list[dict[str, object]]:
    return [body for body in api.bodies if body and "decision" in body]


@pytest.fixture
def one() -> Iterator[Api]:
    with serving(waiting(approval(1, folder="."))) as api:
        yield api


def test_each_call_is_shown_and_decided(tmp_path: Path) -> None:
    with serving(waiting(approval(1, lines="\n".join(map(str, range(20)))), approval(2), approval(3))) as api:
        code, said = at_terminal(
            api,
            tmp_path,
            "run",
            "Push",
            typed=[
                (CHOOSE, "o\r"),
                (CHOOSE, "?\r"),
                (CHOOSE, "a\r"),
                (CHOOSE, "d\r"),
                ("Why not", "Too dear\r"),
            ],
        )
    assert code == 0, said
    assert decisions(api) == [
        {"decision": "approve", "arguments_hash": HASH, "reason": "", "scope": "once"},
        {"decision": "approve", "arguments_hash": HASH, "reason": "", "scope": "always"},
        {"decision": "deny", "arguments_hash": HASH, "reason": "Too dear"},
    ]
    plain = clean(said)
    assert "May the agent do this? Run git push 1" in plain
    assert "in this thread nobody is asked about shell(git push*) again" in plain
    assert "(8 more lines)" in plain
    assert "push 1\x1b[2J" not in said


def test_arguments_are_edited_in_the_persons_editor(
    one: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.refuse_decisions = [(422, "invalid_arguments")]
    editor = tmp_path / "editor.py"
    texts = ["{", "[]", '{"command": 7}', '{"command": "git status"}']
    (tmp_path / "texts.json").write_text(json.dumps(texts))
    editor.write_text(
        "import json, pathlib, sys\n"
        "file = pathlib.Path(__file__).with_name('texts.json')\n"
        "left = json.loads(file.read_text())\n"
        "if left and (pathlib.Path(sys.argv[1]).read_text() != ''):\n"
        "    pathlib.Path(sys.argv[1]).write_text(left.pop(0))\n"
        "    file.write_text(json.dumps(left))\n"
    )
    monkeypatch.setattr("tests.cli.cli_support.environment", _with_editor(f"{sys.executable} {editor}"))
    code, said = at_terminal(one, tmp_path, "run", "Push", typed=[(CHOOSE, "e\r")] * 4)
    assert code == 0, said
    assert "This is not JSON" in said
    assert "must be one JSON object" in said
    assert "Not so." in said
    assert [body.get("arguments") for body in decisions(one)] == [{"command": 7}, {"command": "git status"}]


def _with_editor(editor: str) -> object:
    from tests.cli import cli_support

    plain = cli_support.environment

    def environment(api: Api | None, home: Path, **more: str) -> dict[str, str]:
        return plain(api, home, EDITOR=editor, VISUAL=editor, **more)

    return environment


def test_an_edit_that_changes_nothing_is_none(
    one: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.cli.cli_support.environment", _with_editor("true"))
    code, said = at_terminal(one, tmp_path, "run", "Push", typed=[(CHOOSE, "e\r"), (CHOOSE, "\x04")])
    assert code == 5, said
    assert "Nothing was changed." in said
    assert f"factotum approve {RUN_ID}" in said


def test_what_was_decided_elsewhere_is_said(one: Api, tmp_path: Path) -> None:
    one.refuse_decisions = [(409, "approval_decided")]
    code, said = at_terminal(one, tmp_path, "run", "Push", "--no-input", typed=[])
    assert code == 5, said
    one.approvals.append(approval(2))
    code, said = at_terminal(one, tmp_path, "approve", RUN_ID, typed=[(CHOOSE, "y\r"), (CHOOSE, "y\r")])
    assert code == 0, said
    assert "Not so." in said
    assert len(decisions(one)) == 2


def test_a_decision_that_is_refused_for_another_reason_ends_the_command(one: Api, tmp_path: Path) -> None:
    one.refuse_decisions = [(409, "approval_changed")]
    done = command(one, tmp_path, "approve", RUN_ID, "--approve", "all")
    assert done.code == 8
    assert "approval_changed" in done.err


def test_ctrl_c_at_an_approval_stops_the_run(one: Api, tmp_path: Path) -> None:
    with pressing_ctrl_c(one):
        code, said = at_terminal(one, tmp_path, "run", "Push", typed=[])
    assert code == 4, said


@pytest.mark.parametrize(("word", "decision"), [("all", "approve"), ("none", "deny")])
def test_programs_decide_by_an_option(one: Api, tmp_path: Path, word: str, decision: str) -> None:
    done = command(one, tmp_path, "run", "Push", "--approve", word, "-o", "stream-json", "--ask", "shell")
    assert done.code == 0, done.err
    assert [body["decision"] for body in decisions(one)] == [decision]
    assert one.bodies[1]["options"]["policy"] == {"deny": [], "ask": ["shell"]}
    kinds = [json.loads(line)["type"] for line in done.out.splitlines()]
    assert "approval.requested" in kinds


def test_without_a_person_or_an_option_the_run_is_left_waiting(one: Api, tmp_path: Path) -> None:
    done = command(one, tmp_path, "run", "Push", "-o", "json")
    assert done.code == 5
    told = json.loads(done.out)
    assert [each["id"] for each in told["approvals"]] == ["approval-1"]
    assert told["question"]["reason"] == "approval"


def test_a_pattern_that_is_none_is_refused_before_anything_is_sent(one: Api, tmp_path: Path) -> None:
    done = command(one, tmp_path, "run", "Push", "--deny", "a b")
    assert done.code == 2
    assert "policy.deny.0" in done.err
    assert one.bodies == []


def test_from_elsewhere_what_waits_is_listed_and_decided(one: Api, tmp_path: Path) -> None:
    listed = command(one, tmp_path, "approve", RUN_ID)
    assert (listed.code, "May the agent do this? Run git push 1" in listed.out) == (5, True)
    listed = command(one, tmp_path, "approve", RUN_ID, "-o", "json")
    assert (listed.code, json.loads(listed.out)["items"][0]["arguments_hash"]) == (5, HASH)
    done = command(one, tmp_path, "approve", RUN_ID, "--approve", "none", "--reason", "No.", "-o", "json")
    assert done.code == 0
    assert json.loads(done.out)["items"][0]["status"] == "denied"
    assert decisions(one) == [{"decision": "deny", "arguments_hash": HASH, "reason": "No."}]
    nothing = command(one, tmp_path, "approve", RUN_ID)
    assert (nothing.code, "run_not_waiting" in nothing.err) == (8, True)


def test_a_state_without_its_log_knows_what_waits(one: Api, tmp_path: Path) -> None:
    done = command(one, tmp_path, "logs", RUN_ID)
    assert f"factotum approve {RUN_ID}" in done.out


def test_a_view_knows_what_waits_until_it_is_decided() -> None:
    view = View()
    first, second = approval(1), approval(2)
    events = stamped(
        [
            ApprovalRequested(approval=first),
            ApprovalRequested(approval=second),
            RunAwaiting(question=ASKED),
            ApprovalResolved(approval_id=first.id, call_id="c1", status="approved"),
        ]
    )
    for event in events:
        apply(view, event)
    assert list(view.approvals) == [second.id]
    apply(view, ApprovalResolved(approval_id="unknown", call_id="c9", status="expired"))
    apply(view, RunResumed(attempt=2))
    assert view.approvals == {}
    state = Snapshot(seq=4, run=make_run("awaiting_input", question=ASKED), messages=(), approvals=(second,))
    apply(view, state)
    assert list(view.approvals) == [second.id]
