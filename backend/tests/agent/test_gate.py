"""What stands before a call: decisions count, by their hash and in time, and a deny stays one."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from pydantic import JsonValue

from factotum.agent.approvals import ApprovalBook, Gate, Ready, Standing
from factotum.agent.config import ProcessorConfig
from factotum.agent.outcome import ApprovalRequest, Awaiting, Finished
from factotum.agent.policy import Policy
from factotum.core.clock import now
from factotum.core.errors import Conflict, NotFound
from factotum.protocol.approvals import Approval
from factotum.protocol.messages import ToolCallPart
from factotum.protocol.policy import Restrictions, Rules
from factotum.testing.memory_approvals import MemoryApprovals
from factotum.testing.scripted_gateway import TurnGateway, reply
from factotum.tools.registry import Registry
from tests.agent.agent_support import NAMED, World, check_laws, contents
from tests.agent.scenarios import act

SEND = ToolCallPart(call_id="c1", name="send", arguments={"text": "a", "copies": 1})


def gate(book: ApprovalBook, *rules: Rules | Restrictions, late: float = 0, again: bool = True) -> Gate:
    def clock() -> datetime:
        return now() + timedelta(seconds=late)

    registry = Registry(NAMED.values())
    return Gate(Policy(*rules), registry, book, asked_before=again, seconds=10, clock=clock)


async def asked(call: ToolCallPart = SEND) -> MemoryApprovals:
    book = MemoryApprovals("r", "t")
    (request,) = await gate(book, Rules(ask=("send",))).sort([call])
    assert isinstance(request, ApprovalRequest)
    book.request([request])
    return book


async def ruled(book: ApprovalBook, *rules: Rules | Restrictions, late: float = 0) -> Ready:
    (ready,) = await gate(book, *(rules or (Rules(ask=("send",)),)), late=late).sort([SEND])
    assert isinstance(ready, Ready)
    return ready


async def test_a_policy_that_never_asks_looks_nothing_up() -> None:
    book = MemoryApprovals("r", "t")
    (ready,) = await gate(book, Rules(deny=("put",)), again=False).sort([SEND])
    assert ready == Ready(SEND)
    assert book.reads == 0


async def test_a_request_names_the_rule_for_the_tool_and_its_time() -> None:
    book = MemoryApprovals("r", "t")
    (request,) = await gate(book, Rules(), Restrictions(ask=("*(a*)",))).sort([SEND])
    assert isinstance(request, ApprovalRequest)
    assert (request.call, request.pattern) == (SEND, "send(a*)")
    assert timedelta(seconds=9) < request.expires_at - now() <= timedelta(seconds=10)


async def test_what_still_waits_is_asked_for_again_until_its_time_is_over() -> None:
    book = await asked()
    (again,) = await gate(book, Rules()).sort([SEND])
    assert isinstance(again, ApprovalRequest)
    assert again.expires_at == book.pending[0].expires_at
    ready = await ruled(book, late=11)
    assert ready.result is not None
    assert (ready.result.outcome, "in time" in ready.result.text) == ("stopped", True)


async def test_a_denial_stands_though_the_rules_have_changed() -> None:
    book = await asked()
    book.deny("c1")
    ready = await ruled(book, Rules())
    assert ready.result is not None
    assert ready.result.text.startswith("Not executed: a person was asked and said no. Do not")


@pytest.mark.parametrize("edited", [None, {"text": "b", "copies": 2}])
async def test_an_approval_does_not_overrule_a_deny(edited: dict[str, JsonValue] | None) -> None:
    book = await asked()
    book.approve("c1", edited=edited)
    text = "b" if edited else "a"
    ready = await ruled(book, Rules(deny=(f"send({text})",)))
    assert ready.result is not None
    assert ready.result.text.startswith("Error (tool_denied)")
    free = await ruled(book, Rules(deny=("send(c)",)))
    assert free.result is None
    assert free.call.arguments == (edited or SEND.arguments)
    assert free.note == ("" if edited is None else free.note)


class Tampered:
    """A book whose only approval was changed behind the person's back."""

    def __init__(self, approval: Approval, change: Mapping[str, object]) -> None:
        self._approval = approval.model_copy(update=dict(change))

    async def standing(self) -> Standing:
        return Standing({"c1": self._approval})


@pytest.mark.parametrize(
    "change",
    [
        {"arguments_hash": "0" * 64},
        {"approved_hash": "0" * 64},
        {"approved_hash": None},
        {"edited_arguments": {"text": "evil"}},
    ],
)
async def test_what_is_not_what_was_approved_does_not_run(change: Mapping[str, object]) -> None:
    book = await asked()
    book.approve("c1")
    ready = await ruled(Tampered(book.by_call["c1"], change))
    assert ready.result is not None
    assert "not those that were approved" in ready.result.text


async def test_a_call_that_cannot_run_is_not_asked_about() -> None:
    book = MemoryApprovals("r", "t")
    broken = SEND.model_copy(update={"fault": "It is broken."})
    gone = SEND.model_copy(update={"name": "gone", "call_id": "c2"})
    assert await gate(book, Rules(default="ask")).sort([broken, gone]) == [Ready(broken), Ready(gone)]


async def test_an_approval_is_decided_once_in_memory_too() -> None:
    book = await asked()
    with pytest.raises(NotFound):
        book.deny("c2")
    book.expire("c1")
    with pytest.raises(Conflict):
        book.approve("c1")


async def test_a_run_waits_for_all_that_must_be_asked_and_goes_on_in_order() -> None:
    world = World(rules=(Rules(ask=("send",)),), decisions={"b": "edit", "d": "deny"})
    long = f"send:{'x' * 400}"
    gateway = TurnGateway([act("native", "look:a", "send:b", "put:c", "send:d", long), reply("Done.")])
    outcome = await world.work(gateway)
    assert isinstance(outcome, Awaiting)
    assert [request.call.arguments["text"] for request in outcome.approvals] == ["b", "d", "x" * 400]
    assert outcome.question.reason == "approval"
    assert outcome.question.text.startswith('May the agent do these 3 things?\n- send: text="b"')
    assert outcome.question.text.endswith("…")
    assert world.done == ["look a"]
    world.run.approvals.approve(outcome.approvals[0].call.call_id, edited={"text": "e", "copies": 2})
    world.run.approvals.deny(outcome.approvals[1].call.call_id, "No.")
    world.run.approvals.approve(outcome.approvals[2].call.call_id)
    assert isinstance(await world.work(gateway), Finished)
    assert world.done == ["look a", "send e", "put c", f"send {'x' * 400}"]
    texts = world.result_texts()
    assert texts[1].startswith("A person approved this call with other arguments")
    assert texts[1].endswith("sent e x2")
    assert "They say: No." in texts[3]
    assert "They say: No." in str(contents(gateway.requests[-1]))
    check_laws(world)


async def test_side_by_side_what_needs_no_leave_runs_first_and_may_outrun_the_rest() -> None:
    parallel = ProcessorConfig(tool_execution_strategy="parallel")
    world = World(parallel, rules=(Rules(ask=("send",)),))
    gateway = TurnGateway([act("native", "send:a", "look:b", "put:c"), reply("Done.")])
    outcome = await world.work(gateway)
    assert isinstance(outcome, Awaiting)
    assert outcome.question.text.startswith("May the agent do this?")
    assert sorted(world.done) == ["look b", "put c"]

    world = World(parallel, rules=(Rules(ask=("send",)),))
    gateway = TurnGateway([act("native", "send:a", "complete", "look:b")])
    assert isinstance(await world.work(gateway), Finished)
    assert world.done == ["look b"]
    assert any("the task was completed first" in text for text in world.result_texts())


async def test_what_may_have_happened_is_told_with_the_arguments_that_ran() -> None:
    world = World(rules=(Rules(ask=("send",)),))
    gateway = TurnGateway([act("native", "send:a"), reply("Done.")])
    outcome = await world.work(gateway)
    assert isinstance(outcome, Awaiting)
    call_id = outcome.approvals[0].call.call_id
    world.run.approvals.approve(call_id, edited={"text": "b", "copies": 1})
    _, journal, _ = world.run.claim()
    await journal.start_call(call_id)
    unsure = await world.work(gateway, took_over=True)
    assert isinstance(unsure, Awaiting)
    assert unsure.question.reason == "unknown_outcome"
    assert 'text="b"' in unsure.question.text
    assert world.done == []


async def test_a_denied_tool_is_not_offered_and_its_call_is_told_so() -> None:
    world = World(rules=(Rules(deny=("send", "put(b*)")),))
    gateway = TurnGateway([act("native", "send:a", "put:b", "put:c"), reply("Done.")])
    assert isinstance(await world.work(gateway), Finished)
    assert world.done == ["put c"]
    assert [text.startswith("Error (tool_denied)") for text in world.result_texts()] == [True, True, False]
    assert "'name': 'send'" not in str(gateway.requests[0].tools)
    check_laws(world)


async def test_a_tool_that_was_denied_while_its_approval_waited_does_not_run() -> None:
    world = World(rules=(Rules(ask=("send",)),))
    gateway = TurnGateway([act("native", "send:a"), reply("Done.")])
    outcome = await world.work(gateway)
    assert isinstance(outcome, Awaiting)
    world.run.approvals.approve(outcome.approvals[0].call.call_id)
    world.rules = (Rules(deny=("send",)),)
    assert isinstance(await world.work(gateway), Finished)
    assert world.done == []
    assert world.result_texts()[0].startswith("Error (tool_denied)")
    check_laws(world)
