"""Tools of the browser that take something out of a page: a look, its content, messages, pictures, a PDF."""

from typing import Annotated, Literal

from pydantic import Field

from factotum.tools.builtin.browser import OUTPUT, Element, act, deadline
from factotum.tools.builtin.workspace import workspace_path
from factotum.tools.declare import tool
from factotum.tools.tool import ToolContext, ToolOutput, XmlForm

EXTRACTED = 25_000
"""Characters of a page's content in one answer."""

File = Annotated[str, Field(min_length=1, max_length=300)]


@tool(
    effect="pure",
    family="browser",
    xml=XmlForm("browser-look"),
    deadline_seconds=deadline(),
    output_limit=OUTPUT,
    example={},
)
async def browser_look(context: ToolContext) -> ToolOutput:
    """Look at the page that is open in the browser, as text with numbered elements."""
    return await act(context, "look", {})


@tool(
    effect="pure",
    family="browser",
    xml=XmlForm("browser-extract", attributes=("what", "element", "start")),
    deadline_seconds=deadline(),
    output_limit=EXTRACTED + 1_000,
    example={"what": "markdown"},
)
async def browser_extract(
    context: ToolContext,
    what: Literal["markdown", "links", "tables"] = "markdown",
    element: Element = "",
    start: Annotated[int, Field(ge=0)] = 0,
) -> ToolOutput:
    """Read the content of the page in the browser: all its text as markdown, its links or its tables.

    Args:
        what: Which of them.
        element: Read only what is in this element.
        start: Where to go on in a long text, as the answer before said.
    """
    arguments = {"what": what, "element": element, "start": start, "most": EXTRACTED}
    return await act(context, "extract", arguments)


@tool(
    effect="idempotent",
    family="browser",
    subject="path",
    xml=XmlForm("browser-screenshot", attributes=("path", "numbered", "whole_page")),
    deadline_seconds=deadline(),
    example={"path": "screenshots/page.png"},
)
async def browser_screenshot(
    context: ToolContext, path: File, numbered: bool = True, whole_page: bool = False
) -> ToolOutput:
    """Write a picture of the page into the workspace.

    Args:
        path: Where to; it ends in .png or .jpg.
        numbered: Draw the elements' numbers into it.
        whole_page: The whole page instead of what the window shows.
    """
    arguments = {"path": workspace_path(path), "numbered": numbered, "whole_page": whole_page}
    return await act(context, "screenshot", arguments)


@tool(
    effect="idempotent",
    family="browser",
    subject="path",
    xml=XmlForm("browser-pdf", attributes=("path",)),
    deadline_seconds=deadline(),
    example={"path": "page.pdf"},
)
async def browser_pdf(context: ToolContext, path: File) -> ToolOutput:
    """Write the page as a PDF into the workspace.

    Args:
        path: Where to; it ends in .pdf.
    """
    return await act(context, "pdf", {"path": workspace_path(path)})


@tool(
    effect="pure",
    family="browser",
    xml=XmlForm("browser-messages"),
    deadline_seconds=deadline(),
    output_limit=OUTPUT,
    example={},
)
async def browser_messages(context: ToolContext) -> ToolOutput:
    """Show what the page wrote to its console, and requests that failed, since this was last asked."""
    return await act(context, "messages", {})
