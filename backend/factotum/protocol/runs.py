"""A run as everybody sees it: its status, its usage, what it waits for, how it ended."""

from datetime import datetime
from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from factotum.core.frozen import Frozen
from factotum.protocol.budgets import Amounts, Budget, BudgetUse
from factotum.protocol.dialect import Dialect

RunStatus = Literal["queued", "running", "awaiting_input", "stopping", "finished", "failed", "stopped"]
ENDED: frozenset[RunStatus] = frozenset({"finished", "failed", "stopped"})

FinishReason = Literal["complete", "answered", "budget", "stuck"]
"""Why a run ended well: the `complete` tool, an answer without calls, or a person who ended it there when it
asked for more budget, or because it repeated itself."""

AwaitReason = Literal["question", "unknown_outcome", "limit", "budget", "stuck"]
"""What a run waits for: an answer to the model, a decision about calls whose outcome is unknown, more budget
(`limit`: the same, in runs that began to wait before there were budgets), help because it repeats itself."""


def _is_none(value: object) -> bool:
    return value is None


class RunOptions(Frozen):
    """What the caller of a run may choose. `auto`: native calls where the model has them, else `invoke`."""

    dialect: Literal["auto", Dialect] = "auto"
    tool_execution: Literal["sequential", "parallel"] = "sequential"
    step_limit: int | None = Field(default=None, ge=1, le=1000)
    """The same as `budget.steps`."""
    budget: Budget = Budget()

    @model_validator(mode="after")
    def _one_limit_of_steps(self) -> "RunOptions":
        if self.step_limit is not None and self.budget.steps not in {None, self.step_limit}:
            raise PydanticCustomError("two_limits", "step_limit and budget.steps are the same: give one")
        return self

    @property
    def limits(self) -> Budget:
        """The budget, with the limit of steps wherever it was given."""
        return self.budget.over(Budget(steps=self.step_limit))


class ErrorInfo(Frozen):
    """A failure as a person or a program reads it."""

    code: str
    message: str
    hint: str = ""


class Usage(Frozen):
    """Tokens and money of one or more model calls. `cost_usd` is None where no price is known."""

    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None

    def plus(self, other: "Usage") -> "Usage":
        """Return the sum; a cost that is not known adds nothing."""
        known = [cost for cost in (self.cost_usd, other.cost_usd) if cost is not None]
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost_usd=sum(known) if known else None,
        )


class Question(Frozen):
    """What a waiting run asks a person. `call_id` is the call that the answer will be the result of.

    `budget` is what the choice to extend adds to the run's budget.
    """

    reason: AwaitReason
    text: str
    choices: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    call_id: str | None = None
    budget: Amounts | None = Field(default=None, exclude_if=_is_none)


class PlanItem(Frozen):
    """One line of the agent's plan."""

    text: str
    status: Literal["pending", "active", "done", "skipped"] = "pending"


class Plan(Frozen):
    """The agent's plan, whole: each update replaces it."""

    items: tuple[PlanItem, ...] = ()


class Run(Frozen):
    """One run of the agent on a thread."""

    id: str
    thread_id: str
    project_id: str
    account_id: str
    status: RunStatus
    model: str
    agent_id: str | None = None
    options: RunOptions = RunOptions()
    attempt: int
    step: int
    usage: Usage = Usage()
    budget: BudgetUse | None = None
    plan: Plan | None = None
    question: Question | None = None
    finish_reason: FinishReason | None = None
    error: ErrorInfo | None = None
    deliverables: tuple[str, ...] = ()
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
