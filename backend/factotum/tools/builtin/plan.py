"""The plan: a short list of steps that people can watch."""

from typing import Annotated

from pydantic import Field

from factotum.core.wording import count
from factotum.protocol.events import PlanUpdated
from factotum.protocol.runs import Plan, PlanItem
from factotum.tools.declare import tool
from factotum.tools.tool import ToolContext, ToolOutput, XmlForm

_MOST_ITEMS = 100
_MARKS = {"pending": "[ ]", "active": "[>]", "done": "[x]", "skipped": "[-]"}


@tool(
    effect="idempotent",
    family="plan",
    xml=XmlForm("update-plan", content="items"),
    deadline_seconds=10,
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
    lines = [f"{_MARKS[item.status]} {item.text}" for item in plan.items]
    return ToolOutput("\n".join([f"Plan updated: {done} of {count(len(plan.items), 'step')} done.", *lines]))
