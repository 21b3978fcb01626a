"""Resuming: over a real loopback server that cuts, refuses, resets and comes back."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from factotum.cli.address import Address
from factotum.cli.client import Service
from factotum.cli.stream import RunStream, StreamEvent
from factotum.core.errors import NotFound, Unauthenticated, Unavailable
from factotum.protocol.events import RUN_EVENT, Snapshot
from tests.cli.cli_support import RUN_ID, TOKEN, Api, a_slow_run, a_whole_run, frame, make_run, serving


@pytest.fixture
def api() -> Iterator[Api]:
    with serving(Api(a_whole_run())) as api:
        yield api


def followed(
    api: Api, *, after: int = 0, patience: float = 5.0, run_id: str = RUN_ID, token: str = TOKEN
) -> tuple[list[StreamEvent], list[str]]:
    """Follow the run to its end; return the events and what was said of the connection."""
    states: list[str] = []
    with Service(Address(api.url, token)) as service:
        stream = RunStream(
            service, run_id, after=after, patience=patience, sleep=lambda _: None, on_state=states.append
        )
        return list(stream.events()), states


def test_events_come_in_order_with_their_own_bytes(api: Api) -> None:
    events, _ = followed(api)
    assert [event.seq for event in events] == list(range(1, 20))
    assert [event.data for event in events] == [event.model_dump_json() for event in api.events]
    assert [event.value for event in events] == api.events
    assert [event.ends for event in events] == [False] * 18 + [True]


def test_a_connection_cut_after_each_event_loses_and_repeats_nothing(api: Api) -> None:
    api.cut_every_event = True
    events, states = followed(api)
    assert [event.value for event in events] == api.events
    assert api.cursors == list(range(19))
    assert any(states)
    assert states[-1] == ""


def test_it_begins_after_the_cursor(api: Api) -> None:
    events, _ = followed(api, after=17)
    assert [event.seq for event in events] == [18, 19]


def test_what_was_given_already_is_not_given_again(api: Api) -> None:
    first, second = api.events[:3], api.events[1:]
    api.raw_frames = [b"".join(map(frame, first)), b"".join(map(frame, second))]
    events, _ = followed(api)
    assert [event.seq for event in events] == list(range(1, 20))


def test_line_breaks_of_unicode_do_not_end_a_line_of_the_stream(api: Api) -> None:
    event = api.events[4].model_copy(update={"text": "a\u2028b\u0085c"})
    api.raw_frames = [frame(event) + frame(api.events[-1])]
    events, _ = followed(api)
    assert events[0].value == event


def test_a_reset_is_given_and_the_stream_goes_on_after_it(api: Api) -> None:
    snapshot = Snapshot(seq=40, run=make_run(), messages=())
    later = api.events[-1].model_copy(update={"seq": 41})
    reset = f"id: 40\nevent: reset\ndata: {snapshot.model_dump_json()}\n\n".encode()
    api.raw_frames = [frame(api.events[0]) + reset, frame(later)]
    events, _ = followed(api)
    assert [event.value for event in events] == [api.events[0], snapshot, later]
    assert api.cursors == [0, 40]


def test_a_reset_of_an_ended_run_is_the_end(api: Api) -> None:
    snapshot = Snapshot(seq=5, run=make_run("failed"), messages=())
    api.raw_frames = [f"id: 5\nevent: reset\ndata: {snapshot.model_dump_json()}\n\n".encode()]
    events, _ = followed(api)
    assert [event.ends for event in events] == [True]


def test_a_newer_service_is_understood_as_far_as_can_be(api: Api) -> None:
    known = json.loads(api.events[0].model_dump_json()) | {"added_later": 1}
    unknown = {"type": "dream.dreamt", "seq": 2}
    api.raw_frames = [
        f"id: 1\nevent: run.queued\ndata: {json.dumps(known)}\n\n".encode()
        + f"id: 2\nevent: dream.dreamt\ndata: {json.dumps(unknown)}\n\n".encode()
        + frame(api.events[-1])
    ]
    events, _ = followed(api)
    assert [event.value for event in events] == [api.events[0], None, api.events[-1]]
    assert events[1].data == json.dumps(unknown)


@pytest.mark.parametrize("answer", [(503, "unavailable"), (500, "internal_error"), (429, "rate_limited")])
def test_a_service_in_trouble_is_asked_again(answer: tuple[int, str], api: Api) -> None:
    api.first_answers = [answer, answer]
    events, states = followed(api)
    assert [event.value for event in events] == api.events
    assert states[0] == "the connection was lost, trying again"


def test_a_drained_log_without_an_end_is_asked_for_from_the_start() -> None:
    """The log is gone, and the service says so with 204: what ended the run is in the snapshot only."""
    snapshot = Snapshot(seq=1, run=make_run("finished"), messages=())
    with serving(Api([])) as second:
        second.first_answers = [(204, "")]
        second.raw_frames = [f"id: 1\nevent: reset\ndata: {snapshot.model_dump_json()}\n\n".encode()]
        events, _ = followed(second, after=1)
        assert second.cursors == [1, 0]
    assert [event.value for event in events] == [snapshot]


def test_patience_ends(api: Api) -> None:
    with serving(Api(a_slow_run())) as gone:
        url = gone.url
    with pytest.raises(Unavailable) as caught:
        followed(Api([], url=url), patience=0.0)
    assert caught.value.stable_code == "service_unreachable"


def test_what_is_refused_is_not_asked_for_again(api: Api) -> None:
    with pytest.raises(Unauthenticated):
        followed(api, token="wrong")
    with pytest.raises(NotFound):
        followed(api, run_id="0190a0a0-0000-7000-8000-00000000ffff")
    assert len(api.asked) == 2


def test_each_event_is_of_the_protocol() -> None:
    """The fixtures are what the service would send."""
    for event in a_whole_run():
        assert RUN_EVENT.validate_json(event.model_dump_json()) == event


def test_uploads_come_whole(api: Api, tmp_path: Path) -> None:
    source = tmp_path / "big.bin"
    source.write_bytes(bytes(range(256)) * 1000)
    with Service(Address(api.url, TOKEN)) as service:
        service.upload("0190a0a0-0000-7000-8000-000000000002", "big.bin", source)
    assert api.uploads == {"big.bin": source.read_bytes()}
