"""The agent's small parts: prompt, ids of drafts and calls, live output, and the doubles of these tests."""

import re

import pytest

from factotum.agent.config import ProcessorConfig
from factotum.agent.draft import Draft
from factotum.agent.outcome import Awaiting, Finished
from factotum.agent.ports import CallResult
from factotum.agent.prompt import system_prompt
from factotum.agent.tool_context import CallContext
from factotum.core.errors import Conflict, NotFound, SandboxRefused, StaleAttempt
from factotum.core.ids import derived_id
from factotum.protocol.events import BrowserFrame, FileChanged, PlanUpdated, ToolOutputDelta
from factotum.protocol.messages import TextPart
from factotum.protocol.runs import Plan, PlanItem
from factotum.sandbox.port import Sandbox
from factotum.testing.memory_journal import MemoryRun, MemoryThread
from factotum.testing.scripted_gateway import NativeCall, ScriptedGateway, ScriptIsDry, TurnGateway, reply
from factotum.tools.builtin import builtin_registry
from factotum.tools.registry import Registry
from tests.agent.agent_support import World


def test_the_prompt_is_short_and_stays_the_same() -> None:
    prompt = system_prompt(builtin_registry(), "native")

    # A token is at least one byte, so this many bytes are fewer than 4,000 tokens in any tokenizer.
    assert len(prompt.encode()) < 4_000
    assert prompt == system_prompt(builtin_registry(), "native")
    assert re.findall(r"^# .*", prompt, re.MULTILINE) == [
        "# How to work",
        "# Where you are",
        "# What to trust",
    ]
    assert prompt.startswith("You are Factotum, a general agent.")
    assert not re.search(r"\d{4}-\d\d|\s$", prompt)
    for name in re.findall(r"`(\w+)`", prompt):
        assert builtin_registry().get(name).name == name


@pytest.mark.parametrize("dialect", ["invoke", "tag"])
def test_the_prompt_teaches_xml_once(dialect: str) -> None:
    registry = builtin_registry()
    xml = "tag" if dialect == "tag" else "invoke"

    prompt = system_prompt(registry, xml, "  Speak French.\n")

    assert prompt.count("# Tools\n") == 1
    assert registry.xml_prompt(xml).strip() in prompt
    assert prompt.endswith("\n\n# Instructions of your owner\nSpeak French.")


def test_ids_of_calls_follow_from_the_message_and_the_number() -> None:
    draft = Draft("m1", "scripted", Registry([]), ProcessorConfig())

    ids = [
        draft.call_id(0),
        draft.call_id(1),
        Draft("m2", "scripted", Registry([]), ProcessorConfig()).call_id(0),
    ]

    assert len(set(ids)) == 3
    assert all(re.fullmatch(r"call_[0-9a-f]{24}", call_id) for call_id in ids)
    assert draft.call_id(0) == ids[0]


async def test_ids_of_drafts_differ_by_step_and_attempt() -> None:
    world = World()
    gateway = ScriptedGateway([reply("A", NativeCall("ask", {"question": "Well?"})), reply("B")])
    await world.work(gateway)
    world.run.reply("Yes.")
    await world.work(gateway)

    said = [message.id for message in world.messages if message.role == "assistant"]
    assert said == [derived_id(world.run.id, 0, 1), derived_id(world.run.id, 1, 2)]


@pytest.mark.parametrize("pieces", [(400_000, 200_000, 5), (500_000, 1, 5), (500_001, 5)])
async def test_live_output_is_bounded_and_says_so_once(pieces: tuple[int, ...]) -> None:
    run = MemoryRun(MemoryThread(), "Do it.")
    _, journal, events = run.claim()
    context = CallContext("c", _refuse, journal, events)

    await context.output("stdout", "")
    for size in pieces:
        await context.output("stderr", "x" * size)

    shown = [event for event in run.events if isinstance(event, ToolOutputDelta)]
    text = "".join(event.text for event in shown)
    assert text.count("x") == 500_000
    assert text.count("more output is not shown live") == 1
    assert {(event.call_id, event.stream) for event in shown} == {("c", "stderr")}
    assert context.call_id == "c"
    with pytest.raises(SandboxRefused):
        await context.sandbox()


async def test_a_tools_events_are_shown_and_only_a_plan_is_kept() -> None:
    run = MemoryRun(MemoryThread(), "Do it.")
    _, journal, events = run.claim()
    context = CallContext("c", _refuse, journal, events)

    await context.emit(FileChanged(path="a.txt", action="created", size_bytes=1))
    await context.emit(PlanUpdated(plan=Plan(items=(PlanItem(text="one"),))))

    assert [event.type for event in run.events] == ["file.changed", "plan.updated"]
    assert run.plan == Plan(items=(PlanItem(text="one"),))


async def test_a_page_is_shown_once_its_picture_is_kept() -> None:
    run = MemoryRun(MemoryThread(), "Do it.")
    _, journal, events = run.claim()
    kept: list[bytes] = []

    async def keep(jpeg: bytes) -> bool:
        kept.append(jpeg)
        return jpeg != b"large"

    context = CallContext("c", _refuse, journal, events, keep_frame=keep)
    await context.show_page(b"one", "https://a.test/", "A")
    await context.show_page(b"large", "https://b.test/", "B")
    await CallContext("c", _refuse, journal, events).show_page(b"unseen", "https://c.test/", "C")

    assert kept == [b"one", b"large"]
    (shown,) = [event for event in run.events if isinstance(event, BrowserFrame)]
    assert (shown.call_id, shown.address, shown.title) == ("c", "https://a.test/", "A")


async def _refuse() -> Sandbox:
    raise SandboxRefused("no")


async def test_the_memory_journal_is_fenced_and_stores_once() -> None:
    run = MemoryRun(MemoryThread(), "Do it.")
    _, old, old_events = run.claim()
    state, journal, _ = run.claim()
    assert state.attempt == 2

    first = await journal.take_answer("m1", "Yes.")
    assert await journal.take_answer("m1", "No.") == first
    assert [message.position for message in await journal.messages(1)] == [2]
    assert await old.ledger() == {}
    with pytest.raises(StaleAttempt):
        await old.take_answer("m2", "No.")
    with pytest.raises(StaleAttempt):
        await old_events.emit(ToolOutputDelta(call_id="c", stream="stdout", text="x"))
    with pytest.raises(NotFound):
        await journal.start_call("nobody's")
    assert len(run.thread.messages) == 2


async def test_the_memory_journal_keeps_the_states_of_calls() -> None:
    world = World()
    await world.work(ScriptedGateway([reply(NativeCall("look", {"text": "a"})), reply("Seen.")]))
    ((call_id, record),) = world.run.ledger.items()
    assert (record.name, record.effect, record.state) == ("look", "pure", "finished")

    with pytest.raises(Conflict):
        world.run.claim()
    with pytest.raises(Conflict):
        world.run.reply("Nobody asked.")
    run = MemoryRun(world.run.thread, "Again.")
    run.ledger[call_id] = record
    _, journal, _ = run.claim()
    with pytest.raises(Conflict):
        await journal.start_call(call_id)
    again = await journal.finish_call(call_id, "look", CallResult("x", "ok"))
    assert await journal.finish_call(call_id, "look", CallResult("y", "error")) == again


async def test_the_turn_gateway_answers_by_what_was_said() -> None:
    world = World()
    gateway = TurnGateway([reply(NativeCall("ask", {"question": "Well?"}))])
    assert isinstance(await world.work(gateway), Awaiting)
    world.run.reply("Yes.")

    with pytest.raises(ScriptIsDry, match="it has 1 turns, and this is turn 2"):
        await world.work(gateway)


def test_a_run_that_is_left_finished_can_end_only_once() -> None:
    run = MemoryRun(MemoryThread(), "Do it.")
    run.claim()
    run.leave(1, Finished("answered"))
    with pytest.raises(StaleAttempt):
        run.leave(1, Finished("answered"))
    assert run.thread.messages[0].parts == (TextPart(text="Do it."),)
