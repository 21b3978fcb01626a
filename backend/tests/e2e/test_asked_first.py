"""A service that must ask: the run waits, survives kill -9, and does what was approved once, as edited."""

import json
from typing import Any

import pytest

from tests.e2e.conftest import StartService
from tests.e2e.service_support import Service

SCRIPT: list[dict[str, Any]] = [
    {
        "match": "beat",
        "turns": [
            [
                {"call": "create_file", "arguments": {"path": "a.txt", "content": "one\n"}},
                {"call": "shell", "arguments": {"command": "echo no >> beat.txt"}},
                {"call": "shell", "arguments": {"command": "echo two >> beat.txt"}},
                {"call": "delete_file", "arguments": {"path": "a.txt"}},
            ],
            [{"call": "complete", "arguments": {"summary": "Done.", "deliverables": ["beat.txt"]}}],
        ],
    }
]


def approvals(service: Service, run: str) -> list[dict[str, Any]]:
    return list(service.call("GET", f"/runs/{run}/approvals")["items"])


def decide(service: Service, approval: dict[str, Any], decision: str, **more: Any) -> dict[str, Any]:
    body = {"decision": decision, "arguments_hash": approval["arguments_hash"], **more}
    return service.call("POST", f"/runs/{approval['run_id']}/approvals/{approval['id']}", json=body)


def test_a_run_asks_first_is_killed_while_it_waits_and_does_what_was_approved(
    start_service: StartService,
) -> None:
    service = start_service(
        {"scenarios": SCRIPT}, FACTOTUM_POLICY=json.dumps({"ask": ["shell"], "deny": ["files.delete*"]})
    )
    thread = service.thread()
    run = service.submit(thread, "Make it beat", options={"dialect": "invoke"})
    told = [event.type for event in service.until(run, "run.awaiting")]
    assert told[-3:] == ["approval.requested", "approval.requested", "run.awaiting"]
    first, second = approvals(service, run)
    decide(service, first, "deny", reason="Not like this.")

    service.kill()
    service.start()
    assert service.call("GET", f"/runs/{run}")["status"] == "awaiting_input"
    assert [each["status"] for each in approvals(service, run)] == ["denied", "pending"]
    decide(service, second, "approve", arguments={"command": "echo edited >> beat.txt"}, scope="always")

    service.wait(run, "finished")
    assert service.file(thread, "beat.txt") == b"edited\n"
    outputs = [
        part["output"]
        for message in service.messages(thread)
        for part in message["parts"]
        if part["type"] == "tool_result"
    ]
    assert "They say: Not like this." in outputs[1]
    assert "with other arguments" in outputs[2]
    assert outputs[3].startswith("Error (tool_denied)")

    again = service.submit(thread, "Make it beat again", options={"dialect": "invoke"})
    ended = service.wait(again, "finished", "failed", "awaiting_input")
    assert ended["status"] == "finished", ended
    assert service.file(thread, "beat.txt") == b"edited\nno\ntwo\n"
    (permission,) = service.call("GET", f"/threads/{thread}/permissions")["items"]
    assert permission["pattern"] == "shell"


@pytest.mark.xdist_group("service")
def test_a_decision_that_nobody_makes_is_a_denial(service: Service) -> None:
    options = {"policy": {"ask": ["shell(*two*)"]}}
    run = service.submit(service.thread(), "Please ask first", options=options)
    service.wait(run, "finished", "failed")
    (approval,) = approvals(service, run)
    assert (approval["status"], approval["decided_by"]) == ("expired", None)
