"""Stop means stopped: acknowledged when the model stream, the tools and their processes have ended."""

from typing import Any

from tests.e2e.conftest import StartService
from tests.e2e.test_killed import assert_whole


def test_stop_in_a_tool_ends_its_processes_and_says_what_was_not_done(start_service: StartService) -> None:
    script: Any = {
        "scenarios": [
            {
                "match": "two things",
                "turns": [
                    [
                        {
                            "call": "shell",
                            "arguments": {"command": "while true; do date >> beat.txt; sleep 0.05; done"},
                        },
                        {"call": "create_file", "arguments": {"path": "never.txt", "content": "x"}},
                    ]
                ],
            },
            {"match": "look", "turns": ["The beat has stopped."]},
        ]
    }
    service = start_service(script)
    thread = service.thread()
    run = service.submit(thread, "Do two things")
    service.until(run, "tool.started")
    while not service.call("GET", f"/threads/{thread}/files")["items"]:
        pass
    stopped = service.call("POST", f"/runs/{run}/stop")
    assert stopped["status"] == "stopped"
    size = len(service.file(thread, "beat.txt"))
    last = list(service.events(run))[-1]
    assert last.type == "run.stopped"
    assert last.data["not_executed"] == ["create_file"]
    assert len(service.file(thread, "beat.txt")) == size
    following = service.submit(thread, "Have a look")
    assert service.wait(following, "finished", "failed")["status"] == "finished"
    assert_whole(service.messages(thread))


def test_stop_in_a_stream_keeps_what_was_said(start_service: StartService) -> None:
    service = start_service([[{"text": "word ", "repeat": "forever", "delay": 0.02}]])
    thread = service.thread()
    run = service.submit(thread, "Talk for ever")
    service.until(run, "text.delta")
    assert service.call("POST", f"/runs/{run}/stop")["status"] == "stopped"
    messages = service.messages(thread)
    assert messages[-1]["role"] == "assistant"
    assert messages[-1]["parts"][0]["text"].startswith("word word")
