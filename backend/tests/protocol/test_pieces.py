"""Pieces of one response: told by their ids alone, and put together in the place of the first."""

from datetime import UTC, datetime

from factotum.protocol.messages import Message, Role, TextPart
from factotum.protocol.pieces import Joined, last_response, rest_id

_AT = datetime(2026, 1, 1, tzinfo=UTC)


def said(message_id: str, role: Role = "assistant") -> Message:
    part = TextPart(text=message_id[:4])
    return Message(id=message_id, thread_id="t", position=1, role=role, parts=(part,), created_at=_AT)


def texts(joined: Joined) -> list[str]:
    return [message.text for message in joined.messages]


HEAD = "head"
REST = rest_id(HEAD)
LAST = rest_id(REST)


def test_pieces_stand_together_whatever_was_stored_between() -> None:
    joined = Joined()
    joined.extend([said("task", "user"), said(HEAD), said("tool", "tool")])
    joined.extend([said(REST), said("wish", "user"), said(LAST), said("next"), said("end")])

    assert texts(joined) == ["task", f"head{REST[:4]}{LAST[:4]}", "tool", "wish", "next", "end"]
    assert joined.messages[1].id == HEAD


def test_the_last_response_begins_at_its_first_piece() -> None:
    log = [said("a"), said(HEAD), said("tool", "tool"), said(REST), said(LAST), said("tool", "tool")]

    assert last_response(log) == 1
    assert last_response(log[:1]) == 0
    assert last_response([said("task", "user")]) is None
    assert last_response([]) is None


def test_a_text_knows_the_pieces_it_came_in() -> None:
    part = TextPart(text="One, two.", seams=(5,))

    assert part.pieces == ("One, ", "two.")
    assert TextPart.model_validate_json(part.model_dump_json()) == part
    assert TextPart(text="x").pieces == ("x",)
