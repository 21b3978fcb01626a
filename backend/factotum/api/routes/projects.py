"""/v1/projects."""

from fastapi import APIRouter

from factotum.api.dependencies import CallerIn, ContextIn, PageIn, ProjectId
from factotum.features.projects import NewProject, ProjectChange, ProjectPage
from factotum.store.records import Project

router = APIRouter(prefix="/v1/projects", tags=["projects"])


@router.post("", status_code=201, operation_id="create_project", summary="Make a project")
async def create_project(body: NewProject, caller: CallerIn, context: ContextIn) -> Project:
    """Make a project in your own account."""
    return await context.projects.create(caller, body)


@router.get("", operation_id="list_projects", summary="List projects")
async def list_projects(page: PageIn, caller: CallerIn, context: ContextIn) -> ProjectPage:
    """List your projects, newest first."""
    return await context.projects.list(caller, page)


@router.get("/{project_id}", operation_id="get_project", summary="Read a project")
async def get_project(project_id: ProjectId, caller: CallerIn, context: ContextIn) -> Project:
    """Read one project."""
    return await context.projects.get(caller, project_id)


@router.patch("/{project_id}", operation_id="update_project", summary="Rename a project")
async def update_project(
    project_id: ProjectId, body: ProjectChange, caller: CallerIn, context: ContextIn
) -> Project:
    """Rename a project."""
    return await context.projects.change(caller, project_id, body)


@router.delete("/{project_id}", status_code=204, operation_id="delete_project", summary="Delete a project")
async def delete_project(project_id: ProjectId, caller: CallerIn, context: ContextIn) -> None:
    """Delete a project, its threads and its workspace. 409 `project_busy` while a run goes on."""
    await context.projects.delete(caller, project_id)
