"""What the caller of a run may choose, through the real service: early calls, seamless answers, own tools."""

import time

import pytest

from tests.e2e.service_support import Service

pytestmark = pytest.mark.xdist_group("service")

WAYS = [("openai/scripted", "native"), ("anthropic/scripted", "native"), ("openai/scripted", "invoke")]


def test_the_first_calls_file_is_there_before_the_model_has_ended(service: Service) -> None:
    thread = service.thread()
    run = service.submit(thread, "Please act and hang", options={"execute_on_stream": True})
    deadline = time.monotonic() + 60
    while "early.txt" not in {
        file["path"] for file in service.call("GET", f"/threads/{thread}/files")["items"]
    }:
        assert time.monotonic() < deadline, service.log()
        time.sleep(0.1)

    assert service.call("GET", f"/runs/{run}")["status"] == "running"
    assert service.file(thread, "early.txt") == b"here"
    service.call("POST", f"/runs/{run}/stop")
    service.wait(run, "stopped")
    _, said, result = service.messages(thread)
    assert [part["type"] for part in said["parts"]] == ["text", "tool_call"]
    assert result["parts"][0]["outcome"] == "ok"


@pytest.mark.parametrize(("model", "dialect"), WAYS)
def test_calls_begin_while_the_model_talks(service: Service, model: str, dialect: str) -> None:
    thread = service.thread()
    options = {"execute_on_stream": True, "dialect": dialect, "xml_adding_strategy": "inline_edit"}
    run = service.submit(thread, "Please act early", model=model, options=options)

    events = service.until(run, "run.finished", "run.failed")

    assert events[-1].type == "run.finished", events[-1].data
    began = next(event.seq for event in events if event.type == "tool.started")
    talked = next(event.seq for event in events if "Still" in event.data.get("text", ""))
    assert began < talked
    assert service.file(thread, "late.txt") == b"there"
    texts = [
        part["text"].strip()
        for message in service.messages(thread)
        for part in message["parts"]
        if part["type"] == "text"
    ]
    assert texts == ["Please act early", "First.", "Still talking.", "Both are there."]


@pytest.mark.parametrize(("model", "dialect"), WAYS)
def test_a_cut_answer_reads_as_one(service: Service, model: str, dialect: str) -> None:
    thread = service.thread()
    run = service.submit(thread, "Please answer at length", model=model, options={"dialect": dialect})

    events = service.until(run, "run.finished", "run.failed")

    assert events[-1].data["reason"] == "answered", events[-1].data
    _, answer = service.messages(thread)
    assert [part["text"] for part in answer["parts"]] == ["One, two, three."]
    shown = [event.data for event in events if event.type == "text.delta"]
    assert "".join(data["text"] for data in shown) == "One, two, three."
    assert {data["message_id"] for data in shown} == {answer["id"]}


@pytest.mark.parametrize("on_stream", [False, True])
def test_a_cut_call_is_gone_on_with_and_runs_once(service: Service, on_stream: bool) -> None:
    thread = service.thread()
    options = {"dialect": "invoke", "execute_on_stream": on_stream}
    run = service.submit(thread, "Please write a long file", options=options)

    events = service.until(run, "run.finished", "run.failed")

    assert events[-1].data["reason"] == "answered", events[-1].data
    _, called, result, _ = service.messages(thread)
    text, call = called["parts"]
    assert (text["text"], call["fault"]) == ("I write it. ", None)
    assert call["arguments"] == {"path": "long.txt", "content": "first 👩\u200d👧 half </invoke> second half"}
    assert len(call["seams"]) == 1
    assert result["parts"][0]["outcome"] == "ok"
    assert len([event for event in events if event.type == "tool.started"]) == 1
    shown = "".join(event.data["text"] for event in events if event.type == "text.delta")
    assert "<" not in shown


def test_a_program_runs_the_tools_itself(service: Service) -> None:
    thread = service.thread()
    run = service.submit(thread, "Use my own tools", options={"execute_tools": False})
    waiting = service.wait(run, "awaiting_input")
    assert waiting["question"]["reason"] == "tool_results"
    (call,) = [part for part in service.messages(thread)[-1]["parts"] if part["type"] == "tool_call"]

    service.call("POST", f"/runs/{run}/input", json={"results": {call["call_id"]: "up 3 days"}})

    assert service.wait(run, "finished", "failed")["status"] == "finished"
    assert service.messages(thread)[-1]["parts"][0]["text"] == "It is up."
