"""What the model is told of the page after each action: where it is, what happened, what can be acted on."""

# pyright: basic, reportMissingImports=false, reportOptionalMemberAccess=false
# Playwright is a package of the sandbox's Python, not of the service's.

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from playwright.async_api import Error, Page

from .chrome import WINDOW, Browser, Tab
from .compact import Line, read, write
from .fault import hangs

LIMIT = 12_000
SNAPSHOT_SECONDS = 8.0
SETTLE_SECONDS = 3.0
SCROLL = "({y: Math.round(scrollY), all: document.documentElement.scrollHeight})"


class Answer(NamedTuple):
    """What a request gives: text, files that it wrote, as paths of the workspace, and what else is said."""

    text: str
    files: "list[str]"
    more: "Mapping[str, object]" = MappingProxyType({})


async def lines_of(page: Page) -> "list[Line]":
    """Return what is on the page. Raises Fault when the page does not answer."""
    for attempt in range(3):
        try:
            async with asyncio.timeout(SNAPSHOT_SECONDS):
                snapshot = await page.aria_snapshot(mode="ai", boxes=True, timeout=SNAPSHOT_SECONDS * 1000)
            return read(snapshot, WINDOW["width"], WINDOW["height"])
        except TimeoutError:
            break
        except Error as error:
            if "has been closed" in str(error) or "crashed" in str(error):
                raise
            if "Timeout" in str(error) or attempt == 2:
                break
            await asyncio.sleep(0.3)  # it is going elsewhere
    raise hangs()


async def settle(page: Page) -> None:
    """Wait a little until what was set off has happened; a page that never ends loading is not waited for."""
    await asyncio.sleep(0.15)
    try:
        async with asyncio.timeout(SETTLE_SECONDS):
            await page.wait_for_load_state("load")
    except (TimeoutError, Error):
        return


async def looked(browser: Browser, done: str = "", *, settled: bool = False) -> Answer:
    """Answer with the page as it is now, after what was `done`."""
    tab = await browser.tab()
    if not settled:
        await settle(tab.page)
    tab = await browser.tab()  # a new one may have come to the front
    lines = await lines_of(tab.page)
    told, came = browser.downloads.take()
    head = [done] if done else []
    head += [f"[{each}]" for each in [*browser.notices, *told]]
    browser.notices.clear()
    head += await place(browser, tab)
    return Answer("\n".join([*head, write(lines, LIMIT) or "(the page is empty)"]), came)


async def place(browser: Browser, tab: Tab) -> "list[str]":
    """Say where the browser is."""
    title, scroll = "", None
    try:
        async with asyncio.timeout(2):
            title = await tab.page.title()
            scroll = await tab.page.evaluate(SCROLL)
    except (TimeoutError, Error):
        pass
    lines = [f"Page: {title[:200]}", f"Address: {tab.page.url[:2000]}"]
    if scroll and scroll["all"] > WINDOW["height"]:
        lines.append(f"Scrolled: {scroll['y']} of {scroll['all'] - WINDOW['height']} pixels")
    if len(browser.tabs) > 1:
        lines.append(f"Tabs: {len(browser.tabs)}, this is tab {browser.tabs.index(tab) + 1}")
    return lines
