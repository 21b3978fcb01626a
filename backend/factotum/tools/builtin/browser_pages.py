"""Tools of the browser about where it is: addresses, search, history, tabs, waiting, dialogs, downloads."""

from typing import Annotated, Literal
from urllib.parse import quote_plus

from pydantic import Field

from factotum.tools.builtin.browser import OUTPUT, SECONDS, Address, Element, Words, act, deadline
from factotum.tools.declare import tool
from factotum.tools.tool import ToolContext, ToolError, ToolOutput, XmlForm

LONGEST_WAIT = 120
LONGEST_DOWNLOAD = 600
_SEARCH = "https://duckduckgo.com/html/?q="


@tool(
    effect="idempotent",
    family="browser",
    subject="url",
    xml=XmlForm("browser-go-to", attributes=("new_tab",), content="url"),
    deadline_seconds=deadline(),
    output_limit=OUTPUT,
    example={"url": "https://example.com/"},
)
async def browser_go_to(context: ToolContext, url: Address, new_tab: bool = False) -> ToolOutput:
    """Open an address in the browser; you get the page as text, in which what can be acted on has a number,
    like [e12]. Every action answers so.

    Servers in the sandbox are at http://localhost:PORT, files at file:///workspace/PATH.

    Args:
        url: The address.
        new_tab: Open it in a tab of its own.
    """
    return await act(context, "go_to", {"url": url, "new_tab": new_tab})


@tool(
    effect="idempotent",
    family="browser",
    subject="query",
    xml=XmlForm("browser-search", content="query"),
    deadline_seconds=deadline(),
    output_limit=OUTPUT,
    example={"query": "population of Iceland 2025"},
)
async def browser_search(
    context: ToolContext, query: Annotated[str, Field(min_length=1, max_length=1000)]
) -> ToolOutput:
    """Search the web in the browser; you get the page of results.

    Args:
        query: What to search for.
    """
    return await act(context, "go_to", {"url": _SEARCH + quote_plus(query), "new_tab": False})


@tool(
    effect="unsafe",
    family="browser",
    xml=XmlForm("browser-history", attributes=("action",)),
    deadline_seconds=deadline(),
    output_limit=OUTPUT,
    example={"action": "back"},
)
async def browser_history(context: ToolContext, action: Literal["back", "forward", "reload"]) -> ToolOutput:
    """Go back or forward in the browser's history, or load the page again.

    Args:
        action: Which of them.
    """
    return await act(context, "history", {"action": action})


@tool(
    effect="idempotent",
    family="browser",
    subject="url",
    xml=XmlForm("browser-tabs", attributes=("action", "tab"), content="url"),
    deadline_seconds=deadline(),
    output_limit=OUTPUT,
    example={"action": "switch", "tab": 2},
)
async def browser_tabs(
    context: ToolContext,
    action: Literal["list", "open", "switch", "close"] = "list",
    tab: Annotated[int | None, Field(ge=1)] = None,
    url: Address = "",
) -> ToolOutput:
    """List the browser's tabs, open one, switch to one or close one.

    Args:
        action: What to do.
        tab: Which tab to switch to or to close, by its number.
        url: For a new tab: the address to open in it.
    """
    if action in ("switch", "close") and tab is None:
        raise ToolError(f"To {action} a tab, say which: tab is missing.", code="invalid_arguments")
    return await act(context, "tabs", {"action": action, "tab": tab, "url": url})


@tool(
    effect="pure",
    family="browser",
    xml=XmlForm("browser-wait", attributes=("seconds", "gone"), content="text"),
    deadline_seconds=deadline(LONGEST_WAIT + SECONDS),
    output_limit=OUTPUT,
    example={"text": "Upload finished", "seconds": 30},
)
async def browser_wait(
    context: ToolContext,
    seconds: Annotated[float, Field(ge=0, le=LONGEST_WAIT)] = 5,
    text: Words = "",
    gone: bool = False,
) -> ToolOutput:
    """Wait in the browser, for a text to appear if you name one, and look at the page then.

    Args:
        seconds: How long to wait at most.
        text: Wait until this is on the page; left out, wait all the seconds.
        gone: Wait until the text is no longer there instead.
    """
    return await act(
        context, "wait", {"seconds": seconds, "text": text, "gone": gone}, seconds=seconds + SECONDS
    )


@tool(
    effect="idempotent",
    family="browser",
    xml=XmlForm("browser-dialog", attributes=("accept",), content="text"),
    deadline_seconds=deadline(),
    example={"accept": True},
)
async def browser_dialog(context: ToolContext, accept: bool, text: Words = "") -> ToolOutput:
    """Say how the next dialog of a page (confirm, prompt) is answered; without this it is dismissed.

    Args:
        accept: Accept it, or dismiss it.
        text: What to type into a prompt.
    """
    return await act(context, "dialog", {"accept": accept, "text": text})


@tool(
    effect="unsafe",
    family="browser",
    subject="url",
    xml=XmlForm("browser-download", attributes=("element", "timeout_seconds"), content="url"),
    deadline_seconds=deadline(LONGEST_DOWNLOAD + SECONDS),
    output_limit=OUTPUT,
    example={"element": "e12", "timeout_seconds": 120},
)
async def browser_download(
    context: ToolContext,
    element: Element = "",
    url: Address = "",
    timeout_seconds: Annotated[int, Field(ge=1, le=LONGEST_DOWNLOAD)] = 60,
) -> ToolOutput:
    """Download a file with the browser into downloads/ of the workspace, and wait until it is whole.

    Args:
        element: The number of the element whose click begins the download.
        url: Or the address of the file.
        timeout_seconds: How long to wait; then the download is ended.
    """
    if bool(element) == bool(url):
        raise ToolError("Give an element or a url, one of them.", code="invalid_arguments")
    arguments = {"element": element, "url": url, "seconds": timeout_seconds}
    return await act(context, "download", arguments, seconds=timeout_seconds + SECONDS)
