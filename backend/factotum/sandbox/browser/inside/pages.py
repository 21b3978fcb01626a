"""Actions about where the browser is: addresses, history, tabs, waiting, dialogs, downloads."""

# pyright: basic, reportMissingImports=false, reportOptionalMemberAccess=false
# Playwright is a package of the sandbox's Python, not of the service's.

import asyncio
import re
import time

from playwright.async_api import Error
from playwright.async_api import TimeoutError as Late

from .chrome import Browser, Tab, answers, quietly
from .fault import Fault
from .look import Answer, looked
from .pointing import find

COMMIT_SECONDS = 25.0
LOAD_SECONDS = 5.0
SCHEMES = ("http:", "https:", "file:", "data:", "about:", "blob:")
NO_PAGE = "The address answers with no page, but with a file or with nothing."


async def look(browser: Browser) -> Answer:
    """Show the page as it is."""
    return await looked(browser)


async def go_to(browser: Browser, url: str, new_tab: bool) -> Answer:
    """Open an address."""
    address = full_address(url)
    tab = await (browser.open() if new_tab else browser.tab())
    tab = await answering(browser, tab)
    started = len(browser.downloads.told) + len(browser.downloads.running)
    try:
        await tab.page.goto(address, wait_until="commit", timeout=COMMIT_SECONDS * 1000)
    except Late:
        await quietly(tab.page.evaluate("window.stop()"))
        raise Fault(
            "page_timeout",
            f"The address did not answer within {COMMIT_SECONDS:g} s.",
            "Try again later, or another address.",
        ) from None
    except Error as error:
        if "Download is starting" not in str(error) and "ERR_ABORTED" not in str(error):
            raise
        await asyncio.sleep(0.3)
        if len(browser.downloads.told) + len(browser.downloads.running) > started:
            return await looked(browser, "The address is a file: it is being downloaded.")
        raise Fault("no_page", NO_PAGE, "Try another address.") from None
    try:
        await tab.page.wait_for_load_state("load", timeout=LOAD_SECONDS * 1000)
    except Late:
        note = f"[The page still loads after {LOAD_SECONDS:g} s; this is what is there.]"
        return await looked(browser, note, settled=True)
    return await looked(browser)


async def answering(browser: Browser, tab: Tab) -> Tab:
    """Return the tab, or a new one in its place if its page hangs: a page that hangs cannot be left."""
    if await answers(tab.page):
        return tab
    browser.notices.append("The page before did not answer; its tab was closed.")
    browser.forget(tab)
    await quietly(tab.page.close())
    return await browser.open()


def full_address(url: str) -> str:
    """Return the address with its scheme. Raises Fault for one that is no page."""
    url = url.strip()
    if re.match(r"(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?(/|$)", url):
        return f"http://{url}"
    if url.startswith("/"):
        return f"file://{url}"
    if re.match(r"[a-z][a-z0-9+.-]*:(?!\d+(/|$))", url, re.IGNORECASE):
        if url.lower().startswith(SCHEMES):
            return url
        raise Fault(
            "address_invalid", f"{url[:200]!r} is no address of a page.", f"Use one of {', '.join(SCHEMES)}"
        )
    return f"https://{url}"


async def history(browser: Browser, action: str) -> Answer:
    """Go back or forward, or load the page again."""
    page = (await browser.tab()).page
    before = page.url
    step = {"back": page.go_back, "forward": page.go_forward, "reload": page.reload}[action]
    try:
        await step(wait_until="commit", timeout=COMMIT_SECONDS * 1000)
    except Late:
        raise Fault(
            "page_timeout", f"The page did not answer within {COMMIT_SECONDS:g} s.", "Try again."
        ) from None
    if action != "reload" and page.url == before:
        return await looked(browser, f"[There is no page to go {action} to.]")
    return await looked(browser)


async def tabs(browser: Browser, action: str, tab: "int | None", url: str) -> Answer:
    """List, open, switch or close tabs; the answer lists them."""
    await browser.start()
    if action == "open":
        if url:
            return await go_to(browser, url, True)
        await browser.open()
    elif action != "list":
        number = tab or 0
        if not 1 <= number <= len(browser.tabs):
            raise Fault("tab_not_found", f"There is no tab {number}.", f"{len(browser.tabs)} are open.")
        chosen = browser.tabs[number - 1]
        if action == "switch":
            browser.current = chosen
            await chosen.page.bring_to_front()
            return await looked(browser)
        browser.forget(chosen)
        await quietly(chosen.page.close())
    return Answer("\n".join([await line(browser, each) for each in browser.tabs]) or "No tab is open.", [])


async def line(browser: Browser, tab: Tab) -> str:
    """Describe one tab."""
    title = "(does not answer)"
    try:
        async with asyncio.timeout(1):
            title = (await tab.page.title())[:100]
    except (TimeoutError, Error):
        pass
    mark = "*" if tab is browser.current else " "
    return f"{mark} tab {browser.tabs.index(tab) + 1}: {title} {tab.page.url[:300]}"


async def wait(browser: Browser, seconds: float, text: str, gone: bool) -> Answer:
    """Wait for a text to come or go, or just wait."""
    page = (await browser.tab()).page
    if not text:
        await asyncio.sleep(seconds)
        return await looked(browser)
    try:
        state = "hidden" if gone else "visible"
        await page.get_by_text(text).first.wait_for(state=state, timeout=seconds * 1000)
    except Late:
        what = "is still there" if gone else "did not come"
        return await looked(browser, f"[The text {text[:200]!r} {what} within {seconds:g} s.]")
    return await looked(browser)


async def dialog(browser: Browser, accept: bool, text: str) -> Answer:
    """Say how the next dialog is to be answered."""
    browser.accept_next = (accept, text)
    return Answer(f"The next dialog will be {'accepted' if accept else 'dismissed'}.", [])


async def download(browser: Browser, element: str, url: str, seconds: float) -> Answer:
    """Set off a download and wait for its end."""
    tab = await browser.tab()
    downloads = browser.downloads
    if element:
        await (await find(tab.page, element)).click()
    else:
        try:
            await tab.page.goto(full_address(url), wait_until="commit", timeout=COMMIT_SECONDS * 1000)
        except Error as error:
            if "Download is starting" not in str(error) and "ERR_ABORTED" not in str(error):
                raise
    begin = time.monotonic()
    while not downloads.told and (downloads.running or time.monotonic() - begin < 5):
        left = seconds - (time.monotonic() - begin)
        if left <= 0:
            await downloads.stop_all()
            break
        try:
            async with asyncio.timeout(min(left, 1)):
                await downloads.news.wait()
        except TimeoutError:
            continue
    told, came = downloads.take()
    if not told:
        return await looked(browser, "[No download began; this is what is there now.]")
    if not came:
        raise Fault("download_failed", " ".join(told), "Look at the page, or allow more timeout_seconds.")
    return Answer("\n".join(told), came)
