"""/v1/projects/{project_id}/snapshots: versions of a project's workspace."""

from typing import Annotated

from fastapi import APIRouter, Path

from factotum.api.dependencies import CallerIn, ContextIn, ProjectId
from factotum.features.snapshots import NewSnapshot, SnapshotList, WorkspaceSnapshot

router = APIRouter(prefix="/v1/projects/{project_id}/snapshots", tags=["projects"])

SnapshotId = Annotated[str, Path(description="A snapshot's id.")]


@router.get("", operation_id="list_snapshots", summary="List versions of the workspace")
async def list_snapshots(project_id: ProjectId, caller: CallerIn, context: ContextIn) -> SnapshotList:
    """List those that are kept, newest first: taken before and after runs, before a restore, or asked for."""
    return await context.snapshots.list(caller, project_id)


@router.post("", status_code=201, operation_id="take_snapshot", summary="Keep the workspace as it is")
async def take_snapshot(
    project_id: ProjectId, body: NewSnapshot, caller: CallerIn, context: ContextIn
) -> WorkspaceSnapshot:
    """Keep the workspace as it is now; the newest five that were asked for are kept."""
    return await context.snapshots.take(caller, project_id, body)


@router.post(
    "/{snapshot_id}/restore",
    status_code=204,
    operation_id="restore_snapshot",
    summary="Put a version of the workspace back",
)
async def restore_snapshot(
    project_id: ProjectId, snapshot_id: SnapshotId, caller: CallerIn, context: ContextIn
) -> None:
    """End what runs in the sandbox, keep what is there as a version, and put this one in its place.

    409 `project_busy` while a run of the project has not ended.
    """
    await context.snapshots.restore(caller, project_id, snapshot_id)


@router.delete("/{snapshot_id}", status_code=204, operation_id="delete_snapshot", summary="Delete a version")
async def delete_snapshot(
    project_id: ProjectId, snapshot_id: SnapshotId, caller: CallerIn, context: ContextIn
) -> None:
    """Delete one; one that is not there is gone already."""
    await context.snapshots.delete(caller, project_id, snapshot_id)
