"""A run on real parts that must ask first: it holds no worker meanwhile, and does what was approved, once."""

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest

from factotum.core.clock import now
from factotum.core.errors import Conflict
from factotum.features.approvals import Decision
from factotum.protocol.approvals import Approval
from factotum.protocol.events import Snapshot
from factotum.protocol.messages import ToolResultPart
from factotum.protocol.policy import Restrictions, Rules
from factotum.protocol.runs import Run
from factotum.runs.approvals import ApprovalExpiry, ApprovalService
from factotum.runs.service import NewRun
from factotum.store.agents import Agents
from factotum.store.approvals import Approvals
from factotum.tools.builtin import BUILTIN
from factotum.tools.registry import Registry
from tests.bus.helpers import KillableValkey
from tests.runs.played import Gate, calls, completes, registry, says
from tests.runs.stage import Stage

ASK = Restrictions(ask=("act",))


def service(stage: Stage) -> ApprovalService:
    return ApprovalService(stage.database, stage.queue, stage.bus.log, stage.signals, registry(stage.acts))


async def asked(stage: Stage, run: Run) -> list[Approval]:
    return list((await service(stage).list(stage.caller, run.id)).items)


async def decide(stage: Stage, run: Run, approval: Approval, **what: Any) -> Approval:
    decision = Decision(arguments_hash=approval.arguments_hash, **what)
    return await service(stage).decide(stage.caller, run.id, approval.id, decision)


async def results(stage: Stage, run: Run) -> list[ToolResultPart]:
    parts = [part for message in await stage.messages(run) for part in message.parts]
    return [part for part in parts if isinstance(part, ToolResultPart)]


async def submit_as(stage: Stage, agent_id: str) -> Run:
    new = NewRun("Do it.", agent_id=agent_id)
    return (await stage.service.submit(stage.caller, await stage.thread(), new))[0]


async def test_a_run_waits_without_a_worker_and_does_what_was_approved_once(stage: Stage) -> None:
    stage.gateway.turns = [
        calls(("look", {"key": "a"}), ("act", {"key": "b"}), ("act", {"key": "c"}), ("look", {"key": "d"})),
        completes(),
    ]
    run = await stage.carry(await stage.submit(policy=ASK))
    assert (run.status, run.question and run.question.reason) == ("awaiting_input", "approval")
    assert [each[1] for each in stage.acts.executed] == ["a"]
    first, second = await asked(stage, run)
    assert (first.tool, first.arguments, first.pattern) == ("act", {"key": "b"}, "act")
    assert first.expires_at > now() + timedelta(hours=23)

    await decide(stage, run, first, decision="approve")
    assert (await stage.carry(run)).status == "awaiting_input"
    await decide(stage, run, second, decision="approve", arguments={"key": "z"})
    assert (await stage.carry(run)).status == "finished"
    assert [each[1] for each in stage.acts.executed] == ["a", "b", "z", "d"]
    found = await results(stage, run)
    assert found[1].output == "act b: ok"
    assert found[2].output.startswith("A person approved this call with other arguments, and these were")
    assert '{"key": "z"}' in found[2].output
    told = [event.type for event in await stage.events(run)]
    assert [each for each in told if "approval" in each or each in {"run.awaiting", "run.resumed"}] == [
        "approval.requested",
        "approval.requested",
        "run.awaiting",
        "approval.resolved",
        "approval.resolved",
        "run.resumed",
    ]


async def test_a_denial_is_read_by_the_model(stage: Stage) -> None:
    stage.gateway.turns = [calls(("act", {"key": "a"})), says("So be it.")]
    run = await stage.carry(await stage.submit(policy=ASK))
    (approval,) = await asked(stage, run)
    await decide(stage, run, approval, decision="deny", reason="Too dear.")
    assert (await stage.carry(run)).status == "finished"
    assert stage.acts.executed == []
    assert "They say: Too dear." in str(stage.gateway.requests[-1].messages[-1]["content"])


async def test_always_holds_for_the_thread_and_what_is_revoked_is_asked_again(stage: Stage) -> None:
    stage.gateway.turns = [
        calls(("act", {"key": "a"})),
        calls(("act", {"key": "b"})),
        says("Both."),
        says("Again."),
    ]
    run = await stage.carry(await stage.submit(policy=ASK))
    (approval,) = await asked(stage, run)
    await decide(stage, run, approval, decision="approve", scope="always")
    assert (await stage.carry(run)).status == "finished"
    assert [each[1] for each in stage.acts.executed] == ["a", "b"]

    stage.gateway.turns = [*stage.gateway.turns[:3], calls(("act", {"key": "c"})), says("Done.")]
    later = await stage.carry(await stage.submit(run.thread_id, policy=ASK))
    assert later.status == "finished"
    async with stage.database.tenant(stage.caller) as tx:
        await Approvals(tx).revoke(run.thread_id, approval.id)
    stage.gateway.turns = [*stage.gateway.turns, calls(("act", {"key": "d"}))]
    assert (await stage.carry(await stage.submit(run.thread_id, policy=ASK))).status == "awaiting_input"


async def test_the_agents_rules_and_the_services_count_together(stage: Stage) -> None:
    stage.rules = Rules(deny=("shell",))
    async with stage.database.tenant(stage.caller) as tx:
        agent = await Agents(tx).create(
            stage.account_id, "Careful", settings={"policy": {"ask": ["act"], "deny": ["put(x*)"]}}
        )
    stage.gateway.turns = [
        calls(
            ("shell", {"command": "ls"}), ("put", {"key": "x1"}), ("put", {"key": "y"}), ("act", {"key": "a"})
        ),
        says("So."),
    ]
    run = await stage.carry(await submit_as(stage, agent.id))
    assert run.status == "awaiting_input"
    offered = str(stage.gateway.requests[0].tools)
    assert "'name': 'shell'" not in offered
    assert "'name': 'put'" in offered
    outputs = [part.output for part in await results(stage, run)]
    assert [output.startswith("Error (tool_denied)") for output in outputs] == [True, True, False]
    assert [each[1] for each in stage.acts.executed] == ["y"]


async def test_an_agent_whose_rules_cannot_be_read_asks_about_everything(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    async with stage.database.tenant(stage.caller) as tx:
        agent = await Agents(tx).create(stage.account_id, "Old", settings={"policy": {"never": 1}})
    stage.gateway.turns = [calls(("look", {"key": "a"}))]
    with caplog.at_level(logging.WARNING):
        run = await stage.carry(await submit_as(stage, agent.id))
    assert run.status == "awaiting_input"
    assert "cannot be read" in caplog.text


async def test_a_worker_that_dies_in_an_approved_call_leaves_a_question_and_repeats_nothing(
    stage: Stage,
) -> None:
    stage.gateway.turns = [calls(("act", {"key": "a"})), says("So.")]
    run = await stage.carry(await stage.submit(policy=ASK))
    (approval,) = await asked(stage, run)
    await decide(stage, run, approval, decision="approve", arguments={"key": "b"})
    gate = stage.acts.gates["b"] = Gate()
    task = stage.start(run, stage.executor("doomed", lease=0.05))
    await gate.reached.wait()
    for live in stage.lives:
        for each in live:
            each.cancel("lost")
    await asyncio.wait({task})
    stage.acts.gates.clear()
    await asyncio.sleep(0.1)
    unsure = await stage.carry(run)
    assert (unsure.status, unsure.question and unsure.question.reason) == (
        "awaiting_input",
        "unknown_outcome",
    )
    assert unsure.question is not None
    assert unsure.question.text.endswith('\n- act: key="b"\n\nWhat should be done?')
    await stage.answer(run, "Leave it.")
    assert (await stage.carry(run)).status == "finished"
    assert stage.acts.count("b") == 1
    assert stage.acts.count("a") == 0


async def test_arguments_that_are_not_those_that_were_approved_do_not_run(
    stage: Stage,
) -> None:
    stage.gateway.turns = [calls(("act", {"key": "a"})), says("So.")]
    run = await stage.carry(await stage.submit(policy=ASK))
    (approval,) = await asked(stage, run)
    await decide(stage, run, approval, decision="approve")
    await stage.sql('update factotum.approvals set edited_arguments = \'{"key": "evil"}\'')
    assert (await stage.carry(run)).status == "finished"
    assert stage.acts.executed == []
    (result,) = await results(stage, run)
    assert "not those that were approved" in result.output


async def test_a_stop_closes_what_waits_and_nothing_runs(stage: Stage) -> None:
    stage.gateway.turns = [calls(("act", {"key": "a"}))]
    run = await stage.carry(await stage.submit(policy=ASK))
    (approval,) = await asked(stage, run)
    assert (await stage.service.stop(stage.caller, run.id)).status == "stopped"
    with pytest.raises(Conflict, match="decided already: denied, by nobody"):
        await decide(stage, run, approval, decision="approve")
    assert (await stage.carry(run)).status == "stopped"
    assert stage.acts.executed == []
    assert getattr((await stage.events(run))[-1], "not_executed", None) == ("act",)


async def test_a_stop_names_also_what_stood_behind_and_what_was_approved(stage: Stage) -> None:
    stage.gateway.turns = [calls(("look", {"key": "a"}), ("act", {"key": "b"}), ("put", {"key": "c"}))]
    run = await stage.carry(await stage.submit(policy=ASK))
    (approval,) = await asked(stage, run)
    await decide(stage, run, approval, decision="approve")
    assert (await stage.service.stop(stage.caller, run.id)).status == "stopped"
    assert stage.acts.count("a") == 1
    assert sorted(getattr((await stage.events(run))[-1], "not_executed", ())) == ["act", "put"]


async def test_the_time_that_is_over_is_a_denial(stage: Stage) -> None:
    stage.gateway.turns = [calls(("act", {"key": "a"})), says("Nobody came.")]
    run = await stage.carry(await stage.submit(policy=ASK))
    await stage.sql("update factotum.approvals set expires_at = now() - interval '1 second'")
    assert await ApprovalExpiry(stage.database, stage.queue, stage.bus.log).sweep() == 1
    assert (await stage.carry(run)).status == "finished"
    assert stage.acts.executed == []
    assert "did not answer in time" in (await results(stage, run))[0].output


async def test_a_decision_counts_though_redis_is_away(
    own_stage: Stage, killable: KillableValkey, caplog: pytest.LogCaptureFixture
) -> None:
    stage = own_stage
    stage.gateway.turns = [calls(("act", {"key": "a"})), says("Done.")]
    run = await stage.carry(await stage.submit(policy=ASK))
    (approval,) = await asked(stage, run)
    await asyncio.to_thread(killable.kill)
    with caplog.at_level(logging.WARNING):
        await decide(stage, run, approval, decision="approve")
    assert "was not written" in caplog.text
    assert (await stage.carry(run)).status == "finished"
    assert stage.acts.count("a") == 1


async def test_a_decision_that_the_log_has_lost_is_seen_in_a_snapshot(stage: Stage) -> None:
    stage.gateway.turns = [calls(("act", {"key": "a"}), ("act", {"key": "b"})), says("Done.")]
    run = await stage.carry(await stage.submit(policy=ASK))
    first, second = await asked(stage, run)
    before = [entry.seq for entry in await stage.bus.stored(run.id)][-1]
    await decide(stage, run, first, decision="approve")
    assert (await stage.row(run))["log_seq"] == before + 1
    await stage.lose_log(run)
    await decide(stage, run, second, decision="approve")
    assert (await stage.carry(run)).status == "finished"
    reset, *_ = await stage.follow(run, before)
    assert isinstance(reset, Snapshot)
    assert len(reset.messages) == 5


def test_every_built_in_tool_has_a_family_and_says_what_its_calls_are_about() -> None:
    families = {tool.family for tool in Registry(BUILTIN).offered()}
    assert families == {"files", "plan", "shell", "talk", "thread", "time"}
    acting = [tool for tool in BUILTIN if tool.family in {"files", "shell"} and tool.effect != "pure"]
    assert all(tool.subject for tool in acting)
