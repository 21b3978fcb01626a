"""A run as everybody sees it: its status, its usage, what it waits for, how it ended."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from factotum.core.frozen import Frozen, is_unset
from factotum.protocol.budgets import Amounts, Budget, BudgetUse
from factotum.protocol.dialect import Dialect, ResultPlace
from factotum.protocol.network import Network
from factotum.protocol.policy import Restrictions

RunStatus = Literal["queued", "running", "awaiting_input", "stopping", "finished", "failed", "stopped"]
ENDED: frozenset[RunStatus] = frozenset({"finished", "failed", "stopped"})

FinishReason = Literal["complete", "answered", "length", "budget", "stuck"]
"""Why a run ended well: the `complete` tool, an answer without calls, or one that its limit of length cut
once more than it may be gone on with; or a person who ended it there when it asked for more budget, or
because it repeated itself."""

StepFinish = Literal[
    "stop",
    "tool_calls",
    "length",
    "content_filter",
    "xml_tool_limit_reached",
    "agent_terminated",
    "interrupted",
]
"""Why one response of the model ended: as the provider says (the first four); because it held as many calls
in XML as are allowed; because it ends the turn by `ask` or `complete`; or because a stop or a broken stream
cut it short."""

AwaitReason = Literal[
    "question", "hand_over", "unknown_outcome", "limit", "budget", "stuck", "tool_results", "approval"
]
"""What a run waits for: an answer to the model, a person who takes over its browser and hands it back, a
decision about calls whose outcome is unknown, more budget (`limit`: the same, in runs that began to wait
before there were budgets), help because it repeats itself, the outputs of calls that its caller executes, or
the decision of each pending approval (approvals.py)."""

Effort = Literal["none", "low", "medium", "high"]
"""How much a model shall reason before it answers."""

MOST_FALLBACKS = 5
"""Models that a run may fall back on at the most: each may cost a whole deadline."""

ModelName = Annotated[str, StringConstraints(min_length=1, max_length=200)]


Delivery = Literal["steer", "interrupt", "queue"]
"""When a run reads a message: at its next step, at once, or as the task of a run of its own afterwards."""


class RunOptions(Frozen):
    """What the caller of a run may choose; what is left out is as the service's own defaults say."""

    dialect: Literal["auto", Dialect] = Field(
        default="auto",
        description="How the model writes its calls: `native` in its provider's own form, `invoke` or `tag`"
        " in XML. `auto`: native where the model has it, else `invoke`.",
    )
    xml_tool_calling: bool | None = Field(
        default=None,
        description="Whether calls written in XML in the text are taken. None: as the dialect says. With both"
        " ways on, the model may use either; with both off it is offered no tools and only answers.",
    )
    native_tool_calling: bool | None = Field(
        default=None,
        description="Whether the model is given tools in its provider's own form. None: as the dialect says.",
    )
    execute_tools: bool = Field(
        default=True,
        description="False: the caller runs the tools. After a message with calls the run waits with a"
        " question of reason `tool_results`, and POST /v1/runs/{run_id}/input with `results` (outputs by call"
        " id) lets it go on. `ask` and `complete` still work.",
    )
    execute_on_stream: bool = Field(
        default=False, description="Begin a call as soon as it is complete, while the model still talks."
    )
    tool_execution: Literal["sequential", "parallel"] = Field(
        default="sequential",
        description="Run the calls of one message one after another, or up to eight side by side.",
    )
    xml_adding_strategy: ResultPlace = Field(
        default="user_message",
        description="Where the results of XML calls stand for the model: `user_message`, a message after the"
        " one that made them; `assistant_message`, at that one's end; `inline_edit`, in it, each behind its"
        " call.",
    )
    max_xml_tool_calls: int | None = Field(
        default=None, ge=1, le=100, description="End a message of the model after so many calls in XML."
    )
    max_auto_continues: int | None = Field(
        default=None,
        ge=0,
        le=100,
        description="How often in a row an answer is gone on with that the limit of length has cut.",
    )
    step_limit: int | None = Field(
        default=None, ge=1, le=1000, description="Ask after so many steps: the same as `budget.steps`."
    )
    budget: Budget = Field(default=Budget(), description="What the run may use before it asks for more.")
    policy: Restrictions = Field(
        default=Restrictions(),
        description="Calls to refuse and calls to ask about first, beside what the agent's own rules say.",
    )
    network: Network | None = Field(
        default=None,
        description="What the run's sandbox may reach: no more than its agent and the service allow."
        " None: as they say.",
    )
    fallback_models: tuple[ModelName, ...] | None = Field(
        default=None,
        max_length=MOST_FALLBACKS,
        description="Models to try in order when the run's own cannot be used. None: the agent's, else the"
        " service's; an empty list: none.",
    )
    effort: Effort | None = Field(
        default=None, description="How hard the model reasons. None: as it does by itself."
    )

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


class ContextSize(Frozen):
    """How full the model's context window is, in tokens: what the conversation takes, and what there is."""

    tokens: int
    window: int


class Usage(Frozen):
    """Tokens and money of one or more model calls. `cost_usd` is None where no price is known.

    `input_tokens` counts all of the prompt; of these, `cached_tokens` were read from the provider's cache and
    `cache_write_tokens` written to it.
    `context` is how full the window was after the newest of the calls that told.
    """

    input_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    context: ContextSize | None = None

    def plus(self, other: "Usage") -> "Usage":
        """Return the sum; a cost that is not known adds nothing."""
        known = [cost for cost in (self.cost_usd, other.cost_usd) if cost is not None]
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost_usd=sum(known) if known else None,
            context=other.context or self.context,
        )


class Question(Frozen):
    """What a waiting run asks a person. `call_id` is the call that the answer will be the result of.

    `call_ids` are the calls whose outcome is unknown. `budget` is what the choice to extend adds to the run's
    budget.
    """

    reason: AwaitReason
    text: str
    choices: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    call_id: str | None = None
    call_ids: tuple[str, ...] = Field(default=(), exclude_if=is_unset)
    budget: Amounts | None = Field(default=None, exclude_if=is_unset)


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
    budget: BudgetUse | None = None
    plan: Plan | None = None
    question: Question | None = None
    finish_reason: FinishReason | None = None
    error: ErrorInfo | None = None
    deliverables: tuple[str, ...] = ()
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
