"""Sorts the calls of a message: those that may begin now, and those that wait for a person.

Laws: what runs is what was approved, checked by its hash right before; what a person has denied stays so, and
what a rule denies no person can allow; only what a person decided counts, nothing that a model says.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, assert_never

from pydantic import JsonValue

from factotum.agent.outcome import ApprovalRequest, Awaiting
from factotum.agent.policy import Policy
from factotum.agent.ports import CallResult
from factotum.core.canonical_json import digest
from factotum.core.clock import now
from factotum.protocol.approvals import Approval
from factotum.protocol.messages import ToolCallPart
from factotum.protocol.runs import Question
from factotum.tools.execute import error_text
from factotum.tools.registry import Registry, tool_denied
from factotum.tools.tool import Tool, ToolError

APPROVAL_SECONDS = 24 * 3600.0
_DENIED = "Not executed: a person was asked and said no. Do not call it again unless they want it.{reason}"
_EXPIRED = (
    "Not executed: a person was asked and did not answer in time. Go on without it, or say what is left."
)
_CHANGED = (
    "Not executed: its arguments are not those that were approved. Call it again if it is still needed."
)
_EDITED = "A person approved this call with other arguments, and these were used: {arguments}\n"
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Standing:
    """What people have decided so far: this run's approvals by call id, and what is lifted for its thread."""

    approvals: Mapping[str, Approval] = field(default_factory=dict[str, Approval])
    lifted: frozenset[str] = frozenset()


class ApprovalBook(Protocol):
    """Where decisions are kept."""

    async def standing(self) -> Standing:
        """Read what was decided for the run and its thread."""
        ...


@dataclass(frozen=True, slots=True)
class Ready:
    """A call that may begin. With `result` it gets that, and is not executed; `note` precedes its own."""

    call: ToolCallPart
    result: CallResult | None = None
    note: str = ""


class Gate:
    """Stands before every call of one attempt. `asked_before`: an earlier attempt may have asked already."""

    def __init__(
        self,
        policy: Policy,
        registry: Registry,
        book: ApprovalBook,
        *,
        asked_before: bool,
        seconds: float = APPROVAL_SECONDS,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._policy = policy
        self._registry = registry
        self._book = book
        self._reads = policy.may_ask or asked_before
        self._seconds = seconds
        self._clock = clock

    async def sort(self, calls: Sequence[ToolCallPart]) -> list[Ready | ApprovalRequest]:
        """Say of each call, in order, whether it may begin or what must be asked first."""
        standing = await self._book.standing() if self._reads else Standing()
        return [self._sorted(call, standing) for call in calls]

    def _sorted(self, call: ToolCallPart, standing: Standing) -> Ready | ApprovalRequest:
        if call.fault is not None:
            return Ready(call)
        try:
            tool = self._registry.get(call.name)
        except ToolError:
            return Ready(call)  # It is told why it cannot run when it begins.
        approval = standing.approvals.get(call.call_id)
        if approval is not None:
            return self._decided(tool, call, approval)
        verdict = self._policy.judge(tool, call.arguments, standing.lifted)
        match verdict.action:
            case "allow":
                return Ready(call)
            case "deny":
                return Ready(call, _refused(call.name))
            case "ask":
                expires_at = self._clock() + timedelta(seconds=self._seconds)
                return ApprovalRequest(call, verdict.pattern, expires_at)
            case _:
                assert_never(verdict.action)

    def _decided(self, tool: Tool, call: ToolCallPart, approval: Approval) -> Ready | ApprovalRequest:
        match approval.status:
            case "pending" if approval.expires_at > self._clock():
                return ApprovalRequest(call, approval.pattern, approval.expires_at)
            case "pending" | "expired":
                return Ready(call, CallResult(_EXPIRED, "stopped"))
            case "denied":
                reason = f" They say: {approval.reason}" if approval.reason else ""
                return Ready(call, CallResult(_DENIED.format(reason=reason), "stopped"))
            case "approved":
                return self._approved(tool, call, approval)
            case _:
                assert_never(approval.status)

    def _approved(self, tool: Tool, call: ToolCallPart, approval: Approval) -> Ready:
        edited = approval.edited_arguments
        arguments = call.arguments if edited is None else edited
        if digest(call.arguments) != approval.arguments_hash or digest(arguments) != approval.approved_hash:
            return Ready(call, CallResult(_CHANGED, "error"))
        if self._policy.judge(tool, arguments).action == "deny":
            return Ready(call, _refused(call.name))
        if edited is None:
            return Ready(call)
        note = _EDITED.format(arguments=json.dumps(edited, ensure_ascii=False))
        return Ready(call.model_copy(update={"arguments": edited}), note=note)


def ask_for(requests: Sequence[ApprovalRequest], registry: Registry) -> Awaiting:
    """Return the end of an attempt that waits for these approvals."""
    what = "this" if len(requests) == 1 else f"these {len(requests)} things"
    question = Question(
        reason="approval",
        text=f"May the agent do {what}?\n{list_calls([request.call for request in requests], registry)}",
        call_id=requests[0].call.call_id,
    )
    return Awaiting(question, tuple(requests))


def list_calls(calls: Sequence[ToolCallPart], registry: Registry) -> str:
    """Tell calls in a question: a line for each, its arguments as JSON and cut where they are long."""
    return "\n".join(
        f"- {call.name}: {_short(registry.in_order(call.name, call.arguments))}" for call in calls
    )


def _refused(name: str) -> CallResult:
    return CallResult(error_text(tool_denied(name)), "error")


def _short(arguments: Mapping[str, JsonValue]) -> str:
    text = ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in arguments.items())
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
