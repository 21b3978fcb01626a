"""Pictures of the page while a request is done, for a person who watches: small, few, each new one once."""

# pyright: basic, reportMissingImports=false, reportOptionalMemberAccess=false
# Playwright is a package of the sandbox's Python, not of the service's.

import asyncio
import base64
import contextlib
import hashlib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from .chrome import WINDOW, Browser, Tab

WIDTH = 800
LARGEST_BYTES = 120_000
FIRST_SECONDS = 0.4
EVERY_SECONDS = 0.5
PICTURE_SECONDS = 1.5
QUALITIES = (50, 20)
TITLE = 200
ADDRESS = 2_000


@asynccontextmanager
async def shown(browser: Browser, show: Callable[[dict], None]) -> AsyncGenerator[None]:
    """Show the page while the block works, and once at its end."""
    camera = Camera(browser, show)
    task = asyncio.ensure_future(camera.roll())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
    await camera.take()


class Camera:
    """Takes pictures of the current tab."""

    def __init__(self, browser: Browser, show: Callable[[dict], None]) -> None:
        self.browser = browser
        self.show = show
        self.last = b""

    async def roll(self) -> None:
        """Take pictures until cancelled."""
        await asyncio.sleep(FIRST_SECONDS)
        while True:
            await self.take()
            await asyncio.sleep(EVERY_SECONDS)

    async def take(self) -> None:
        """Show the page as it is now; a page that cannot be pictured is not."""
        tab = self.browser.current
        if tab is None or tab.page.is_closed():
            return
        with contextlib.suppress(Exception):
            async with asyncio.timeout(PICTURE_SECONDS):
                jpeg = await picture(tab)
                title = await tab.page.title()
            mark = hashlib.sha256(base64.b64encode(jpeg) + tab.page.url.encode()).digest()
            if jpeg and mark != self.last:
                self.last = mark
                self.show(
                    {
                        "jpeg": base64.b64encode(jpeg).decode(),
                        "address": tab.page.url[:ADDRESS],
                        "title": title[:TITLE],
                    }
                )


async def picture(tab: Tab, width: int = WIDTH, qualities: "tuple[int, ...]" = QUALITIES) -> bytes:
    """Return what the window shows as a JPEG of `width` pixels, or nothing when it is too large."""
    if tab.camera is None:
        tab.camera = await tab.page.context.new_cdp_session(tab.page)
    place = (await tab.camera.send("Page.getLayoutMetrics"))["cssVisualViewport"]
    clip = {"x": place["pageX"], "y": place["pageY"], **WINDOW, "scale": width / WINDOW["width"]}
    for quality in qualities:
        taken = await tab.camera.send(
            "Page.captureScreenshot",
            {"format": "jpeg", "quality": quality, "clip": clip, "optimizeForSpeed": True},
        )
        jpeg = base64.b64decode(taken["data"])
        if len(jpeg) <= LARGEST_BYTES:
            return jpeg
    return b""
