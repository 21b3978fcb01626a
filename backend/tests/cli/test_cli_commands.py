"""The program itself, as a shell sees it: output, exit codes, stdin, Ctrl-C."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factotum.core.errors import NotFound
from factotum.protocol.events import RunAwaiting, RunFailed
from factotum.protocol.runs import ErrorInfo, Question, RunOptions, Usage
from tests.cli.cli_support import (
    RUN_ID,
    THREAD_ID,
    Api,
    a_slow_run,
    a_whole_run,
    command,
    pressing_ctrl_c,
    serving,
    stamped,
    start,
)


@pytest.fixture
def api() -> Iterator[Api]:
    with serving(Api(a_whole_run())) as api:
        yield api


def one_object(text: str) -> dict[str, Any]:
    """Return the one JSON object that is all of stdout."""
    assert text.endswith("\n")
    assert text.count("\n") == 1
    return json.loads(text)


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; import factotum.cli.main; "
        "heavy = ('fastapi', 'pydantic', 'psycopg', 'litellm', 'rich', 'httpx', 'asyncio', 'redis'); "
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_names_commands_and_exit_codes(tmp_path: Path) -> None:
    done = command(None, tmp_path, "--help")
    assert done.code == 0
    for word in ("serve", "run", "chat", "logs", "doctor", "4 the run was stopped"):
        assert word in " ".join(done.out.split())
    nothing = command(None, tmp_path)
    assert "Commands:" in nothing.out + nothing.err


def test_a_run_in_text(api: Api, tmp_path: Path) -> None:
    done = command(api, tmp_path, "run", "Count the files")
    assert done.code == 0, done.err
    assert "✓ Run ls -l · 0.3 s" in done.out
    assert "✓ Finished" in done.out
    assert "out/a.txt  4 B" in done.out
    assert done.err == ""
    assert api.bodies[1]["input"] == "Count the files"
    assert api.bodies[1]["options"] == RunOptions().model_dump(mode="json")


def test_a_run_in_json(api: Api, tmp_path: Path) -> None:
    done = command(
        api,
        tmp_path,
        "run",
        "Count",
        "-o",
        "json",
        "-m",
        "some/model",
        "--dialect",
        "tag",
        "--step-limit",
        "5",
        "--max-cost",
        "0.5",
        "--max-tokens",
        "1000",
        "--max-seconds",
        "60",
    )
    told = one_object(done.out)
    assert done.code == told["exit_code"] == 0
    assert (told["status"], told["run_id"], told["thread_id"]) == ("finished", RUN_ID, THREAD_ID)
    assert told["answer"] == "I will look.\n\nThere are **two** files."
    assert told["deliverables"] == [{"path": "out/a.txt", "size_bytes": 4, "saved": None}]
    assert told["usage"]["cost_usd"] == 0.02
    assert api.bodies[1]["model"] == "some/model"
    assert api.bodies[1]["options"]["dialect"] == "tag"
    assert api.bodies[1]["options"]["budget"] == {
        "cost_usd": 0.5,
        "tokens": 1000,
        "steps": 5,
        "seconds": 60.0,
    }
    assert told["budget"] is None


def test_a_run_says_how_its_tools_are_run(api: Api, tmp_path: Path) -> None:
    assert command(api, tmp_path, "run", "Count", "--on-stream", "--parallel", "--no-tools").code == 0
    options = RunOptions(
        execute_on_stream=True,
        tool_execution="parallel",
        xml_tool_calling=False,
        native_tool_calling=False,
    )
    assert api.bodies[1]["options"] == options.model_dump(mode="json")


def test_a_run_in_stream_json_is_the_events_as_they_came(api: Api, tmp_path: Path) -> None:
    api.cut_every_event = True
    done = command(api, tmp_path, "run", "Count", "--output", "stream-json")
    assert done.code == 0
    assert done.out.splitlines() == [event.model_dump_json() for event in api.events]


def test_files_are_sent_before_and_saved_after(api: Api, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("1,2\n")
    for name in ("out/a.txt", "out/a.txt", "out/a-2.txt"):
        done = command(api, tmp_path, "run", "Read", "-f", "in.csv", "--save", "got")
        assert done.code == 0, done.err
        saved = tmp_path / "got" / name
        assert saved.read_text() == "two\n"
        assert saved.stat().st_mode & 0o777 == 0o644
        if name == "out/a.txt":
            # The same content is left as it is; other content is not overwritten.
            last = api.asked.count(("GET", f"/v1/threads/{THREAD_ID}/files/out/a.txt"))
            if last == 2:
                saved.write_text("mine\n")
    assert (tmp_path / "got" / "out" / "a.txt").read_text() == "mine\n"
    assert api.uploads == {"in.csv": b"1,2\n"}
    assert api.asked.index(("PUT", f"/v1/threads/{THREAD_ID}/files/in.csv")) < api.asked.index(
        ("POST", f"/v1/threads/{THREAD_ID}/runs")
    )
    assert "in.csv" in api.bodies[1]["input"]


@pytest.mark.parametrize(
    ("arguments", "task"),
    [
        (["run", "-"], "from a pipe"),
        (["run"], "from a pipe"),
        (["run", "Sum this up"], "Sum this up\n\nfrom a pipe"),
    ],
)
def test_text_on_stdin(arguments: list[str], task: str, api: Api, tmp_path: Path) -> None:
    done = command(api, tmp_path, *arguments, "--detach", stdin="from a pipe\n")
    assert done.code == 0, done.err
    assert done.out == f"{RUN_ID}\n"
    assert api.bodies[1]["input"] == task


@pytest.mark.parametrize(
    ("arguments", "more", "code", "stable"),
    [
        (["run", "-"], {}, 2, "invalid_input"),
        (["run", "x", "--step-limit", "0"], {}, 2, "invalid_input"),
        (["run", "x", "-f", "no-such-file"], {}, 2, "file_unreadable"),
        (["run", "x"], {"FACTOTUM_URL": "http://127.0.0.1:9"}, 3, "service_unreachable"),
        (["run", "x"], {"FACTOTUM_URL": ""}, 3, "service_unreachable"),
        (["run", "x"], {"FACTOTUM_API_TOKEN": "wrong"}, 6, "unauthenticated"),
        (["run", "x"], {"FACTOTUM_PORT": "many"}, 7, "settings_wrong"),
        (["run", "x", "--thread", "another"], {}, 8, "not_found"),
        (["logs", "no-such-run"], {}, 8, "not_found"),
        (["files", "no-such-thread"], {}, 8, "not_found"),
    ],
)
def test_failures_have_a_code_and_no_traceback(
    arguments: list[str], more: dict[str, str], code: int, stable: str, api: Api, tmp_path: Path
) -> None:
    done = command(api, tmp_path, *arguments, **more)
    assert done.code == code
    assert done.err.startswith("Error: ")
    assert f"({stable})" in done.err
    assert "Traceback" not in done.err
    told = one_object(command(api, tmp_path, *arguments, "-o", "json", **more).out)
    assert told["error"]["code"] == stable
    assert told["exit_code"] == code


def test_wrong_usage(api: Api, tmp_path: Path) -> None:
    assert command(api, tmp_path, "run", "x", "--dialect", "latin").code == 2
    assert command(api, tmp_path, "dance").code == 2
    assert command(api, tmp_path, "chat").code == 2


def test_a_traceback_for_those_who_ask(api: Api, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        command(api, tmp_path, "logs", "no-such-run", FACTOTUM_DEBUG="1")


def test_a_failed_run(tmp_path: Path) -> None:
    error = ErrorInfo(code="stalled", message="The model stalled.", hint="Try again.")
    events = stamped([*a_slow_run(), RunFailed(error=error, usage=Usage())])
    with serving(Api(events)) as api:
        done = command(api, tmp_path, "run", "Count")
        told = one_object(command(api, tmp_path, "run", "Count", "-o", "json").out)
    assert done.code == told["exit_code"] == 1
    assert "✗ Failed" in done.out
    assert "The model stalled." in done.out
    assert told["error"] == {"code": "stalled", "message": "The model stalled.", "hint": "Try again."}


def test_a_question_without_a_person(tmp_path: Path) -> None:
    question = Question(reason="question", text="Red or blue?", choices=("red", "blue"), call_id="q")
    events = stamped([*a_slow_run(), RunAwaiting(question=question)])
    with serving(Api(events, stays_open=True)) as api:
        done = command(api, tmp_path, "run", "Paint")
        told = one_object(command(api, tmp_path, "run", "Paint", "-o", "json").out)
    assert done.code == told["exit_code"] == 5
    assert f'factotum answer {RUN_ID} "..."' in done.out
    assert "Red or blue?" in done.out
    assert told["question"]["choices"] == ["red", "blue"]


def test_an_answer_is_sent(api: Api, tmp_path: Path) -> None:
    assert command(api, tmp_path, "answer", RUN_ID, "blue").code == 0
    assert api.bodies == [{"text": "blue"}]


@pytest.mark.parametrize(
    ("options", "delivery"), [((), "steer"), (("--interrupt",), "interrupt"), (("--queue",), "queue")]
)
def test_a_message_is_sent_into_a_run(
    api: Api, tmp_path: Path, options: tuple[str, ...], delivery: str
) -> None:
    done = command(api, tmp_path, "send", THREAD_ID, "Make it blue.", *options)
    assert (done.code, RUN_ID in done.out) == (0, True)
    told = one_object(command(api, tmp_path, "send", THREAD_ID, "x", *options, "-o", "json").out)
    assert (told["outcome"], told["run_id"]) == ("sent", RUN_ID)
    assert api.bodies[0] == {"text": "Make it blue.", "delivery": delivery}


def test_threads_and_files_for_programs(api: Api, tmp_path: Path) -> None:
    assert command(api, tmp_path, "threads").out.startswith(f"{THREAD_ID}\t")
    assert one_object(command(api, tmp_path, "threads", "-o", "json").out)["items"][0]["title"] == "Files"
    assert "a.txt" in command(api, tmp_path, "files", THREAD_ID).out
    saved = command(api, tmp_path, "files", THREAD_ID, "out/a.txt", "--save", "here")
    assert saved.code == 0, saved.err
    assert (tmp_path / "here" / "out" / "a.txt").read_text() == "two\n"
    outside = command(api, tmp_path, "files", THREAD_ID, "../a.txt", "--save", "here")
    assert (outside.code, "path_outside" in outside.err) == (2, True)


def test_looking_at_runs_and_models(api: Api, tmp_path: Path) -> None:
    assert command(api, tmp_path, "runs").out.split("\t")[::2] == [RUN_ID, "running", "openai/scripted\n"]
    assert one_object(command(api, tmp_path, "runs", "--thread", THREAD_ID, "-o", "json").out)["items"]
    stuck = command(api, tmp_path, "runs", "--stuck").out
    assert stuck.split("\t") == [RUN_ID, "running", "no_room", "1:30\n"]
    told = one_object(command(api, tmp_path, "runs", "--stuck", "-o", "json").out)
    assert told["items"][0]["hint"] == "Wait."
    assert command(api, tmp_path, "models").out.startswith("demo (default)\t1,000\t\tA script.")
    assert one_object(command(api, tmp_path, "models", "-o", "json").out)["default"] == "demo"
    tools = command(api, tmp_path, "tools").out.splitlines()
    assert tools[0] == "shell\tshell\tunsafe\t660 s\tyes"
    assert tools[1] == "search\tshell\tunsafe\t660 s\tno: No key. Set A_KEY."
    assert len(one_object(command(api, tmp_path, "tools", "--agent", "x", "-o", "json").out)["items"]) == 2


def test_the_state_of_a_run_that_goes_on(tmp_path: Path) -> None:
    with serving(Api(a_slow_run())) as api:
        done = command(api, tmp_path, "logs")
        told = one_object(command(api, tmp_path, "logs", RUN_ID, "-o", "json").out)
        line = command(api, tmp_path, "logs", RUN_ID, "-o", "stream-json").out
    assert (done.code, api.cursors) == (0, [])
    assert "> Count the files" in done.out
    assert "I will look." in done.out
    assert "The run goes on; it is running." in done.out
    assert told["status"] == "running"
    assert json.loads(line)["type"] == "reset"


def test_the_log_of_a_run_that_ended(api: Api, tmp_path: Path) -> None:
    api.status = "finished"
    done = command(api, tmp_path, "logs")
    assert done.code == 0
    assert "> Count the files" in done.out
    assert "✓ Finished" in done.out


def test_stop_says_how_the_run_ended(tmp_path: Path) -> None:
    with serving(Api(a_slow_run())) as api:
        done = command(api, tmp_path, "stop", RUN_ID)
        told = one_object(command(api, tmp_path, "stop", RUN_ID, "-o", "json").out)
    assert done.code == 0
    assert "Stopped." in done.out
    assert told["status"] == "stopped"


def wait_until_streaming(api: Api) -> None:
    deadline = time.monotonic() + 30
    while not api.cursors and time.monotonic() < deadline:
        time.sleep(0.02)
    assert api.cursors
    time.sleep(0.5)


def test_ctrl_c_stops_the_run_and_says_what_was_not_done(tmp_path: Path) -> None:
    with serving(Api(a_slow_run(), stays_open=True)) as api:
        process = start(api, tmp_path, "run", "Count", "--no-input")
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
        wait_until_streaming(api)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 4, err.decode()
    assert ("POST", f"/v1/runs/{RUN_ID}/stop") in api.asked
    assert "Stopped. Not executed: create_file." in out.decode()
    assert "Traceback" not in err.decode()


def test_a_second_ctrl_c_leaves_and_says_that_the_run_goes_on(tmp_path: Path) -> None:
    with serving(Api(a_slow_run(), stays_open=True, hold_stop=True)) as api:
        with pressing_ctrl_c(api, times=2):
            done = command(api, tmp_path, "run", "Count", "-o", "json")
        api.more.set()
    assert done.code == one_object(done.out)["exit_code"] == 130
    assert "Left. The run is running." in done.err
    assert f"factotum logs -f {RUN_ID}" in done.err


def test_a_stop_in_this_process(tmp_path: Path) -> None:
    with serving(Api(a_slow_run(), stays_open=True)) as api, pressing_ctrl_c(api):
        done = command(api, tmp_path, "run", "Count")
    assert done.code == 4
    assert "Stopped. Not executed: create_file." in done.out


def test_a_stop_that_is_refused_is_said_and_the_run_is_watched_on(tmp_path: Path) -> None:
    refusing = Api(a_slow_run(), stays_open=True, refuse_stop=True)
    with serving(refusing) as api, pressing_ctrl_c(api):
        done = command(api, tmp_path, "run", "Count")
    assert done.code == 0, done.err
    assert "The run could not be stopped: The database is down." in done.out
    assert "✓ Finished" in done.out


def test_ctrl_c_on_logs_stops_nothing(tmp_path: Path) -> None:
    with serving(Api(a_slow_run(), stays_open=True)) as api:
        with pressing_ctrl_c(api):
            done = command(api, tmp_path, "logs", "-f", RUN_ID)
        api.more.set()
    assert done.code == 130
    assert ("POST", f"/v1/runs/{RUN_ID}/stop") not in api.asked
    assert "Left. The run is running." in done.out


def test_a_run_that_is_forbidden_in_the_middle_ends_the_watching(tmp_path: Path) -> None:
    with serving(Api(a_whole_run(), first_answers=[(403, "forbidden")])) as api:
        done = command(api, tmp_path, "run", "Count")
    assert (done.code, "(forbidden)" in done.err) == (8, True)


def test_detached_for_programs(api: Api, tmp_path: Path) -> None:
    told = one_object(command(api, tmp_path, "run", "Count", "-d", "-o", "json").out)
    assert (told["status"], told["run_id"]) == ("queued", RUN_ID)


def test_stdin_that_is_no_text(api: Api, tmp_path: Path) -> None:
    process = start(api, tmp_path, "run", "-")
    out, err = process.communicate(b"\xff\xfe\x00", timeout=60)
    assert (process.returncode, out) == (2, b"")
    assert b"not UTF-8" in err
