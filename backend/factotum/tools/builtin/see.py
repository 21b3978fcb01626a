"""Looking at an image of the workspace."""

from typing import Annotated

from pydantic import Field

from factotum.tools.builtin.pictures import picture_of
from factotum.tools.builtin.workspace import require_file
from factotum.tools.declare import tool
from factotum.tools.tool import ToolContext, ToolOutput, XmlForm


@tool(
    effect="pure",
    family="files",
    subject="path",
    xml=XmlForm("see-image", attributes=("path",)),
    deadline_seconds=120,
    example={"path": "charts/sales.png"},
    needs_vision=True,
)
async def see_image(context: ToolContext, path: Annotated[str, Field(min_length=1)]) -> ToolOutput:
    """Look at an image file: PNG, JPEG, GIF or WebP. A large one is shown smaller: crop it to see details.

    Args:
        path: The file, relative to the workspace.
    """
    sandbox = await context.sandbox()
    info = await require_file(sandbox, path)
    picture, said = await picture_of(sandbox, info.path)
    return ToolOutput(f"{said} The image follows the results.", pictures=(picture,))
