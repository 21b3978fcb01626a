"""kill -9 of the whole service in the middle of things: the run goes on and ends, each message once."""

from typing import Any

from tests.e2e.conftest import StartService
from tests.e2e.service_support import JsonObject


def assert_whole(messages: list[JsonObject]) -> None:
    """Check the laws of the message log: dense positions, each message once, a result for each call."""
    assert [message["position"] for message in messages] == list(range(1, len(messages) + 1))
    assert len({message["id"] for message in messages}) == len(messages)
    parts = [part for message in messages for part in message["parts"]]
    calls = [part["call_id"] for part in parts if part["type"] == "tool_call"]
    results = [part["call_id"] for part in parts if part["type"] == "tool_result"]
    assert sorted(calls) == sorted(results)
    assert len(set(calls)) == len(calls)


def test_killed_in_the_middle_of_a_model_stream(start_service: StartService) -> None:
    script: Any = [
        ["I look.", {"call": "list_files", "arguments": {}}],
        [{"text": "word ", "repeat": 60, "delay": 0.05}],
    ]
    service = start_service(script, measured=True)
    thread = service.thread()
    run = service.submit(thread, "Talk for a while")
    for event in service.events(run):
        if event.type == "text.delta" and "word" in event.data["text"]:
            break
    service.kill()
    service.start()
    ended = service.wait(run, "finished", "failed", "awaiting_input")
    assert ended["status"] == "finished", ended
    assert ended["attempt"] == 2
    messages = service.messages(thread)
    assert_whole(messages)
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "assistant"]
    assert messages[-1]["parts"][-1]["text"] == "word " * 60


def test_killed_in_the_middle_of_a_tool(start_service: StartService) -> None:
    once = "echo ran >> ran.txt; sleep 5; echo done >> ran.txt"
    script: Any = [
        ["I run it.", {"call": "shell", "arguments": {"command": once}}],
        ["I look.", {"call": "read_file", "arguments": {"path": "ran.txt"}}],
        [{"call": "complete", "arguments": {"summary": "It had begun once."}}],
    ]
    service = start_service(script)
    thread = service.thread()
    run = service.submit(thread, "Run it once")
    service.until(run, "sandbox.changed")
    while not service.call("GET", f"/threads/{thread}/files")["items"]:
        pass
    service.kill()
    service.start()
    waiting = service.wait(run, "awaiting_input", "finished", "failed")
    assert waiting["status"] == "awaiting_input", waiting
    assert waiting["question"]["reason"] == "unknown_outcome"
    assert "echo ran" in waiting["question"]["text"]
    service.call("POST", f"/runs/{run}/input", json={"text": "Check what happened, then go on"})
    ended = service.wait(run, "finished", "failed")
    assert ended["status"] == "finished", ended
    messages = service.messages(thread)
    assert_whole(messages)
    outcomes = [
        part["outcome"] for message in messages for part in message["parts"] if part["type"] == "tool_result"
    ]
    assert outcomes == ["unknown", "ok", "ok"]
    assert service.file(thread, "ran.txt") == b"ran\n"


def test_ended_by_a_person_in_the_middle_of_a_stream(start_service: StartService) -> None:
    script: Any = [[{"text": "word ", "repeat": 100, "delay": 0.05}]]
    service = start_service(script, FACTOTUM_WORKER_GRACE="1")
    thread = service.thread()
    run = service.submit(thread, "Talk for a while")
    service.until(run, "text.delta")
    assert service.stop() == 0
    service.start()
    assert service.wait(run, "finished", "failed")["status"] == "finished"
    assert_whole(service.messages(thread))
