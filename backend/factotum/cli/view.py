"""What can be shown of a run: its blocks in the order in which the agent made them, and where it stands.

A block that is `settled` never changes again, and its `key` names it for ever: a screen that cannot take back
what it printed prints settled blocks only, each once.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from factotum.protocol.approvals import Approval
from factotum.protocol.budgets import BudgetUse
from factotum.protocol.events import FileChanged
from factotum.protocol.messages import Outcome
from factotum.protocol.runs import ENDED, ErrorInfo, FinishReason, Plan, Question, RunStatus, Usage

CallState = Literal["writing", "waiting", "running"] | Outcome


@dataclass(slots=True)
class TextBlock:
    """Prose of the agent, or a message of a person (`role` user)."""

    key: str
    message_id: str
    role: Literal["assistant", "user"]
    text: str
    settled: bool


@dataclass(slots=True)
class ReasoningBlock:
    """The model's reasoning before it answers."""

    key: str
    message_id: str
    text: str
    settled: bool


@dataclass(slots=True)
class CallBlock:
    """A call of a tool. `tail` is the end of what is written of it: its arguments first, then its output."""

    key: str
    message_id: str
    name: str
    arguments: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    state: CallState = "writing"
    written: int = 0
    tail: str = ""
    output: str = ""
    duration_ms: int | None = None

    @property
    def settled(self) -> bool:
        """Whether it has ended."""
        return self.state not in {"writing", "waiting", "running"}


@dataclass(slots=True)
class NoteBlock:
    """Something that a person should know, said by the service."""

    key: str
    text: str
    settled: bool = True


@dataclass(slots=True)
class PlanBlock:
    """The plan as it was made or changed at this point."""

    key: str
    plan: Plan
    settled: bool = True


Block = TextBlock | ReasoningBlock | CallBlock | NoteBlock | PlanBlock


@dataclass(slots=True)
class View:
    """Everything that can be shown of a run."""

    run_id: str = ""
    thread_id: str = ""
    status: RunStatus = "queued"
    model: str = ""
    attempt: int = 0
    steps: int = 0
    usage: Usage = field(default_factory=Usage)
    budget: BudgetUse | None = None
    plan: Plan | None = None
    question: Question | None = None
    approvals: dict[str, Approval] = field(default_factory=dict[str, Approval])
    """What waits for a decision, by id."""
    error: ErrorInfo | None = None
    finish_reason: FinishReason | None = None
    deliverables: tuple[str, ...] = ()
    not_executed: tuple[str, ...] = ()
    blocks: list[Block] = field(default_factory=list[Block])
    files: dict[str, FileChanged] = field(default_factory=dict[str, FileChanged])
    seq: int = 0
    started_at: datetime | None = None
    changed_at: datetime | None = None

    @property
    def ended(self) -> bool:
        """Whether the run has ended."""
        return self.status in ENDED

    @property
    def seconds(self) -> float:
        """The time from the first event to the last, by the service's clock."""
        if self.started_at is None or self.changed_at is None:
            return 0.0
        return max(0.0, (self.changed_at - self.started_at).total_seconds())

    @property
    def answer(self) -> str:
        """What the agent says in the end: its last message, and the summary of `complete` if it differs."""
        last = next(
            (b for b in reversed(self.blocks) if isinstance(b, TextBlock) and b.role == "assistant"), None
        )
        texts = [
            block.text.strip()
            for block in self.blocks
            if last is not None and isinstance(block, TextBlock) and block.message_id == last.message_id
        ]
        summary = next((summary_of(b) for b in reversed(self.blocks) if is_complete(b)), "")
        if summary and summary not in texts:
            texts.append(summary)
        return "\n\n".join(texts)

    def call(self, call_id: str) -> CallBlock | None:
        """Return the call with this id."""
        found = (b for b in reversed(self.blocks) if isinstance(b, CallBlock) and b.key == call_id)
        return next(found, None)


def is_complete(block: Block) -> bool:
    """Tell whether this is the call that ends a run well."""
    return isinstance(block, CallBlock) and block.name == "complete" and block.state == "ok"


def summary_of(block: Block) -> str:
    """Return the summary in a `complete` call."""
    summary = block.arguments.get("summary") if isinstance(block, CallBlock) else None
    return summary.strip() if isinstance(summary, str) else ""
