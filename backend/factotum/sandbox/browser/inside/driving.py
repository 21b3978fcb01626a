"""What a person does who has the browser: pointer, keys, addresses, tabs, dialogs; and what they see."""

# pyright: basic, reportMissingImports=false, reportOptionalMemberAccess=false
# Playwright is a package of the sandbox's Python, not of the service's.

import asyncio
import base64
import contextlib
import hashlib

from playwright.async_api import Error, Page

from .chrome import WINDOW, Browser, Tab, quietly
from .fault import Fault
from .frames import ADDRESS, PICTURE_SECONDS, TITLE, picture
from .hiding import Hidden
from .look import Answer, looked
from .pages import answering, full_address

EVENT_SECONDS = 3.0
SETTLE_SECONDS = 0.05
SHARP = (WINDOW["width"], (60, 35))
SMALL = (800, (50, 20))
MODIFIERS = ("Alt", "Control", "Meta", "Shift")


async def watch(browser: Browser, seen: str) -> Answer:
    """Show the browser to who looks on."""
    return Answer("", [], await view(browser, seen))


async def drive(browser: Browser, hidden: Hidden, events: "list[dict]", seen: str) -> Answer:
    """Do what the person does, in order, and show what came of it."""
    for event in events:
        try:
            done = await within(browser, one(browser, hidden, event))
        except Error:
            continue  # a page that went elsewhere meanwhile, a key that there is not
        if not done:
            break  # a page that hangs: what follows was meant for another
    if events:
        await asyncio.sleep(SETTLE_SECONDS)
    return Answer("", [], await view(browser, seen))


async def hand_back(browser: Browser) -> Answer:
    """Lift what is pressed, and look at the page as the agent does."""
    browser.stop_asking()
    if browser.current is not None:
        await quietly(press_only(browser.current, ()))
    try:
        answer = await looked(browser)
    except Fault as fault:
        answer = Answer(f"{fault.message} {fault.hint}".strip(), [])
    return answer._replace(more=await view(browser, ""))


async def within(browser: Browser, work) -> bool:
    """Do one thing; tell whether the page took it. One that opened a dialog ends when that is answered."""
    task = asyncio.ensure_future(work)
    asked = asyncio.ensure_future(browser.dialog_came.wait())
    try:
        await asyncio.wait({task, asked}, timeout=EVENT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        asked.cancel()
    if task.done():
        await task
        return True
    browser.later(task)
    return browser.dialog is not None


async def one(browser: Browser, hidden: Hidden, event: dict) -> None:
    """Do one thing."""
    kind = event["type"]
    if kind == "dialog":
        await answer_dialog(browser, event["accept"], event["text"])
        return
    if browser.dialog is not None:
        return  # nothing else reaches the page
    tab = await browser.tab()
    page = tab.page
    match kind:
        case "move" | "down" | "up" | "wheel":
            await press_only(tab, event["modifiers"])
            await point(page, kind, event)
        case "key":
            await press_only(tab, event["modifiers"])
            await page.keyboard.press(event["key"])
            await hidden.look(page)
        case "text":
            await press_only(tab, ())
            await page.keyboard.type(event["text"])
            await hidden.look(page)
        case "paste":
            await press_only(tab, ())
            await page.keyboard.insert_text(event["text"])
            await hidden.look(page)
        case "go":
            tab = await answering(browser, tab)
            address = full_address(event["url"])
            browser.later(tab.page.goto(address, wait_until="commit", timeout=30_000))
        case "history":
            step = {"back": page.go_back, "forward": page.go_forward, "reload": page.reload}
            browser.later(step[event["action"]](wait_until="commit", timeout=30_000))
        case "tab":
            await turn(browser, event["action"], event["tab"])


async def point(page: Page, kind: str, event: dict) -> None:
    """Move the pointer there, and press, let go or turn the wheel."""
    await page.mouse.move(event["x"], event["y"])
    if kind == "down":
        await page.mouse.down(button=event["button"], click_count=event["count"])
    elif kind == "up":
        await page.mouse.up(button=event["button"], click_count=event["count"])
    elif kind == "wheel":
        await page.mouse.wheel(event["dx"], event["dy"])


async def press_only(tab: Tab, wanted) -> None:
    """Hold these modifier keys, and no others."""
    for key in MODIFIERS:
        if key in wanted and key not in tab.pressed:
            await tab.page.keyboard.down(key)
            tab.pressed.add(key)
        elif key not in wanted and key in tab.pressed:
            tab.pressed.discard(key)
            await tab.page.keyboard.up(key)


async def turn(browser: Browser, action: str, number: int) -> None:
    """Open, switch or close a tab."""
    if action == "open":
        with contextlib.suppress(Fault):
            await browser.open()
        return
    if not 1 <= number <= len(browser.tabs):
        return
    chosen = browser.tabs[number - 1]
    if action == "close":
        browser.forget(chosen)
        await quietly(chosen.page.close())
        chosen = await browser.tab()
    browser.current = chosen
    await chosen.page.bring_to_front()


async def answer_dialog(browser: Browser, accept: bool, text: str) -> None:
    """Answer the dialog that is open."""
    dialog, browser.dialog = browser.dialog, None
    browser.dialog_came.clear()
    if dialog is not None:
        await (dialog.accept(text) if accept else dialog.dismiss())


async def view(browser: Browser, seen: str) -> dict:
    """Return what there is to see: tabs, a dialog, a picture unless it is the one with the mark `seen`."""
    shown: dict = {"tabs": [await tab_line(browser, tab) for tab in browser.tabs]}
    if browser.dialog is not None:
        said = browser.dialog
        shown["dialog"] = {
            "type": said.type,
            "message": said.message[:1000],
            "default": said.default_value[:1000],
        }
        return shown
    jpeg = await taken(browser)
    mark = hashlib.sha256(jpeg).hexdigest()[:32] if jpeg else seen
    if mark != seen:
        now = next((tab for tab in shown["tabs"] if tab["current"]), {"address": "", "title": ""})
        encoded = base64.b64encode(jpeg).decode()
        shown["frame"] = {"jpeg": encoded, "address": now["address"], "title": now["title"]}
    return {**shown, "mark": mark}


async def taken(browser: Browser) -> bytes:
    """Return a sharp picture of the window, a small one where that is too large, nothing without a page."""
    tab = browser.current
    if tab is None or tab.page.is_closed():
        return b""
    try:
        async with asyncio.timeout(PICTURE_SECONDS):
            return await picture(tab, *SHARP) or await picture(tab, *SMALL)
    except (TimeoutError, Error):  # it hangs, or is closing
        await quietly(tab.page.bring_to_front())
        return b""


async def tab_line(browser: Browser, tab: Tab) -> dict:
    """Describe one tab."""
    title = ""
    if browser.dialog is None:
        with contextlib.suppress(TimeoutError, Error):
            async with asyncio.timeout(0.5):
                title = await tab.page.title()
    return {"title": title[:TITLE], "address": tab.page.url[:ADDRESS], "current": tab is browser.current}
