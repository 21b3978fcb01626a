"""Approvals as callers send and see them, and what a thread has allowed for good."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from factotum.core.errors import InvalidInput
from factotum.core.frozen import Frozen
from factotum.protocol.approvals import Approval, ApprovalScope
from factotum.store.approvals import Approvals
from factotum.store.database import Database
from factotum.store.records import Caller, Permission
from factotum.store.threads import Threads
from factotum.tools.arguments import bind
from factotum.tools.registry import Registry
from factotum.tools.tool import ToolError

Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
Hash = Annotated[str, StringConstraints(to_lower=True, pattern="^[0-9a-fA-F]{64}$")]


class Decision(Frozen):
    """What a person decides about a call. To approve, name the hash of the arguments that you saw."""

    decision: Literal["approve", "deny"]
    arguments_hash: Hash | None = Field(
        default=None, description="`arguments_hash` of the approval; needed to approve."
    )
    scope: ApprovalScope = Field(
        default="once", description="`always`: nobody is asked about the approval's pattern in this thread."
    )
    arguments: dict[str, JsonValue] | None = Field(
        default=None, description="Approve the call with these arguments, all of them, in place of its own."
    )
    reason: Reason = Field(default="", description="Why not; the model reads it.")


class ApprovalList(Frozen):
    """A run's approvals, in the order they were asked for."""

    items: tuple[Approval, ...]


class PermissionList(Frozen):
    """What is allowed for good in a thread."""

    items: tuple[Permission, ...]


def checked_arguments(registry: Registry, tool: str, arguments: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return edited arguments typed by the tool's schema. Raises InvalidInput (`invalid_arguments`)."""
    try:
        found = registry.get(tool)
        bound = bind(found, arguments, "native")
    except ToolError as error:
        raise InvalidInput(error.message, hint=error.hint, code=error.stable_code) from None
    return found.arguments(**bound).model_dump(mode="json")


class PermissionService:
    """What was approved with the scope `always`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, caller: Caller, thread_id: str) -> PermissionList:
        """Return a thread's permissions, oldest first. Raises NotFound (`thread_not_found`)."""
        async with self._database.tenant(caller) as tx:
            await Threads(tx).get(thread_id)
            return PermissionList(items=tuple(await Approvals(tx).lifted(thread_id)))

    async def revoke(self, caller: Caller, thread_id: str, approval_id: str) -> None:
        """Let the thread ask again. Raises NotFound (also `permission_not_found`), Forbidden."""
        async with self._database.tenant(caller) as tx:
            await Threads(tx).get(thread_id)
            await Approvals(tx).revoke(thread_id, approval_id)
