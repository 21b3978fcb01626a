"""An approval: a call that waits for a person, and what that person decided. No model can give one."""

from datetime import datetime
from typing import Literal

from pydantic import Field, JsonValue

from factotum.core.frozen import Frozen

ApprovalStatus = Literal["pending", "approved", "denied", "expired"]
ApprovalScope = Literal["once", "always"]
"""`always`: for the rest of the thread nobody is asked again because of this approval's pattern."""


class Approval(Frozen):
    """One call that a rule says to ask about.

    `arguments_hash` is the SHA-256 of `arguments` (core/canonical_json.py): who approves names it, and so
    says what they saw. `edited_arguments` are run in their place if the person changed them. `pattern` is
    what the scope `always` allows. `decided_by` None: nobody, the time was over or the run was stopped.
    """

    id: str
    run_id: str
    thread_id: str
    call_id: str
    tool: str
    arguments: dict[str, JsonValue]
    arguments_hash: str
    pattern: str
    status: ApprovalStatus = "pending"
    scope: ApprovalScope | None = None
    edited_arguments: dict[str, JsonValue] | None = None
    approved_hash: str | None = Field(
        default=None, description="The SHA-256 of the arguments that were approved, edited or not."
    )
    reason: str = ""
    decided_by: str | None = None
    created_at: datetime
    expires_at: datetime
    decided_at: datetime | None = None
