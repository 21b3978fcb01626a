"""Stop means stopped: acknowledged when the model stream, the tools and their processes have ended."""

import pytest

from tests.e2e.service_support import Service
from tests.e2e.test_killed import assert_whole

_SHARED = pytest.mark.xdist_group("service")


@_SHARED
def test_stop_in_a_tool_ends_its_processes_and_says_what_was_not_done(service: Service) -> None:
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


@_SHARED
def test_stop_in_a_stream_keeps_what_was_said(service: Service) -> None:
    thread = service.thread()
    run = service.submit(thread, "Talk for ever")
    service.until(run, "text.delta")
    assert service.call("POST", f"/runs/{run}/stop")["status"] == "stopped"
    messages = service.messages(thread)
    assert messages[-1]["role"] == "assistant"
    assert messages[-1]["parts"][0]["text"].startswith("word")
