"""A run as everybody sees it: its status, its usage, what it waits for, how it ended."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from factotum.core.frozen import Frozen
from factotum.protocol.dialect import Dialect

RunStatus = Literal["queued", "running", "awaiting_input", "stopping", "finished", "failed", "stopped"]
ENDED: frozenset[RunStatus] = frozenset({"finished", "failed", "stopped"})

FinishReason = Literal["complete", "answered"]
"""Why a run ended well: the `complete` tool, or an answer without calls."""

AwaitReason = Literal["question", "unknown_outcome", "limit"]


class RunOptions(Frozen):
    """What the caller of a run may choose. `auto`: native calls where the model has them, else `invoke`."""

    dialect: Literal["auto", Dialect] = "auto"
    tool_execution: Literal["sequential", "parallel"] = "sequential"
    step_limit: int | None = Field(default=None, ge=1, le=1000)


class ErrorInfo(Frozen):
    """A failure as a person or a program reads it."""

    code: str
    message: str
    hint: str = ""


class ContextSize(Frozen):
    """How full the model's context window is, in tokens: what the conversation takes, and what there is."""

    tokens: int
    window: int


class Usage(Frozen):
    """Tokens and money of one or more model calls. `cost_usd` is None where no price is known.

    `context` is how full the window was after the newest of the calls that told.
    """

    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    context: ContextSize | None = None

    def plus(self, other: "Usage") -> "Usage":
        """Return the sum; a cost that is not known adds nothing."""
        known = [cost for cost in (self.cost_usd, other.cost_usd) if cost is not None]
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost_usd=sum(known) if known else None,
            context=other.context or self.context,
        )


class Question(Frozen):
    """What a waiting run asks a person. `call_id` is the call that the answer will be the result of."""

    reason: AwaitReason
    text: str
    choices: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    call_id: str | None = None


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
    plan: Plan | None = None
    question: Question | None = None
    finish_reason: FinishReason | None = None
    error: ErrorInfo | None = None
    deliverables: tuple[str, ...] = ()
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
