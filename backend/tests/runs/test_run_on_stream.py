"""Calls that begin while the model still talks, on the real log and ledger: dead workers, the run log."""

from factotum.protocol.events import MessageCreated, ToolStarted
from factotum.protocol.pieces import Joined
from tests.runs.played import Gate, calls, completes
from tests.runs.stage import Stage
from tests.runs.test_takeover import died, wakes_and_changes_nothing
from tests.waiting import until


async def test_a_worker_that_dies_in_the_stream_leaves_its_call_and_the_words_before_it(stage: Stage) -> None:
    gate = Gate()
    two = calls(("act", {"key": "a"}), ("act", {"key": "b"}), text="First. ")
    stage.gateway.turns = [[*two[:3], gate, *two[3:]], completes()]
    run = await stage.submit(execute_on_stream=True)
    task = stage.start(run)

    async def is_done() -> bool:
        return len(await stage.messages(run)) == 3

    await until(is_done)
    assert gate.waiting == 1
    await stage.let_lease_run_out(run)

    ended = await stage.carry(run)

    assert (ended.status, ended.attempt) == ("finished", 2)
    await wakes_and_changes_nothing(stage, task, gate, run)
    assert (stage.acts.count("a"), stage.acts.count("b")) == (1, 0)
    _, said, result, closing, _ = await stage.messages(run)
    assert (said.text, [call.arguments for call in said.calls]) == ("First. ", [{"key": "a"}])
    assert result.run_id == run.id
    assert closing.calls[0].name == "complete"
    await stage.assert_whole(run)


async def test_a_worker_that_dies_in_an_early_call_leaves_its_outcome_open(stage: Stage) -> None:
    gate = stage.acts.gates["a"] = Gate()
    stage.gateway.turns = [calls(("act", {"key": "a"}), text="First. "), completes()]
    run = await stage.submit(execute_on_stream=True)
    task = await died(stage, run, gate)

    waiting = await stage.carry(run)

    assert waiting.status == "awaiting_input"
    assert waiting.question is not None
    assert waiting.question.reason == "unknown_outcome"
    await stage.answer(run, "Leave it and go on")
    assert (await stage.carry(run)).status == "finished"
    await wakes_and_changes_nothing(stage, task, gate, run)
    assert stage.acts.count("a") == 1
    await stage.assert_whole(run)


async def test_the_pieces_of_a_response_are_told_in_their_order(stage: Stage) -> None:
    stage.gateway.turns = [
        calls(("look", {"key": "a"}), ("put", {"key": "b"}), text="First. "),
        completes(),
    ]
    run = await stage.submit(execute_on_stream=True, tool_execution="parallel")

    ended = await stage.carry(run)

    assert (ended.status, ended.step) == ("finished", 2)
    assert (ended.usage.input_tokens, stage.acts.count("a"), stage.acts.count("b")) == (20, 1, 1)
    joined = Joined()
    joined.extend(await stage.messages(run))
    assert [len(message.calls) for message in joined.messages if message.role == "assistant"] == [2, 1]
    told = await stage.events(run)
    for event in told:
        if isinstance(event, ToolStarted):
            (stored,) = [
                each.seq
                for each in told
                if isinstance(each, MessageCreated) and each.message.id == event.message_id
            ]
            assert stored < event.seq
    await stage.assert_whole(run)
