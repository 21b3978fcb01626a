"""Messages sent into a run, as callers send them and workers take them in; and runs behind it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from factotum.core.errors import Conflict, InvalidInput, NotFound
from factotum.core.ids import new_id
from factotum.protocol.events import MessageCreated, RunSteered
from factotum.protocol.messages import Message, ToolResultPart
from factotum.protocol.runs import Delivery, Run
from factotum.runs.conversation import Conversation, Sent
from factotum.runs.heartbeat import Heartbeat
from factotum.runs.live import LiveRuns, heed
from factotum.runs.service import NewRun
from factotum.store.database import Database
from factotum.store.records import Caller
from tests.runs.played import Gate, Turn, asks, calls, completes, says
from tests.runs.stage import Stage
from tests.waiting import until


@pytest.fixture
def talk(stage: Stage) -> Conversation:
    return Conversation(stage.database, stage.service, stage.signals)


@pytest.fixture
async def live(stage: Stage) -> AsyncIterator[LiveRuns]:
    """Runs of a worker that listens to signals."""
    live = LiveRuns()

    async def listen() -> None:
        async for signal in stage.signals.listen():
            heed(live.get(signal.run_id), signal.kind)

    listening = asyncio.create_task(listen())
    yield live
    listening.cancel()
    await asyncio.wait({listening})


async def send(stage: Stage, talk: Conversation, run: Run, text: str, delivery: Delivery) -> Sent:
    sent = await talk.send(stage.caller, run.thread_id, NewRun(text), delivery)
    assert isinstance(sent, Sent)
    return sent


async def begun(
    stage: Stage, gate: Gate, *turns: Turn, live: LiveRuns | None = None
) -> tuple[Run, asyncio.Task[None]]:
    """Carry a run up to a gate."""
    stage.gateway.turns = list(turns)
    run = await stage.submit()
    task = stage.start(run, stage.executor(live=live))
    await gate.reached.wait()
    return run, task


def read(stage: Stage) -> list[object]:
    """What the last request says, without the system prompt."""
    return [message["content"] for message in stage.gateway.requests[-1].messages[1:]]


async def test_it_is_read_after_the_step_that_it_met(stage: Stage, talk: Conversation) -> None:
    gate = stage.acts.gates["a"] = Gate()
    run, task = await begun(stage, gate, calls(("act", {"key": "a"}), ("put", {"key": "b"})), says("Well."))
    sent = await send(stage, talk, run, "Make it blue.", "steer")
    assert (sent.outcome, sent.run.id) == ("sent", run.id)
    assert [message.text for message in sent.run.unread] == ["Make it blue."]
    gate.released.set()
    await task
    ended = await stage.get(run)
    assert (ended.status, ended.unread) == ("finished", ())
    assert [message.role for message in await stage.messages(run)] == [
        "user",
        "assistant",
        "tool",
        "tool",
        "user",
        "assistant",
    ]
    assert read(stage)[-1] == "Make it blue."
    await stage.assert_whole(run)


async def test_all_who_watch_are_told_at_once_and_once(
    stage: Stage, talk: Conversation, live: LiveRuns
) -> None:
    gate = stage.acts.gates["a"] = Gate()
    run, task = await begun(stage, gate, calls(("act", {"key": "a"})), says("Well."), live=live)
    for text in ("One.", "Two."):
        await send(stage, talk, run, text, "steer")

    async def told() -> bool:
        return (await stage.types(run)).count("run.steered") == 2

    await until(told)
    gate.released.set()
    await task
    events = await stage.events(run)
    steered = [event.message for event in events if isinstance(event, RunSteered)]
    created = [event.message for event in events if isinstance(event, MessageCreated)]
    assert [message.text for message in steered] == ["One.", "Two."]
    assert [message.id for message in created if message.role == "user"][1:] == [m.id for m in steered]
    await stage.assert_whole(run)


@pytest.mark.parametrize("last", [says("Well."), completes("Well.")])
async def test_at_the_moment_of_the_end_it_is_read_all_the_same(
    stage: Stage, talk: Conversation, last: Turn
) -> None:
    gate = Gate()
    run, task = await begun(stage, gate, [*last, gate], says("Blue, then."))
    await send(stage, talk, run, "Make it blue.", "steer")
    gate.released.set()
    await task
    ended = await stage.get(run)
    assert (ended.status, ended.finish_reason) == ("finished", "answered")
    texts = [message.text for message in await stage.messages(run)]
    assert texts[-2:] == ["Make it blue.", "Blue, then."]
    await stage.assert_whole(run)
    assert (await stage.types(run))[-1] == "run.finished"


async def test_at_the_moment_of_a_question_it_comes_first(stage: Stage, talk: Conversation) -> None:
    gate = Gate()
    run, task = await begun(stage, gate, [*asks("Which colour?"), gate], says("Blue, then."))
    await send(stage, talk, run, "Make it blue.", "steer")
    gate.released.set()
    await task
    assert (await stage.get(run)).status == "finished"
    await stage.assert_whole(run)


async def test_a_run_that_waits_takes_it_as_its_answer(stage: Stage, talk: Conversation) -> None:
    stage.gateway.turns = [asks(), says("Left, then.")]
    run = await stage.submit()
    await stage.carry(run)
    with pytest.raises(Conflict) as caught:
        await send(stage, talk, run, "x", "queue")
    assert caught.value.stable_code == "run_awaiting_input"
    sent = await send(stage, talk, run, "The left one.", "steer")
    assert (sent.outcome, sent.run.status) == ("answered", "queued")
    assert (await stage.carry(run)).status == "finished"
    results = [p.output for m in await stage.messages(run) for p in m.parts if isinstance(p, ToolResultPart)]
    assert results == ["The left one."]


async def test_without_a_run_it_starts_one_or_only_stands(stage: Stage, talk: Conversation) -> None:
    thread = await stage.thread()
    stored = await talk.send(stage.caller, thread, NewRun("By the way.", idempotency_key="k"))
    again = await talk.send(stage.caller, thread, NewRun("By the way.", idempotency_key="k"))
    assert isinstance(stored, Message)
    assert (stored, stored.run_id) == (again, None)
    sent = await talk.send(stage.caller, thread, NewRun("Do it.", model="mine"), "steer")
    assert isinstance(sent, Sent)
    assert (sent.outcome, sent.run.model) == ("queued", "mine")
    more = await talk.send(stage.caller, thread, NewRun("And this."))
    assert isinstance(more, Sent)
    assert (more.outcome, more.run.id) == ("sent", sent.run.id)
    stage.gateway.turns = [says("Done.")]
    assert (await stage.carry(sent.run)).status == "finished"
    assert read(stage) == ["By the way.", "Do it.", "And this."]
    await stage.assert_whole(sent.run)


async def test_the_same_key_sends_once(stage: Stage, talk: Conversation) -> None:
    gate = Gate()
    run, task = await begun(stage, gate, says("Well.", gate), says("Blue, then."))
    new = NewRun("Make it blue.", idempotency_key="key")
    for _ in range(2):
        await talk.send(stage.caller, run.thread_id, new, "steer")
    gate.released.set()
    await task
    assert [message.text for message in await stage.messages(run)].count("Make it blue.") == 1


async def test_a_run_that_is_being_stopped_takes_nothing(stage: Stage, talk: Conversation) -> None:
    gate = Gate()
    run, _ = await begun(stage, gate, says("Well.", gate))
    await stage.service.stop(stage.caller, run.id, wait_seconds=0)
    with pytest.raises(Conflict) as caught:
        await send(stage, talk, run, "x", "steer")
    assert caught.value.stable_code == "run_stopping"


@pytest.mark.parametrize("end", ["stopped", "failed"])
async def test_what_a_run_never_read_stays_in_the_thread(stage: Stage, talk: Conversation, end: str) -> None:
    live, gate = LiveRuns(), Gate()
    run, task = await begun(stage, gate, [gate, RuntimeError("broken")], live=live)
    await send(stage, talk, run, "Make it blue.", "steer")
    if end == "stopped":
        heed(live.get(run.id), "stop")
    gate.released.set()
    await task
    assert (await stage.get(run)).status == end
    assert [message.text for message in await stage.messages(run)] == ["Do it.", "Make it blue."]
    await stage.assert_whole(run)
    stage.gateway.turns = [says("Done.")]
    again = await stage.submit(run.thread_id, "Go on.")
    await stage.carry(again)
    assert read(stage) == ["Do it.", "Make it blue.", "Go on."]


async def test_what_a_waiting_run_never_read_stays_too(stage: Stage, talk: Conversation) -> None:
    run = await stage.submit()
    await send(stage, talk, run, "Make it blue.", "steer")
    stopped = await stage.service.stop(stage.caller, run.id)
    assert stopped.status == "stopped"
    assert [message.text for message in await stage.messages(run)] == ["Do it.", "Make it blue."]
    await stage.assert_whole(run)
    assert await stage.types(run) == ["run.queued", "message.created", "message.created", "run.stopped"]


async def test_an_interruption_ends_the_stream_and_the_run_goes_on(
    stage: Stage, talk: Conversation, live: LiveRuns
) -> None:
    gate = Gate()
    run, task = await begun(stage, gate, says("A long answer.", gate), says("Blue, then."), live=live)
    await send(stage, talk, run, "Make it blue.", "interrupt")
    async with asyncio.timeout(10):
        await task
    assert gate.cancelled == 1
    ended = await stage.get(run)
    assert (ended.status, ended.attempt) == ("finished", 1)
    texts = [message.text for message in await stage.messages(run)]
    assert texts == ["Do it.", "A long ", "Make it blue.", "Blue, then."]
    await stage.assert_whole(run)


async def test_an_interruption_ends_a_tool_and_says_what_was_not_done(
    stage: Stage, talk: Conversation, live: LiveRuns
) -> None:
    gate = stage.acts.gates["a"] = Gate()
    turn = calls(("act", {"key": "a"}), ("act", {"key": "b"}))
    run, task = await begun(stage, gate, turn, says("Blue, then."), live=live)
    await send(stage, talk, run, "Make it blue.", "interrupt")
    async with asyncio.timeout(10):
        await task
    assert (gate.cancelled, stage.acts.count("b")) == (1, 0)
    results = [p for m in await stage.messages(run) for p in m.parts if isinstance(p, ToolResultPart)]
    assert [result.outcome for result in results] == ["unknown", "stopped"]
    assert "the person wrote a new message" in results[0].output
    assert (await stage.get(run)).status == "finished"
    await stage.assert_whole(run)


async def test_an_interruption_whose_signal_is_lost_is_found_by_the_heartbeat(
    stage: Stage, talk: Conversation, database_url: str
) -> None:
    live, gate = LiveRuns(), Gate()

    def connect() -> Database:
        return Database(database_url, pool_size=2)

    async with Heartbeat(connect, live, owner="worker-a", lease_seconds=0.9):
        run, task = await begun(stage, gate, says("A long answer.", gate), says("Blue."), live=live)
        await stage.sql(
            "update factotum.runs set lease_until = now() + interval '1 min' where id = %s", run.id
        )
        await send(stage, talk, run, "Make it blue.", "interrupt")
        async with asyncio.timeout(10):
            await task
    assert gate.cancelled == 1
    await stage.assert_whole(run)


async def test_a_stop_outranks_an_interruption(stage: Stage, talk: Conversation) -> None:
    live = LiveRuns()

    class Slow(Gate):
        async def wait(self) -> None:
            try:
                await super().wait()
            finally:
                heed(live.get(run.id), "stop")
                await asyncio.sleep(0.05)

    gate = stage.acts.gates["a"] = Slow()
    run, task = await begun(stage, gate, calls(("act", {"key": "a"})), says("x"), live=live)
    await send(stage, talk, run, "Make it blue.", "interrupt")
    heed(live.get(run.id), "steer")
    await task
    assert gate.cancelled == 1
    assert (await stage.get(run)).status == "stopped"
    assert [message.text for message in await stage.messages(run)][-1] == "Make it blue."
    await stage.assert_whole(run)


@pytest.mark.parametrize("delivery", ["steer", "interrupt"])
async def test_the_next_worker_reads_what_a_dead_one_did_not(
    stage: Stage, talk: Conversation, delivery: Delivery
) -> None:
    gate = stage.acts.gates["a"] = Gate()
    run, task = await begun(stage, gate, calls(("put", {"key": "a"})), says("Blue, then."))
    await send(stage, talk, run, "Make it blue.", delivery)
    await stage.let_lease_run_out(run)
    if delivery == "steer":
        del stage.acts.gates["a"]
    ended = await stage.carry(run)
    assert (ended.status, ended.attempt, ended.unread) == ("finished", 2, ())
    assert read(stage)[-1] == "Make it blue."
    gate.released.set()
    await task
    await stage.assert_whole(run)


async def test_a_run_behind_another_keeps_its_task_until_its_turn(stage: Stage, talk: Conversation) -> None:
    gate = Gate()
    first, task = await begun(stage, gate, says("One.", gate), says("Two."))
    second = await stage.submit(first.thread_id, "And then?")
    assert (second.input, second.message_id) == ("And then?", None)
    assert (await talk.change_task(stage.caller, second.id, "And now?")).input == "And now?"
    assert await stage.types(second) == ["run.queued"]
    gate.released.set()
    await task
    assert (await stage.carry(second)).status == "finished"
    assert read(stage) == ["Do it.", "One.", "And now?"]
    ended = await stage.get(second)
    assert ended.input is None
    assert ended.message_id == (await stage.messages(second))[2].id
    await stage.assert_whole(second)
    with pytest.raises(Conflict) as caught:
        await talk.change_task(stage.caller, second.id, "x")
    assert caught.value.stable_code == "run_not_waiting_its_turn"
    assert f"/messages/{ended.message_id}/edit" in caught.value.hint


async def test_a_run_behind_another_can_be_taken_back(stage: Stage) -> None:
    gate = Gate()
    first, task = await begun(stage, gate, says("One.", gate))
    second = await stage.submit(first.thread_id, "And then?")
    assert (await stage.service.stop(stage.caller, second.id)).input == "And then?"
    gate.released.set()
    await task
    assert [message.text for message in await stage.messages(second)] == ["Do it.", "One."]
    await stage.assert_whole(second)


async def test_a_task_whose_worker_died_as_it_began_is_told_once(stage: Stage) -> None:
    stage.gateway.turns = [says("One."), says("Two.")]
    thread = await stage.thread()
    first, second = await stage.submit(thread), await stage.submit(thread, "And then?")
    await stage.carry(first)
    gate = Gate()
    stage.gateway.turns[1] = says("Two.", gate)
    task = stage.start(second, stage.executor(lease=60))
    await gate.reached.wait()
    begun_at = next(e.seq for e in await stage.events(second) if isinstance(e, MessageCreated))
    await stage.cut_log(second, begun_at - 1)
    await stage.let_lease_run_out(second)
    stage.gateway.turns[1] = says("Two.")
    assert (await stage.carry(second)).attempt == 2
    gate.released.set()
    await task
    await stage.assert_whole(second)


async def test_an_edit_begins_a_branch_and_its_run_reads_only_that(stage: Stage, talk: Conversation) -> None:
    stage.gateway.turns = [says("Red."), says("Darker.")]
    first = await stage.submit(text="Which colour?")
    await stage.carry(first)
    second = await stage.submit(first.thread_id, "Another.", step_limit=7)
    await stage.carry(second)
    before = await stage.messages(first)
    edited = await talk.edit(stage.caller, first.thread_id, before[2].id, NewRun("A light one."))
    assert edited.options.step_limit == 7
    await stage.carry(edited)
    assert read(stage) == ["Which colour?", "Red.", "A light one."]
    after = await stage.messages(first)
    assert after[:4] == before
    assert [message.parent_id for message in after[4:]] == [before[1].id, after[4].id]
    root = await talk.edit(
        stage.caller, first.thread_id, before[0].id, NewRun("Which number?", model="other")
    )
    await stage.carry(root)
    assert (read(stage), root.model) == (["Which number?"], "other")
    later = await stage.submit(first.thread_id, "And?")
    await stage.carry(later)
    assert read(stage) == ["Which number?", "Red.", "And?"]
    await stage.assert_whole(edited)


async def test_a_retry_begins_at_the_same_message(stage: Stage, talk: Conversation) -> None:
    stage.gateway.turns = [calls(("look", {"key": "a"})), says("Red.")]
    run = await stage.submit(text="Which colour?")
    await stage.carry(run)
    asked, called, result, answered = await stage.messages(run)
    again = run
    for number, message in enumerate((answered, result, called, asked)):
        stage.gateway.turns = [says(f"Try {number}.")]
        again = await talk.retry(stage.caller, run.thread_id, message.id, NewRun("", model=f"m{number}"))
        assert (again.message_id, again.model) == (asked.id, f"m{number}")
        assert (await stage.carry(again)).status == "finished"
        assert read(stage) == ["Which colour?"]
        await stage.assert_whole(again)
        assert (await stage.messages(run))[-1].parent_id == asked.id
    same = await talk.retry_run(stage.caller, again.id, NewRun(""))
    assert (same.message_id, same.model, same.status) == (asked.id, "m3", "queued")


async def test_while_a_run_goes_on_nothing_is_edited(stage: Stage, talk: Conversation) -> None:
    run = await stage.submit()
    behind = await stage.submit(run.thread_id, "And then?")
    (message,) = await stage.messages(run)
    before = await stage.dump()
    for attempt in (
        talk.edit(stage.caller, run.thread_id, message.id, NewRun("x")),
        talk.retry(stage.caller, run.thread_id, message.id, NewRun("")),
        talk.retry_run(stage.caller, run.id, NewRun("")),
        talk.retry_run(stage.caller, behind.id, NewRun("")),
    ):
        with pytest.raises(Conflict) as caught:
            await attempt
        assert caught.value.stable_code in {"run_in_progress", "run_not_begun"}
    assert await stage.dump() == before


async def test_what_cannot_be_edited_or_retried(stage: Stage, talk: Conversation, bob: Caller) -> None:
    stage.gateway.turns = [says("Red.")]
    run = await stage.submit()
    await stage.carry(run)
    message = (await stage.messages(run))[1]
    other = await stage.thread()
    with pytest.raises(InvalidInput) as caught:
        await talk.edit(stage.caller, run.thread_id, message.id, NewRun("x"))
    assert caught.value.stable_code == "message_not_editable"
    for caller, thread, message_id in (
        (stage.caller, other, message.id),
        (stage.caller, run.thread_id, new_id()),
        (bob, run.thread_id, message.id),
    ):
        for attempt in (talk.edit, talk.retry):
            with pytest.raises(NotFound):
                await attempt(caller, thread, message_id, NewRun("x"))
    with pytest.raises(NotFound):
        await talk.retry_run(bob, run.id, NewRun(""))
    for delivery in ("steer", "interrupt", "queue", None):
        with pytest.raises(NotFound):
            await talk.send(bob, run.thread_id, NewRun("x"), delivery)


async def test_the_same_key_edits_once(stage: Stage, talk: Conversation) -> None:
    stage.gateway.turns = [says("Red.")]
    run = await stage.submit()
    await stage.carry(run)
    message = (await stage.messages(run))[0]
    new = NewRun("x", idempotency_key="key")
    once, twice = [await talk.edit(stage.caller, run.thread_id, message.id, new) for _ in range(2)]
    assert once.id == twice.id
    assert len(await stage.messages(run)) == 3
