"""What a newer version wrote: known parts are read, others passed over, and what is wrong stays wrong."""

import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from factotum.protocol.messages import Message
from factotum.protocol.newer import read_known

_MESSAGES: TypeAdapter[list[Message]] = TypeAdapter(list[Message])


def written(*parts: Any) -> str:
    message = {
        "id": "m",
        "thread_id": "t",
        "position": 1,
        "role": "assistant",
        "created_at": "2026-01-01T00:00:00Z",
        "mood": "new",
        "parts": parts,
    }
    return json.dumps([message])


def test_unknown_fields_and_parts_are_passed_over() -> None:
    (message,) = read_known(
        _MESSAGES, written({"type": "hologram"}, {"type": "text", "text": "a", "size": 2})
    )
    assert message.text == "a"
    assert len(message.parts) == 1


@pytest.mark.parametrize("part", [{"type": "text"}, "text", {"type": "text", "text": 5}])
def test_what_is_wrong_is_refused(part: Any) -> None:
    for parts in ((part,), (part, {"type": "hologram"})):
        with pytest.raises(ValidationError):
            read_known(_MESSAGES, written(*parts))


def test_what_holds_no_message_is_refused() -> None:
    with pytest.raises(ValidationError):
        read_known(_MESSAGES, '["hologram"]')
    with pytest.raises(ValidationError):
        read_known(_MESSAGES, json.dumps([json.loads(written({"type": "hologram"}))[0], "hologram"]))
