"""/v1/projects/{project_id}/deployments: the folders of a project that are shown to people."""

from typing import Annotated

from fastapi import APIRouter, Path

from factotum.api.dependencies import CallerIn, ContextIn, ProjectId
from factotum.features.deployments import DeploymentList

router = APIRouter(prefix="/v1/projects/{project_id}/deployments", tags=["projects"])

DeploymentId = Annotated[str, Path(description="A deployment's id.")]


@router.get("", operation_id="list_deployments", summary="List what a project shows")
async def list_deployments(project_id: ProjectId, caller: CallerIn, context: ContextIn) -> DeploymentList:
    """List what the project's agents deployed, newest first; a local address is new, and good for a day."""
    return await context.deployments.list(caller, project_id)


@router.delete(
    "/{deployment_id}", status_code=204, operation_id="withdraw_deployment", summary="Withdraw a deployment"
)
async def withdraw_deployment(
    project_id: ProjectId, deployment_id: DeploymentId, caller: CallerIn, context: ContextIn
) -> None:
    """Show it no more. When its host cannot be reached, that is tried again every ten minutes."""
    await context.deployments.withdraw(caller, project_id, deployment_id)
