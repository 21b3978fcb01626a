"""Actions that take something out of the page: its content, what it said, pictures, a PDF."""

# pyright: basic, reportMissingImports=false, reportOptionalMemberAccess=false
# Playwright is a package of the sandbox's Python, not of the service's.

from pathlib import Path

from playwright.async_api import Error

from . import scripts
from .chrome import Browser
from .fault import Fault
from .look import Answer, lines_of
from .pointing import WORKSPACE, find

MOST_MARKS = 150
LARGEST_SIDE = 10_000


async def extract(browser: Browser, what: str, element: str, start: int, most: int) -> Answer:
    """Return the page's content as markdown, its links or its tables; from `start` on, `most` characters."""
    page = (await browser.tab()).page
    root = await find(page, element) if element else page.locator("body")
    text = await root.evaluate(scripts.EXTRACT, what, timeout=20_000)
    for frame in page.frames[1:10] if not element else []:
        try:
            inner = await frame.locator("body").evaluate(scripts.EXTRACT, what, timeout=2_000)
        except Error:  # a frame that went away or hangs is left out
            continue
        text += f"\n\n{inner}" if inner.strip() else ""
    part = text[start : start + most]
    left = len(text) - start - len(part)
    more = f"\n[{left:,} more characters: go on with start={start + len(part)}]" if left > 0 else ""
    return Answer((part.strip() or "(nothing)") + more, [])


async def messages(browser: Browser) -> Answer:
    """Return what the page said and what failed, and forget it."""
    tab = await browser.tab()
    lines = list(tab.messages)
    tab.messages.clear()
    return Answer("\n".join(lines) or "No messages and no failed requests.", [])


async def screenshot(browser: Browser, path: str, whole_page: bool, numbered: bool) -> Answer:
    """Write a picture of the page; `numbered` marks what can be acted on."""
    page = (await browser.tab()).page
    place = place_of(path, (".png", ".jpg", ".jpeg"))
    lines = await lines_of(page)
    marks = [
        {"ref": line.ref, **line.box._asdict()}
        for line in lines
        if line.ref and line.box and line.box.width and line.in_window
    ][:MOST_MARKS]
    if whole_page and await page.evaluate("document.documentElement.scrollHeight") > LARGEST_SIDE:
        raise Fault("page_too_large", "The page is too long for one picture.", "Take the window, and scroll.")
    if numbered:
        await page.evaluate(scripts.MARK, marks)
    try:
        await page.screenshot(path=WORKSPACE / place, full_page=whole_page, scale="css", timeout=15_000)
    finally:
        if numbered:
            await page.evaluate(scripts.UNMARK)
    return Answer(f"The picture is in {place}.", [place])


async def pdf(browser: Browser, path: str) -> Answer:
    """Write the page as a PDF."""
    page = (await browser.tab()).page
    place = place_of(path, (".pdf",))
    await page.pdf(path=WORKSPACE / place, print_background=True)
    return Answer(f"The page is in {place} ({(WORKSPACE / place).stat().st_size:,} bytes).", [place])


def place_of(path: str, endings: "tuple[str, ...]") -> str:
    """Return a path below the workspace whose folder is there. Raises Fault."""
    place = Path(path)
    if place.is_absolute() or ".." in place.parts or place.suffix.lower() not in endings:
        raise Fault(
            "path_invalid", f"{path[:200]!r} is no path for this.", f"It ends in {' or '.join(endings)}."
        )
    (WORKSPACE / place).parent.mkdir(parents=True, exist_ok=True)
    return str(place)
