"""The plan: a short list of steps that people can watch, also as a file of the workspace."""

import asyncio
from typing import Annotated

from pydantic import Field

from factotum.core.errors import FactotumError, StaleAttempt
from factotum.core.wording import count
from factotum.protocol.events import PlanUpdated
from factotum.protocol.runs import Plan, PlanItem
from factotum.sandbox.port import FileInfo, Sandbox
from factotum.tools.builtin.workspace import find, read_start, tell, write_whole
from factotum.tools.declare import tool
from factotum.tools.tool import ToolContext, ToolOutput, XmlForm

PLAN_FILE = "todo.md"
PLAN_HEAD = "<!-- The agent's plan: each update_plan writes it anew. -->\n"
"""By it a file of ours is told from one that belongs to the task, which is left alone."""

_MOST_ITEMS = 100
_FILE_SECONDS = 60.0
_MARKS = {"pending": "[ ]", "active": "[>]", "done": "[x]", "skipped": "[-]"}
_FORMS = {
    "pending": "- [ ] {text}",
    "active": "- [ ] **{text}**",
    "done": "- [x] {text}",
    "skipped": "- [x] ~~{text}~~",
}


@tool(
    effect="idempotent",
    family="plan",
    xml=XmlForm("update-plan", content="items"),
    deadline_seconds=_FILE_SECONDS + 30,
    example={
        "items": [
            {"text": "Compute the primes", "status": "active"},
            {"text": "Plot them", "status": "pending"},
        ]
    },
)
async def update_plan(
    context: ToolContext, items: Annotated[list[PlanItem], Field(max_length=_MOST_ITEMS)]
) -> ToolOutput:
    """Set your plan: the steps of the task and how far each one is. The person watches it.

    Use it for tasks of several steps; call it when a step begins or ends. Each call replaces the plan whole.

    Args:
        items: Every step in order, the finished ones too; one at a time is active.
    """
    plan = Plan(items=tuple(items))
    await context.emit(PlanUpdated(plan=plan))
    done = sum(item.status in {"done", "skipped"} for item in plan.items)
    lines = [f"Plan updated: {done} of {count(len(plan.items), 'step')} done."]
    lines += [f"{_MARKS[item.status]} {item.text}" for item in plan.items]
    if missed := await _kept(context, plan):
        lines.append(f"[{PLAN_FILE} does not show it: {missed}]")
    return ToolOutput("\n".join(lines))


async def _kept(context: ToolContext, plan: Plan) -> str:
    """Write the plan into the workspace; return why that was not done. The plan itself does not need it."""
    try:
        async with asyncio.timeout(_FILE_SECONDS):
            sandbox = await context.sandbox()
            present = await find(sandbox, PLAN_FILE)
            if present is not None and not await _is_ours(sandbox, present):
                return "a file of that name was there already."
            info = await write_whole(sandbox, PLAN_FILE, _as_file(plan).encode())
    except StaleAttempt:
        raise
    except (FactotumError, TimeoutError) as error:
        return str(error) or "the workspace did not answer in time."
    await tell(context, info, "created" if present is None else "changed")
    return ""


async def _is_ours(sandbox: Sandbox, info: FileInfo) -> bool:
    head = PLAN_HEAD.encode()
    return info.kind == "file" and await read_start(sandbox, info.path, len(head)) == head


def _as_file(plan: Plan) -> str:
    steps = [_FORMS[item.status].format(text=" ".join(item.text.split())) for item in plan.items]
    return "\n".join([f"{PLAN_HEAD}# Plan", "", *steps, ""])
