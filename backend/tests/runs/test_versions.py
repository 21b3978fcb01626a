"""Two versions of the service side by side: what one does not know it leaves to the other."""

import json
from typing import Any, cast

from factotum.bus.entries import head_key, stream_key
from factotum.protocol.runs import Run, RunOptions
from factotum.store.branches import Branches
from tests.runs.played import Gate, asks, calls, says
from tests.runs.stage import Stage
from tests.runs.test_takeover import died
from tests.waiting import until


async def test_a_run_with_options_of_a_newer_version_is_left_to_it(stage: Stage) -> None:
    stage.gateway.turns = [says("Hello.")]
    run = await stage.submit()
    await stage.sql("update factotum.runs set options = %s::jsonb", json.dumps({"from_the_future": 1}))
    older = stage.executor("older")
    for _ in range(3):
        await older.execute(run.id)
    await _is_left_alone(stage, run)
    assert (await stage.get(run)).options == RunOptions()
    await stage.sql("update factotum.runs set options = '{}'")
    await older.execute(run.id)
    assert (await stage.row(run))["attempt"] == 1
    assert (await stage.carry(run, "newer")).status == "finished"
    assert (await stage.row(run))["crashes"] == 0
    await stage.assert_whole(run)


async def test_a_run_on_a_message_of_a_newer_version_is_left_to_it(stage: Stage) -> None:
    """Who only looks sees what is known of it."""
    stage.gateway.turns = [says("Hello.")]
    run = await stage.submit(text="Look at this.")
    await _add_part(stage, {"type": "hologram", "depth": 3})
    await stage.executor("older").execute(run.id)
    assert stage.gateway.requests == []
    await _is_left_alone(stage, run)
    async with stage.database.tenant(stage.caller) as tx:
        (placed,) = await Branches(tx).placed(run.thread_id)
        (message,) = (await stage.follower.snapshot(stage.caller, run.id, 0)).messages
    assert placed.text == message.text == "Look at this."
    assert len(message.parts) == 1
    await stage.sql("update factotum.messages set parts = parts - 1", triggers=False)
    assert (await stage.carry(run, "newer")).status == "finished"
    await stage.assert_whole(run)


async def test_a_dead_attempt_of_a_newer_version_is_left_to_it_too(stage: Stage) -> None:
    gate = Gate()
    stage.gateway.turns = [calls(("look", {"key": "a"}), text="Now."), says("Well.", gate)]
    run = await stage.submit()
    await died(stage, run, gate)
    await _add_part(stage, {"type": "hologram"}, "assistant")
    asked = len(stage.gateway.requests)
    await stage.executor("older").execute(run.id)
    assert (await stage.row(run))["crashes"] == 1
    assert len(stage.gateway.requests) == asked
    await stage.sql("update factotum.messages set parts = parts - 2 where role = 'assistant'", triggers=False)
    stage.gateway.turns = [stage.gateway.turns[0], says("Well.")]
    assert (await stage.carry(run, "newer")).status == "finished"
    await stage.assert_whole(run)


async def test_fields_of_a_newer_version_are_passed_over(stage: Stage) -> None:
    stage.gateway.turns = [says("Hello."), asks()]
    first = await stage.submit(text="Go.")
    await stage.sql("update factotum.messages set parts = jsonb_set(parts, '{0,glow}', '1')", triggers=False)
    assert (await stage.carry(first)).status == "finished"
    run = await stage.carry(await stage.submit(first.thread_id))
    assert run.question is not None
    for change in (
        "usage = usage || '{\"joules\": 1}'",
        'question = question || \'{"mood": "calm"}\'',
        'plan = \'{"items": [{"text": "a", "owner": "b"}], "v": 2}\'',
    ):
        await stage.sql(f"update factotum.runs set {change} where id = %s", run.id)
    seen = await stage.get(run)
    assert (seen.question, seen.usage) == (run.question, run.usage)
    strange = """update factotum.runs set question = question || '{"reason": "dance"}' where id = %s"""
    await stage.sql(strange, run.id)
    assert (await stage.get(run)).question is None
    strange = "update factotum.runs set finish_reason = 'sunset' where id = %s"
    await stage.sql(strange, first.id, triggers=False)
    assert (await stage.get(first)).finish_reason is None


async def test_events_with_fields_and_parts_of_a_newer_version_are_understood(stage: Stage) -> None:
    """Or else its messages would be taken for drafts that were never stored."""
    gate = stage.acts.gates["b"] = Gate()
    stage.gateway.turns = [
        calls(("look", {"key": "a"}), text="First."),
        calls(("put", {"key": "b"}), text="Then."),
        says("Well."),
    ]
    run = await stage.submit()
    await died(stage, run, gate)
    await _change_log(stage, run.id)
    del stage.acts.gates["b"]
    assert (await stage.carry(run)).status == "finished"
    told = [entry.type for entry in await stage.bus.stored(run.id)]
    assert told.count("message.discarded") == 0
    assert told.count("message.created") == len(await stage.messages(run))


async def test_what_was_sent_into_a_run_and_only_a_newer_version_can_read_is_kept_for_it(
    stage: Stage,
) -> None:
    gate = Gate()
    stage.gateway.turns = [calls(("look", {"key": "a"})), says("Well.")]
    stage.acts.gates["a"] = gate
    run = await stage.submit()
    task = stage.start(run)
    await gate.reached.wait()
    sent = {"id": run.id, "text": "x", "delivery": "steer", "sent_at": "2026-01-01T00:00:00Z", "scent": 1}
    await stage.sql("update factotum.runs set unread = %s::jsonb", json.dumps([sent]))
    gate.released.set()
    await task
    assert (await stage.row(run))["unread"] == [sent]
    await _is_left_alone(stage, run)


async def test_events_of_a_newer_version_pass_through(stage: Stage) -> None:
    gate = Gate()
    stage.gateway.turns = [calls(("look", {"key": "a"})), says("A long answer.", gate)]
    run = await stage.submit()
    stage.start(run)
    await gate.reached.wait()
    await until(lambda: _is_told(stage, run, "text.delta"))
    await stage.let_lease_run_out(run)
    await _add_to_log(stage, run.id, b'comet.seen {"type":"comet.seen","tail":2}')
    stage.gateway.turns = [calls(("look", {"key": "a"})), says("A long answer.")]
    assert (await stage.carry(run)).status == "finished"
    seen = [entry for step in await stage.follow(run) for entry in cast(Any, step)]
    assert [entry.data for entry in seen if entry.type == "comet.seen"] == [b'{"type":"comet.seen","tail":2}']
    assert [entry.seq for entry in seen] == list(range(1, len(seen) + 1))


async def _is_left_alone(stage: Stage, run: Run) -> None:
    """Whoever cannot read it has handed it over without a crash, and the sweeper brings it on."""
    row = await stage.row(run)
    assert (row["status"], row["attempt"], row["crashes"]) == ("running", 1, 0)
    await stage.sql("delete from queue.procrastinate_jobs")
    assert await stage.sweeper.sweep() == 1
    assert await stage.jobs() == [run.id]


async def _is_told(stage: Stage, run: Run, kind: str) -> bool:
    return kind in [entry.type for entry in await stage.bus.stored(run.id)]


async def _add_part(stage: Stage, part: dict[str, object], role: str = "user") -> None:
    """Do as if a newer version had written one part more into each message."""
    await stage.sql(
        "update factotum.messages set parts = parts || %s::jsonb where role = %s",
        json.dumps([part]),
        role,
        triggers=False,
    )


async def _change_log(stage: Stage, run_id: str) -> None:
    """Do as if a newer version had told of the messages."""
    entries = await stage.bus.stored(run_id)
    together = cast(Any, stage.bus.redis.client).pipeline(transaction=True)
    together.delete(stream_key(run_id))
    for entry in entries:
        event = json.loads(entry.data)
        if entry.type == "message.created":
            event["echo"] = 1
            event["message"]["parts"][0]["glow"] = 1
            event["message"]["parts"].append({"type": "hologram"})
        line = {"e": entry.type.encode() + b" " + json.dumps(event).encode()}
        together.xadd(stream_key(run_id), line, id=f"{entry.seq}-0")
    await together.execute()


async def _add_to_log(stage: Stage, run_id: str, line: bytes) -> None:
    redis = cast(Any, stage.bus.redis.client)
    seq = int(await redis.hget(head_key(run_id), "seq")) + 1
    await redis.xadd(stream_key(run_id), {"e": line}, id=f"{seq}-0")
    await redis.hset(head_key(run_id), "seq", seq)
