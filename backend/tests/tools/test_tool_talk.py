"""Plan, ask and complete: what they signal, and what they refuse."""

from collections.abc import AsyncIterator

import pytest

from factotum.core.errors import SandboxRefused
from factotum.protocol.events import FileChanged, PlanUpdated
from factotum.protocol.runs import Plan, PlanItem, Question
from factotum.testing.memory_context import MemoryToolContext
from factotum.testing.memory_sandbox import MemorySandbox
from factotum.testing.sandbox_conformance import content
from factotum.tools.builtin.plan import PLAN_HEAD, update_plan
from factotum.tools.builtin.talk import ask, complete
from factotum.tools.execute import execute
from factotum.tools.tool import Ask, Complete, Tool


async def test_a_plan_is_emitted_whole_and_read_back(context: MemoryToolContext) -> None:
    items = [
        {"text": "a", "status": "done"},
        {"text": "b", "status": "active"},
        {"text": "c"},
        {"text": "d", "status": "skipped"},
    ]
    result = await context.call(update_plan, items=items)
    assert context.events[0] == PlanUpdated(
        plan=Plan(items=tuple(PlanItem.model_validate(item) for item in items))
    )
    assert result.text == "Plan updated: 2 of 4 steps done.\n[x] a\n[>] b\n[ ] c\n[-] d"


async def test_a_plan_is_a_file_too(machine: MemorySandbox, context: MemoryToolContext) -> None:
    for number, (status, action) in enumerate((("active", "created"), ("done", "changed")), 1):
        items = [{"text": "a\nb", "status": status}, {"text": "c"}, {"text": "d", "status": "skipped"}]
        await context.call(update_plan, items=items)
        size = (await machine.stat("todo.md")).size_bytes
        assert context.events[1::2][number - 1] == FileChanged.model_validate(
            {"path": "todo.md", "action": action, "size_bytes": size}
        )
    text = (await content(machine, "todo.md")).decode()
    assert text == f"{PLAN_HEAD}# Plan\n\n- [x] a b\n- [ ] c\n- [x] ~~d~~\n"


async def test_a_plan_leaves_the_tasks_own_file_alone(
    machine: MemorySandbox, context: MemoryToolContext
) -> None:
    await machine.write("todo.md", _bytes(b"# Buy milk"), limit=99)
    result = await context.call(update_plan, items=[{"text": "a"}])
    assert (result.outcome, await content(machine, "todo.md")) == ("ok", b"# Buy milk")
    assert result.text.endswith("[todo.md does not show it: a file of that name was there already.]")


async def test_a_plan_needs_no_sandbox() -> None:
    class NoSandbox(MemoryToolContext):
        async def sandbox(self) -> MemorySandbox:
            raise SandboxRefused("There is none.")

    context = NoSandbox()
    result = await context.call(update_plan, items=[{"text": "a"}])
    assert (result.outcome, len(context.events)) == ("ok", 1)
    assert result.text.endswith("[ ] a\n[todo.md does not show it: There is none.]")


async def test_asking_signals_the_question_with_its_call(
    machine: MemorySandbox, context: MemoryToolContext
) -> None:
    await machine.write("a.png", _bytes(b"x"), limit=10)
    result = await context.call(
        ask, question="Which?", choices=["one", "two"], attachments=["/workspace/a.png", "./a.png"]
    )
    assert result.signal == Ask(
        Question(
            reason="question", text="Which?", choices=("one", "two"), attachments=("a.png",), call_id="call-1"
        )
    )
    assert result.outcome == "ok"


async def test_completing_signals_the_deliverables(
    machine: MemorySandbox, context: MemoryToolContext
) -> None:
    await machine.write("out/primes.csv", _bytes(b"2,3"), limit=10)
    result = await context.call(complete, summary="Done so.", deliverables=["out/primes.csv"])
    assert (result.signal, result.text) == (Complete(("out/primes.csv",)), "Done so.")


async def test_completing_needs_nothing_and_starts_no_sandbox() -> None:
    class NoSandbox(MemoryToolContext):
        async def sandbox(self) -> MemorySandbox:
            raise AssertionError

    result = await execute(complete, NoSandbox(), {})
    assert (result.signal, result.text) == (Complete(()), "The task is done.")


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        (complete, {"deliverables": ["here.txt", "gone.txt", "folder"]}),
        (ask, {"question": "?", "attachments": ["here.txt", "gone.txt", "folder"]}),
    ],
)
async def test_files_that_are_not_there_are_all_named_and_nothing_is_signalled(
    tool: Tool, arguments: dict[str, object], machine: MemorySandbox, context: MemoryToolContext
) -> None:
    await machine.write("here.txt", _bytes(b"x"), limit=10)
    await machine.write("folder/x", _bytes(b"x"), limit=10)
    result = await context.call(tool, **arguments)
    assert (result.outcome, result.code, result.signal) == ("error", "file_not_found", None)
    assert "'gone.txt' (does not exist), 'folder' (is a folder)" in result.text
    assert "here.txt" not in result.text


async def test_a_path_outside_is_refused(context: MemoryToolContext) -> None:
    assert (await context.call(complete, deliverables=["../etc/passwd"])).code == "path_outside"


async def _bytes(data: bytes) -> AsyncIterator[bytes]:
    yield data
