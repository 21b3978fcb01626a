"""Tools of the browser that act on a page as a person does: click, type, keys, scroll, drag, choose."""

from typing import Annotated, Literal

from pydantic import Field

from factotum.tools.builtin.browser import OUTPUT, Element, Words, act, deadline
from factotum.tools.builtin.workspace import require_all
from factotum.tools.declare import tool
from factotum.tools.tool import ToolContext, ToolOutput, XmlForm

Pixels = Annotated[int | None, Field(ge=0)]
Given = Annotated[str, Field(min_length=1, max_length=50)]


@tool(
    effect="unsafe",
    family="browser",
    xml=XmlForm("browser-click", attributes=("element", "x", "y", "button", "double"), content="text"),
    deadline_seconds=deadline(),
    output_limit=OUTPUT,
    example={"element": "e12"},
)
async def browser_click(
    context: ToolContext,
    element: Element = "",
    text: Words = "",
    x: Pixels = None,
    y: Pixels = None,
    button: Literal["left", "right", "middle"] = "left",
    double: bool = False,
) -> ToolOutput:
    """Click in the browser: an element by its number (best), what has a text, or a place in the window.

    Args:
        element: The number in the newest answer, e12 for one.
        text: What the element says or is called.
        x: Pixels from the window's left edge; it is 1280 wide.
        y: Pixels from its top; it is 800 high.
        button: Which button of the mouse.
        double: Click twice.
    """
    arguments = {"element": element, "text": text, "x": x, "y": y, "button": button, "double": double}
    return await act(context, "click", arguments)


@tool(
    effect="unsafe",
    family="browser",
    xml=XmlForm("browser-type", attributes=("element", "clear", "submit"), content="text"),
    deadline_seconds=deadline(),
    output_limit=OUTPUT,
    example={"element": "e7", "text": "Ada Lovelace", "submit": True},
)
async def browser_type(
    context: ToolContext,
    text: Annotated[str, Field(max_length=50_000)],
    element: Element = "",
    clear: bool = True,
    submit: bool = False,
) -> ToolOutput:
    """Type a text into a field of the page.

    Args:
        text: What to type, exactly.
        element: The field's number; left out, what has the focus.
        clear: Replace what the field holds; false adds to its end.
        submit: Press Enter after it.
    """
    arguments = {"text": text, "element": element, "clear": clear, "submit": submit}
    return await act(context, "type", arguments)


@tool(
    effect="unsafe",
    family="browser",
    xml=XmlForm("browser-keys", content="keys"),
    deadline_seconds=deadline(),
    output_limit=OUTPUT,
    example={"keys": "Control+a Delete"},
)
async def browser_keys(
    context: ToolContext, keys: Annotated[str, Field(min_length=1, max_length=500)]
) -> ToolOutput:
    """Press keys in the page, one after the other: Enter, Escape, Tab, ArrowDown, PageDown, Control+a …

    Args:
        keys: The keys, apart by spaces; those held together are joined by +.
    """
    return await act(context, "keys", {"keys": keys})


@tool(
    effect="idempotent",
    family="browser",
    xml=XmlForm("browser-scroll", attributes=("direction", "screens", "element"), content="to_text"),
    deadline_seconds=deadline(),
    output_limit=OUTPUT,
    example={"direction": "down", "screens": 2},
)
async def browser_scroll(
    context: ToolContext,
    direction: Literal["down", "up", "left", "right"] = "down",
    screens: Annotated[float, Field(gt=0, le=50)] = 1,
    to_text: Words = "",
    element: Element = "",
) -> ToolOutput:
    """Scroll the page, or to a text on it.

    Args:
        direction: Where to.
        screens: How far, in heights (widths) of the window.
        to_text: Scroll until this text can be seen instead.
        element: Scroll inside this element, a list for one.
    """
    arguments = {"direction": direction, "screens": screens, "to_text": to_text, "element": element}
    return await act(context, "scroll", arguments)


@tool(
    effect="idempotent",
    family="browser",
    xml=XmlForm("browser-hover", attributes=("element",)),
    deadline_seconds=deadline(),
    output_limit=OUTPUT,
    example={"element": "e12"},
)
async def browser_hover(context: ToolContext, element: Given) -> ToolOutput:
    """Move the pointer over an element of the page, to open a menu or a hint.

    Args:
        element: Its number.
    """
    return await act(context, "hover", {"element": element})


@tool(
    effect="unsafe",
    family="browser",
    xml=XmlForm("browser-drag", attributes=("element", "target")),
    deadline_seconds=deadline(),
    output_limit=OUTPUT,
    example={"element": "e12", "target": "e20"},
)
async def browser_drag(context: ToolContext, element: Given, target: Given) -> ToolOutput:
    """Drag one element of the page onto another.

    Args:
        element: The number of what is dragged.
        target: The number of where it is dropped.
    """
    return await act(context, "drag", {"element": element, "target": target})


@tool(
    effect="unsafe",
    family="browser",
    xml=XmlForm("browser-select", attributes=("element",), elements=("options",)),
    deadline_seconds=deadline(),
    output_limit=OUTPUT,
    example={"element": "e9", "options": ["Iceland"]},
)
async def browser_select(
    context: ToolContext,
    element: Given,
    options: Annotated[list[Words], Field(min_length=1, max_length=100)],
) -> ToolOutput:
    """Choose options in a list of the page (a combobox or listbox).

    Args:
        element: The list's number.
        options: What the options say; all others are no longer chosen.
    """
    return await act(context, "select", {"element": element, "options": [*options]})


@tool(
    effect="unsafe",
    family="browser",
    xml=XmlForm("browser-upload", attributes=("element",), elements=("paths",)),
    deadline_seconds=deadline(),
    output_limit=OUTPUT,
    example={"element": "e15", "paths": ["report.pdf"]},
)
async def browser_upload(
    context: ToolContext,
    element: Given,
    paths: Annotated[list[Words], Field(min_length=1, max_length=20)],
) -> ToolOutput:
    """Give files of the workspace to a page: to a file field, or to the button that asks for files.

    Args:
        element: The number of the field or button.
        paths: The files, relative to the workspace.
    """
    found = await require_all(await context.sandbox(), paths, "files")
    return await act(context, "upload", {"element": element, "paths": [*found]})
