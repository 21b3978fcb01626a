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


Delivery = Literal["steer", "interrupt", "queue"]
"""When a run reads a message: at its next step, at once, or as the task of a run of its own afterwards."""


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
    """What a waiting run asks a person. `call_id` is the call that the answer will be the result of."""

    reason: AwaitReason
    text: str
    choices: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    call_id: str | None = None


class UnreadMessage(Frozen):
    """A message that was sent into a run and that it reads next. `id` is that of the message it becomes."""

    id: str
    text: str
    delivery: Literal["steer", "interrupt"]
    sent_at: datetime


class PlanItem(Frozen):
    """One line of the agent's plan."""

    text: str
    status: Literal["pending", "active", "done", "skipped"] = "pending"


class Plan(Frozen):
    """The agent's plan, whole: each update replaces it."""

    items: tuple[PlanItem, ...] = ()


class Run(Frozen):
    """One run of the agent on a thread.

    `message_id` is the user's message that it works on; while the run waits for its turn there is none, and
    `input` holds the text. `unread` is what was sent into it since its last step.
    """

    id: str
    thread_id: str
    project_id: str
    account_id: str
    status: RunStatus
    model: str
    agent_id: str | None = None
    options: RunOptions = RunOptions()
    message_id: str | None = None
    input: str | None = None
    unread: tuple[UnreadMessage, ...] = ()
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
