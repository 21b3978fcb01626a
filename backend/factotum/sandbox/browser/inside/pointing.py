"""Actions on elements: found by the number that the newest look gave them, by their text, or by a place."""

# pyright: basic, reportMissingImports=false, reportOptionalMemberAccess=false
# Playwright is a package of the sandbox's Python, not of the service's.

import asyncio
import re
from pathlib import Path

from playwright.async_api import Error, Locator, Page

from .chrome import WINDOW, Browser
from .fault import Fault
from .look import Answer, looked

WORKSPACE = Path("/workspace")
ACT_MS = 6_000
MOST_KEYS = 50
REF = re.compile(r"\[?(?:ref=)?((?:f\d+)?e\d+|\d+)\]?")
NAMED = ("button", "link", "menuitem", "tab", "checkbox", "radio", "option", "textbox", "combobox")


async def find(page: Page, element: str) -> Locator:
    """Return the element with a number, e12 for one. Raises Fault."""
    number = REF.fullmatch(element.strip())
    if number is None:
        raise Fault(
            "element_invalid", f"{element[:100]!r} is no element.", "Give its number from the page, like e12."
        )
    ref = number[1] if not number[1].isdigit() else f"e{number[1]}"
    found = page.locator(f"aria-ref={ref}")
    try:
        async with asyncio.timeout(5):
            there = await found.count()
    except Error:
        there = 0
    if not there:
        raise Fault(
            "element_gone", f"There is no element {ref} on the page now.", "Look again (browser_look)."
        )
    return found


async def find_text(page: Page, text: str) -> Locator:
    """Return what is called or says `text`, what can be acted on first. Raises Fault."""
    for exact in (True, False):
        for found in (
            *(page.get_by_role(role, name=text, exact=exact) for role in NAMED),
            page.get_by_label(text, exact=exact),
            page.get_by_placeholder(text, exact=exact),
            page.get_by_text(text, exact=exact),
        ):
            shown = found.filter(visible=True)
            if await shown.count():
                return shown.first
    raise Fault(
        "text_not_found", f"Nothing on the page says {text[:200]!r}.", "Look (browser_look), or scroll."
    )


async def click(
    browser: Browser, element: str, text: str, x: "int | None", y: "int | None", button: str, double: bool
) -> Answer:
    """Click an element, a text or a place of the window."""
    page = (await browser.tab()).page
    count = 2 if double else 1
    if element or text:
        found = await (find(page, element) if element else find_text(page, text))
        await found.click(button=button, click_count=count, timeout=ACT_MS)
    else:
        if x is None or y is None or not (0 <= x < WINDOW["width"] and 0 <= y < WINDOW["height"]):
            raise Fault(
                "place_invalid",
                "A click needs an element, a text, or a place in the window.",
                f"The window is {WINDOW['width']} x {WINDOW['height']} pixels.",
            )
        await page.mouse.click(x, y, button=button, click_count=count)
    return await looked(browser)


async def type_text(browser: Browser, text: str, element: str, clear: bool, submit: bool) -> Answer:
    """Type into an element, or into what has the focus."""
    page = (await browser.tab()).page
    if element:
        found = await find(page, element)
        if clear:
            await found.fill(text, timeout=ACT_MS)
        else:
            await found.focus(timeout=ACT_MS)
            await page.keyboard.press("Control+End")
            await page.keyboard.insert_text(text)
    else:
        await page.keyboard.insert_text(text)
    if submit:
        await page.keyboard.press("Enter")
    return await looked(browser)


async def keys(browser: Browser, keys: str) -> Answer:
    """Press keys, one after the other."""
    page = (await browser.tab()).page
    wanted = keys.split()
    if not 0 < len(wanted) <= MOST_KEYS:
        raise Fault(
            "keys_invalid", f"Give 1 to {MOST_KEYS} keys, apart by spaces.", "For text use browser_type."
        )
    for key in wanted:
        try:
            await page.keyboard.press(key)
        except Error as error:
            if "Unknown key" not in str(error):
                raise
            raise Fault(
                "keys_invalid", f"There is no key {key[:50]!r}.", "For example: Enter, ArrowDown."
            ) from None
    return await looked(browser)


async def scroll(browser: Browser, direction: str, screens: float, to_text: str, element: str) -> Answer:
    """Scroll the page, or what can be scrolled at an element; or to a text."""
    page = (await browser.tab()).page
    if to_text:
        found = page.get_by_text(to_text).first
        if not await found.count():
            raise Fault(
                "text_not_found", f"Nothing on the page says {to_text[:200]!r}.", "Scroll by screens."
            )
        await found.scroll_into_view_if_needed(timeout=ACT_MS)
        return await looked(browser)
    if element:
        await (await find(page, element)).hover(timeout=ACT_MS)
    else:
        await page.mouse.move(WINDOW["width"] / 2, WINDOW["height"] / 2)
    along = {"down": (0, 1), "up": (0, -1), "right": (1, 0), "left": (-1, 0)}[direction]
    far = (along[0] * screens * WINDOW["width"] * 0.9, along[1] * screens * WINDOW["height"] * 0.9)
    await page.mouse.wheel(*far)
    await asyncio.sleep(0.25)
    return await looked(browser)


async def hover(browser: Browser, element: str) -> Answer:
    """Move the pointer over an element."""
    page = (await browser.tab()).page
    await (await find(page, element)).hover(timeout=ACT_MS)
    return await looked(browser)


async def drag(browser: Browser, element: str, target: str) -> Answer:
    """Drag one element onto another."""
    page = (await browser.tab()).page
    await (await find(page, element)).drag_to(await find(page, target), timeout=ACT_MS)
    return await looked(browser)


async def select(browser: Browser, element: str, options: "list[str]") -> Answer:
    """Choose options of a list, by what they say or by their values."""
    page = (await browser.tab()).page
    found = await find(page, element)
    there = await found.evaluate("e => Array.from(e.options ?? [], o => [o.label, o.value])", timeout=ACT_MS)
    if not there:
        raise Fault("not_a_list", f"{element} is no list of options.", "Click it, and then the option.")
    values = [next((value for label, value in there if wanted in (label, value)), None) for wanted in options]
    missing = [wanted for wanted, value in zip(options, values, strict=True) if value is None]
    if missing:
        known = ", ".join(label for label, _ in there)[:500]
        raise Fault("option_not_found", f"There is no option {missing[0][:100]!r}.", f"There are: {known}.")
    await found.select_option(value=values, timeout=ACT_MS)
    return await looked(browser)


async def upload(browser: Browser, element: str, paths: "list[str]") -> Answer:
    """Give files of the workspace to a file field, or to what opens the choice of files."""
    page = (await browser.tab()).page
    files = [WORKSPACE / path for path in paths]
    for path, file in zip(paths, files, strict=True):
        if not file.is_file():
            raise Fault(
                "file_not_found", f"There is no file {path!r} in the workspace.", "list_files shows them."
            )
    found = await find(page, element)
    if await found.evaluate("e => e.tagName === 'INPUT' && e.type === 'file'", timeout=ACT_MS):
        await found.set_input_files(files, timeout=ACT_MS)
    else:
        try:
            async with page.expect_file_chooser(timeout=ACT_MS) as opened:
                await found.click(timeout=ACT_MS)
        except Error as error:
            if "Timeout" not in str(error):
                raise
            raise Fault(
                "no_file_field", f"{element} opened no choice of files.", "Find the file field."
            ) from None
        await (await opened.value).set_files(files, timeout=ACT_MS)
    return await looked(browser)
