"""Approvals in memory: what a run asks for, what a person decides, and what is lifted for its thread."""

import asyncio
from collections.abc import Sequence

from pydantic import JsonValue

from factotum.agent.approvals import Standing
from factotum.agent.outcome import ApprovalRequest
from factotum.core.canonical_json import digest
from factotum.core.clock import now
from factotum.core.errors import Conflict, NotFound
from factotum.core.ids import derived_id
from factotum.protocol.approvals import Approval, ApprovalScope


class MemoryApprovals:
    """The approvals of one run. `reads` counts how often an attempt looked."""

    def __init__(self, run_id: str, thread_id: str) -> None:
        self.by_call: dict[str, Approval] = {}
        self.reads = 0
        self._run_id = run_id
        self._thread_id = thread_id

    @property
    def pending(self) -> list[Approval]:
        """What nobody has decided, in the order it was asked for."""
        return [approval for approval in self.by_call.values() if approval.status == "pending"]

    async def standing(self) -> Standing:
        """Implements agent.approvals.ApprovalBook."""
        await asyncio.sleep(0)
        self.reads += 1
        lifted = {each.pattern for each in self.by_call.values() if each.scope == "always"}
        return Standing(dict(self.by_call), frozenset(lifted))

    def request(self, requests: Sequence[ApprovalRequest]) -> None:
        """Store what an attempt asks for, each call once."""
        for request in requests:
            call = request.call
            asked = Approval(
                id=derived_id(self._run_id, "approval", call.call_id),
                run_id=self._run_id,
                thread_id=self._thread_id,
                call_id=call.call_id,
                tool=call.name,
                arguments=call.arguments,
                arguments_hash=digest(call.arguments),
                pattern=request.pattern,
                created_at=now(),
                expires_at=request.expires_at,
            )
            self.by_call.setdefault(call.call_id, asked)

    def approve(
        self, call_id: str, *, scope: ApprovalScope = "once", edited: dict[str, JsonValue] | None = None
    ) -> None:
        """Approve a pending call. Raises NotFound, Conflict (`approval_decided`)."""
        arguments = self._open(call_id).arguments if edited is None else edited
        self._change(
            call_id,
            status="approved",
            scope=scope,
            edited_arguments=edited,
            approved_hash=digest(arguments),
            decided_by="person",
        )

    def deny(self, call_id: str, reason: str = "") -> None:
        """Deny a pending call. Raises NotFound, Conflict (`approval_decided`)."""
        self._open(call_id)
        self._change(call_id, status="denied", reason=reason, decided_by="person")

    def expire(self, call_id: str) -> None:
        """Let the time of a pending call be over. Raises NotFound, Conflict (`approval_decided`)."""
        self._open(call_id)
        self._change(call_id, status="expired")

    def _open(self, call_id: str) -> Approval:
        approval = self.by_call.get(call_id)
        if approval is None:
            raise NotFound("There is no such approval.", code="approval_not_found")
        if approval.status != "pending":
            raise Conflict("The approval is decided already.", code="approval_decided")
        return approval

    def _change(self, call_id: str, **change: object) -> None:
        self.by_call[call_id] = self.by_call[call_id].model_copy(update={**change, "decided_at": now()})
