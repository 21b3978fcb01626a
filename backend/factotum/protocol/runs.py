"""A run as everybody sees it: its status, its usage, what it waits for, how it ended."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from factotum.core.frozen import Frozen
from factotum.protocol.dialect import Dialect

RunStatus = Literal["queued", "running", "awaiting_input", "stopping", "finished", "failed", "stopped"]
ENDED: frozenset[RunStatus] = frozenset({"finished", "failed", "stopped"})

FinishReason = Literal["complete", "answered"]
"""Why a run ended well: the `complete` tool, or an answer without calls."""

AwaitReason = Literal["question", "unknown_outcome", "limit"]

Effort = Literal["none", "low", "medium", "high"]
"""How much a model shall reason before it answers."""

MOST_FALLBACKS = 5
"""Models that a run may fall back on at the most: each may cost a whole deadline."""

ModelName = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class RunOptions(Frozen):
    """What the caller of a run may choose. `auto`: native calls where the models have them, else `invoke`.

    `fallback_models` are tried in order when the run's model cannot be used; None: the agent's, else the
    service's; none at all: an empty list. `effort` None: as the model does by itself.
    """

    dialect: Literal["auto", Dialect] = "auto"
    tool_execution: Literal["sequential", "parallel"] = "sequential"
    step_limit: int | None = Field(default=None, ge=1, le=1000)
    fallback_models: tuple[ModelName, ...] | None = Field(default=None, max_length=MOST_FALLBACKS)
    effort: Effort | None = None


class ErrorInfo(Frozen):
    """A failure as a person or a program reads it."""

    code: str
    message: str
    hint: str = ""


class Usage(Frozen):
    """Tokens and money of one or more model calls. `cost_usd` is None where no price is known.

    `input_tokens` counts all of the prompt; of these, `cached_tokens` were read from the provider's cache and
    `cache_write_tokens` written to it.
    """

    input_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None

    def plus(self, other: "Usage") -> "Usage":
        """Return the sum; a cost that is not known adds nothing."""
        known = [cost for cost in (self.cost_usd, other.cost_usd) if cost is not None]
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
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
