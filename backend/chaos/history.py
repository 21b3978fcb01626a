"""What was observed: transcripts of clients, reads of threads, notes of writes, and what was done.

Plain data, so that the checks over it are pure. Times are seconds since the epoch, of one machine's clock.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

JsonObject = dict[str, Any]


@dataclass(slots=True)
class Transcript:
    """What one client saw of one run. `seen` are (sequence number, event), in the order they came.

    `acknowledged`: when the client learned of a stored message, by the message's id.
    """

    run_id: str
    letter: str
    seen: list[tuple[int, JsonObject]] = field(default_factory=list[tuple[int, JsonObject]])
    acknowledged: dict[str, float] = field(default_factory=dict[str, float])
    connects: int = 0
    resets: int = 0
    cursor: int = 0
    over: bool = False


class Read(NamedTuple):
    """One reading of a thread's whole list of messages: when it was asked for and answered, and their ids."""

    began: float
    ended: float
    message_ids: tuple[str, ...]


class Note(NamedTuple):
    """One write that the database accepted, noted by a trigger in the same transaction.

    `writer` is the process: `worker-1:4711`, by its name and process id; empty for none of ours. `owner`,
    `attempt` and `status` are the run's after the write, `old_…` those before it (of a message or a call: the
    run's at that moment, both). `lease_left` is what the old lease still had, in seconds. `change` says what
    was written: of a run its step or `released`, of a message its role, of a call `pending>started`.
    """

    at: float
    writer: str
    table: Literal["runs", "messages", "tool_calls"]
    operation: Literal["INSERT", "UPDATE", "DELETE"]
    run_id: str
    owner: str | None
    attempt: int
    status: str
    old_owner: str | None
    old_attempt: int
    old_status: str
    lease_left: float | None
    item: str
    change: str
    effect: str = ""
    item_attempt: int | None = None


class Done(NamedTuple):
    """One fault that was done. `worker` names the process (`worker-1:4711`) that it hit, if it was one."""

    number: int
    kind: str
    at: float
    until: float
    target: str = ""
    worker: str = ""


def process_of(owner: str | None) -> str:
    """Return the process id in the name of a run's owner (`host:pid:id`), empty for none."""
    return "" if owner is None else owner.split(":")[1]
