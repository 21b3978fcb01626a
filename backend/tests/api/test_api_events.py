"""The stream of a run over HTTP: whole, cut and resumed, reset, drained, alive, closed in time."""

import asyncio

import psycopg
import pytest

from factotum.bus.entries import head_key, stream_key
from factotum.bus.redis import Redis
from factotum.protocol.events import RunQueued, RunStarted, Snapshot, TextDelta
from factotum.services import Services
from tests.api.api_support import (
    claim,
    finish,
    following,
    frames_of,
    new_run,
    play,
    read_all,
)
from tests.api.conftest import Api
from tests.fixtures_store import ALICE_ACCOUNT, BOB, add_member
from tests.waiting import until


async def _forget(redis: Redis, run_id: str) -> None:
    await redis.client.delete(stream_key(run_id), head_key(run_id))  # pyright: ignore[reportGeneralTypeIssues, reportUnknownMemberType] - redis-py's types do not know async


async def _wait_for_no_subscriber(services: Services) -> None:
    await until(lambda: not services.tail._feeds)  # pyright: ignore[reportPrivateUsage] - nothing else tells


async def test_a_stream_is_whole_dense_and_typed(api: Api) -> None:
    run = await new_run(api.alice)
    await play(api, run)
    raw = await read_all(api.alice, run["id"])
    assert raw.startswith(b"retry: 1000\n\n")
    frames = frames_of(raw)
    assert [frame.id for frame in frames] == list(range(1, len(frames) + 1))
    assert isinstance(frames[0].parsed, RunQueued)
    assert [frame.event for frame in frames] == [
        "run.queued",
        "message.created",
        "run.started",
        "text.delta",
        "text.delta",
        "text.delta",
        "message.created",
        "tool.started",
        "file.changed",
        "tool.finished",
        "run.finished",
    ]
    for frame in frames:
        assert (frame.parsed.seq, frame.parsed.type, frame.parsed.run_id) == (
            frame.id,
            frame.event,
            run["id"],
        )


async def test_the_answer_is_marked_as_a_stream_that_nobody_may_keep_or_buffer(api: Api) -> None:
    run = await new_run(api.alice)
    await play(api, run)
    answer = await api.alice.get(f"/v1/runs/{run['id']}/events")
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-accel-buffering"] == "no"


@pytest.mark.parametrize("by_header", [True, False])
async def test_a_stream_cut_at_any_event_and_resumed_is_byte_identical(api: Api, by_header: bool) -> None:
    run = await new_run(api.alice)
    await play(api, run)
    whole = frames_of(await read_all(api.alice, run["id"]))
    for cut in range(len(whole)):
        options = {"headers": {"Last-Event-ID": str(cut)}} if by_header else {"params": {"after": cut}}
        rest = frames_of(await read_all(api.alice, run["id"], **options))
        assert [frame.raw for frame in whole[:cut] + rest] == [frame.raw for frame in whole]


async def test_a_live_stream_is_byte_identical_to_the_one_read_later(api: Api) -> None:
    run = await new_run(api.alice)
    async with following(api.alice, run["id"]) as live:
        await live.until(b"message.created")
        await play(api, run)
        seen = frames_of(await live.end())
    assert [frame.raw for frame in seen] == [
        frame.raw for frame in frames_of(await read_all(api.alice, run["id"]))
    ]


async def test_the_header_is_stronger_than_the_parameter(api: Api) -> None:
    run = await new_run(api.alice)
    await play(api, run)
    raw = await read_all(api.alice, run["id"], params={"after": 1}, headers={"Last-Event-ID": "9"})
    assert frames_of(raw)[0].id == 10


async def test_a_drained_run_has_nothing_more_to_say(api: Api) -> None:
    run = await new_run(api.alice)
    await play(api, run)
    last = frames_of(await read_all(api.alice, run["id"]))[-1].id
    for after in (last, last + 5):
        answer = await api.alice.get(f"/v1/runs/{run['id']}/events", params={"after": after})
        assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("cursor", ["-1", "1.5", "x", "1" * 16, "0x1", "1 2", "²"])
async def test_a_cursor_that_is_no_number_is_refused(api: Api, cursor: str) -> None:
    run = await new_run(api.alice)
    answers = [await api.alice.get(f"/v1/runs/{run['id']}/events", params={"after": cursor})]
    if cursor.isascii():
        answers.append(await api.alice.get(f"/v1/runs/{run['id']}/events", headers={"Last-Event-ID": cursor}))
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(422, "invalid_cursor")}


async def test_a_log_that_is_gone_gives_a_reset_and_then_rest(api: Api) -> None:
    run = await new_run(api.alice)
    await play(api, run)
    whole = frames_of(await read_all(api.alice, run["id"]))
    await _forget(api.services.redis, run["id"])
    for after in (0, 3):
        (reset,) = frames_of(await read_all(api.alice, run["id"], params={"after": after}))
        assert reset.event == "reset"
        snapshot = Snapshot.model_validate_json(reset.data)
        assert snapshot.run.status == "finished"
        assert [message.role for message in snapshot.messages] == ["user", "assistant"]
        assert reset.id >= whole[-1].id
        again = await api.alice.get(f"/v1/runs/{run['id']}/events", headers={"Last-Event-ID": str(reset.id)})
        assert again.status_code == 204


async def test_a_live_log_that_is_lost_gives_a_reset_and_goes_on(api: Api) -> None:
    run = await new_run(api.alice)
    writer = await claim(api.services, run["id"])
    await writer.emit(RunStarted(attempt=1, model="m"))
    await _forget(api.services.redis, run["id"])
    await writer.emit(TextDelta(message_id="m", text="on"))
    await writer.flush()
    async with following(api.alice, run["id"], params={"after": 1}) as live:
        await live.until(b"event: reset")
        await finish(api.services, run["id"], writer)
        reset, *rest = frames_of(await live.end())
    assert reset.event == "reset"
    assert [frame.event for frame in rest][-1] == "run.finished"
    assert [frame.id for frame in rest] == list(range(reset.id + 1, reset.id + 1 + len(rest)))


async def test_an_idle_stream_gives_signs_of_life(api: Api) -> None:
    run = await new_run(api.alice)
    async with following(api.alice, run["id"]) as live:
        await live.until(b": ping\n\n: ping\n\n")


async def test_who_loses_access_loses_the_stream(api: Api, admin_database_url: str) -> None:
    run = await new_run(api.alice)
    await asyncio.to_thread(add_member, admin_database_url, ALICE_ACCOUNT, BOB.user_id, "viewer")
    async with following(api.bob, run["id"]) as live:
        await live.until(b": ping\n\n")
        await asyncio.to_thread(_remove_member, admin_database_url, BOB.user_id)
        await live.end()
    denied = await api.bob.get(f"/v1/runs/{run['id']}/events")
    assert (denied.status_code, denied.json()["code"]) == (404, "run_not_found")
    assert (await api.alice.get(f"/v1/runs/{run['id']}")).status_code == 200


async def test_a_client_that_leaves_frees_its_place(api: Api) -> None:
    run = await new_run(api.alice)
    async with following(api.alice, run["id"]) as live:
        await live.until(b"message.created")
        assert api.services.tail._feeds  # pyright: ignore[reportPrivateUsage] - nothing tells
    await _wait_for_no_subscriber(api.services)


async def test_a_drain_ends_open_streams_at_once_and_says_when_to_come_back(api: Api) -> None:
    run = await new_run(api.alice)
    async with following(api.alice, run["id"]) as live:
        await live.until(b"message.created")
        api.app.state.drain.begin()
        raw = await live.end()
    assert raw.endswith(b"retry: 1000\n\n")
    await _wait_for_no_subscriber(api.services)


async def test_many_clients_of_one_run_see_the_same_bytes(api: Api) -> None:
    run = await new_run(api.alice)

    async def watch() -> bytes:
        async with following(api.alice, run["id"]) as live:
            return await live.end()

    async with asyncio.TaskGroup() as group:
        watching = [group.create_task(watch()) for _ in range(8)]
        await asyncio.sleep(0.2)
        await play(api, run)
    seen = [[frame.raw for frame in frames_of(task.result())] for task in watching]
    assert seen == [seen[0]] * 8


def _remove_member(admin_url: str, user_id: str) -> None:
    with psycopg.connect(admin_url) as connection:
        connection.execute(
            "delete from factotum.account_members where account_id = %s and user_id = %s",
            (ALICE_ACCOUNT, user_id),
        )
