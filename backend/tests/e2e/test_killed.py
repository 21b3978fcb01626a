"""kill -9 of the whole service in the middle of things: the run goes on and ends, each message once.

One service dies in all of these tests, each in a thread of its own.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.conftest import StartService, services_of
from tests.e2e.service_support import JsonObject, Service
from tests.embedded.processes import gone

pytestmark = pytest.mark.xdist_group("killed")

_ONCE = "echo ran >> ran.txt; sleep 5; echo done >> ran.txt"
_SCENARIOS: list[dict[str, Any]] = [
    {
        "match": "Look, then talk",
        "turns": [
            ["I look.", {"call": "list_files", "arguments": {}}],
            [{"text": "word ", "repeat": 60, "delay": 0.05}],
        ],
    },
    {
        "match": "Run it once",
        "turns": [
            ["I run it.", {"call": "shell", "arguments": {"command": _ONCE}}],
            ["I look.", {"call": "read_file", "arguments": {"path": "ran.txt"}}],
            [{"call": "complete", "arguments": {"summary": "It had begun once."}}],
        ],
    },
    {"match": "Talk for a while", "turns": [[{"text": "word ", "repeat": 100, "delay": 0.05}]]},
    {"match": "Say hello|And again", "turns": ["Hello!"]},
]


@pytest.fixture(scope="module")
def start_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartService]:
    """Return a function that starts a service for the tests of this module."""
    with services_of(tmp_path_factory.mktemp("killed")) as start:
        yield start


@pytest.fixture(scope="module")
def started(start_once: StartService) -> Service:
    """Return the service that all of these tests end or kill."""
    return start_once({"scenarios": _SCENARIOS}, measured=True, FACTOTUM_WORKER_GRACE="1")


@pytest.fixture
def service(started: Service) -> Service:
    """Return that service, running: a test that failed may have left it dead."""
    if not started.is_running:
        started.start()
    return started


def assert_whole(messages: list[JsonObject]) -> None:
    """Check the laws of the message log: dense positions, each message once, a result for each call."""
    assert [message["position"] for message in messages] == list(range(1, len(messages) + 1))
    assert len({message["id"] for message in messages}) == len(messages)
    parts = [part for message in messages for part in message["parts"]]
    calls = [part["call_id"] for part in parts if part["type"] == "tool_call"]
    results = [part["call_id"] for part in parts if part["type"] == "tool_result"]
    assert sorted(calls) == sorted(results)
    assert len(set(calls)) == len(calls)


def test_killed_in_the_middle_of_a_model_stream(service: Service) -> None:
    thread = service.thread()
    run = service.submit(thread, "Look, then talk")
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


def test_killed_in_the_middle_of_a_tool(service: Service) -> None:
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


def test_what_it_started_ends_with_it(service: Service) -> None:
    """A child that went on would hold what the next start needs: a data folder, or the script's port."""
    children = service.kill_alone()
    assert len(children) >= 3  # Postgres, Valkey and whoever plays the script
    assert [child for child in children if not gone(child)] == []
    service.start()


def test_ended_by_a_person_in_the_middle_of_a_stream(service: Service) -> None:
    thread = service.thread()
    run = service.submit(thread, "Talk for a while")
    service.until(run, "text.delta")
    assert service.stop() == 0
    service.start()
    assert service.wait(run, "finished", "failed")["status"] == "finished"
    assert_whole(service.messages(thread))


def test_all_is_still_there_after_a_restart(service: Service) -> None:
    thread = service.thread()
    run = service.submit(thread, "Say hello")
    service.wait(run, "finished")
    before = service.messages(thread)
    assert service.stop() == 0
    service.start()
    assert service.messages(thread) == before
    assert service.call("GET", f"/runs/{run}")["status"] == "finished"
    again = service.submit(thread, "And again")
    service.wait(again, "finished")
    assert [message["position"] for message in service.messages(thread)] == [1, 2, 3, 4]
