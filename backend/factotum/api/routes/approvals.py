"""/v1/runs/{run_id}/approvals: calls that wait for a person; and what a thread has allowed for good."""

from fastapi import APIRouter

from factotum.api.dependencies import ApprovalId, CallerIn, ContextIn, PermissionId, RunId, ThreadId
from factotum.features.approvals import ApprovalList, Decision, PermissionList
from factotum.protocol.approvals import Approval

router = APIRouter(prefix="/v1", tags=["approvals"])


@router.get("/runs/{run_id}/approvals", operation_id="list_approvals", summary="List a run's approvals")
async def list_approvals(run_id: RunId, caller: CallerIn, context: ContextIn) -> ApprovalList:
    """List all approvals of a run, those that wait and those that are decided, in the order they came."""
    return await context.approvals.list(caller, run_id)


@router.post(
    "/runs/{run_id}/approvals/{approval_id}",
    operation_id="decide_approval",
    summary="Approve or deny a call",
)
async def decide_approval(
    run_id: RunId, approval_id: ApprovalId, body: Decision, caller: CallerIn, context: ContextIn
) -> Approval:
    """Decide about one call, once. The run goes on when the last of its pending approvals is decided.

    409 `approval_changed`: the hash is not that of the arguments. 409 `approval_decided` or
    `approval_expired`: it is too late.
    """
    return await context.approvals.decide(caller, run_id, approval_id, body)


@router.get(
    "/threads/{thread_id}/permissions",
    operation_id="list_permissions",
    summary="List what a thread allows for good",
)
async def list_permissions(thread_id: ThreadId, caller: CallerIn, context: ContextIn) -> PermissionList:
    """List what was approved with the scope `always`."""
    return await context.permissions.list(caller, thread_id)


@router.delete(
    "/threads/{thread_id}/permissions/{permission_id}",
    status_code=204,
    operation_id="revoke_permission",
    summary="Let a thread ask again",
)
async def revoke_permission(
    thread_id: ThreadId, permission_id: PermissionId, caller: CallerIn, context: ContextIn
) -> None:
    """Take back what was approved with the scope `always`; calls that ran stay."""
    await context.permissions.revoke(caller, thread_id, permission_id)
