"""What the store gives back besides the protocol's messages and runs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from pydantic import JsonValue

from factotum.core.frozen import Frozen
from factotum.protocol.messages import Message, Outcome
from factotum.protocol.runs import Question, RunStatus

MemberRole = Literal["owner", "admin", "member", "viewer"]
CallState = Literal["pending", "started", "finished"]
CallEffect = Literal["pure", "idempotent", "unsafe"]
"""As `tools.tool.Effect`, which the store, one floor below, may not import."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a transaction acts for. What it may do follows from its account memberships, not from this."""

    user_id: str


class Account(Frozen):
    """A person's or a team's account, with the caller's role in it."""

    id: str
    name: str
    kind: Literal["personal", "team"]
    role: MemberRole
    created_at: datetime


class Agent(Frozen):
    """An account's definition of an agent. `model` None: the one of the settings."""

    id: str
    account_id: str
    name: str
    model: str | None
    instructions: str
    settings: dict[str, JsonValue]
    created_at: datetime


class Project(Frozen):
    """A project: threads, and the workspace that they share."""

    id: str
    account_id: str
    name: str
    created_at: datetime
    updated_at: datetime


class WithdrawnSite(Frozen):
    """A deployment that is to be taken away."""

    id: str
    project_id: str
    name: str
    target: Literal["cloudflare", "local"]


class Deployment(Frozen):
    """A folder of a project that is shown to people. An empty `address` is signed when it is asked for."""

    id: str
    project_id: str
    name: str
    target: Literal["cloudflare", "local"]
    address: str
    files: int
    size_bytes: int
    created_at: datetime
    deployed_at: datetime | None


class Thread(Frozen):
    """A conversation. `last_position` is that of its newest message, 0 when it has none.

    A thread is a tree of messages; `leaf_id` is the one that the next message follows. A pinned one stands at
    the top of the list, an archived one in a list of its own.
    """

    id: str
    account_id: str
    project_id: str
    agent_id: str | None
    title: str
    last_position: int
    leaf_id: str | None = None
    pinned_at: datetime | None = None
    archived_at: datetime | None = None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ThreadFilter:
    """Which threads of a list. `search`: those whose title holds this text, however it is written."""

    search: str = ""
    pinned: bool | None = None
    archived: Literal["without", "only", "with"] = "without"


class PlacedMessage(Message):
    """A message on a path. `siblings`: the ids of all messages with the same parent, its own among them.

    In the order of storing: the place in it is the `2` of "2 of 3".
    """

    siblings: tuple[str, ...]


class Share(Frozen):
    """A link to a path of a thread as it was when the link was made. Its token is known to nobody here."""

    id: str
    thread_id: str
    created_by: str
    title: str
    created_at: datetime
    expires_at: datetime | None


class SharedThread(Frozen):
    """What somebody with a share's link reads of the thread itself. Times are those of the share."""

    thread_id: str
    title: str
    leaf_id: str
    created_at: datetime
    expires_at: datetime | None


class SharedRun(Frozen):
    """A run on a shared path that had ended by then: what it delivered, and when it worked."""

    id: str
    status: RunStatus
    deliverables: tuple[str, ...]
    started_at: datetime | None
    ended_at: datetime


class ClaimedRun(Frozen):
    """What a worker that won a run knows of it: whom to act for, which attempt, where the log stands.

    `took_over`: the attempt before this one died. `resumed`: it was answered or handed over. `crashes` counts
    the attempts in a row that died before they stored a step. `has_unread`: messages were sent into it.
    """

    id: str
    account_id: str
    project_id: str
    thread_id: str
    created_by: str
    agent_id: str | None
    model: str
    status: RunStatus
    attempt: int
    step: int
    crashes: int
    log_seq: int
    stop_requested: bool
    has_unread: bool
    took_over: bool
    resumed: bool

    @property
    def caller(self) -> Caller:
        """The person whose rights the run has."""
        return Caller(self.created_by)


class Wishes(NamedTuple):
    """What people want of a run that a process carries: that it stops, that it reads what they sent."""

    stop: bool
    unread: bool


class LostRun(Frozen):
    """A run that no worker is at: to be enqueued again."""

    id: str
    account_id: str
    thread_id: str
    status: RunStatus
    attempt: int


class Answer(Frozen):
    """What a person answered, and to which question."""

    question: Question
    value: JsonValue


class ToolCall(Frozen):
    """One row of the ledger: whether a call began, and how it ended."""

    run_id: str
    call_id: str
    message_id: str
    name: str
    arguments: dict[str, JsonValue]
    effect: CallEffect
    attempt: int
    state: CallState
    outcome: Outcome | None
    output: str | None
    started_at: datetime | None
    finished_at: datetime | None


class Permission(Frozen):
    """An approval that was given for all of a thread: what matches `pattern` is not asked about again."""

    id: str
    thread_id: str
    run_id: str
    pattern: str
    decided_by: str
    decided_at: datetime


class WaitingRun(Frozen):
    """A run that waits for a person: what is needed to write to its log, which no worker holds."""

    id: str
    account_id: str
    attempt: int
    log_seq: int


class OverdueRun(WaitingRun):
    """A run that has waited too long, and whom to act for."""

    created_by: str

    @property
    def caller(self) -> Caller:
        """The person whose rights the run has."""
        return Caller(self.created_by)


class ExpiredApproval(Frozen):
    """An approval whose time is over."""

    id: str
    call_id: str
