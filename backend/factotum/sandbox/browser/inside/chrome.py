"""The one browser: started when it is first needed, started again when it ended, at most MOST_TABS tabs."""

# pyright: basic, reportMissingImports=false, reportOptionalMemberAccess=false
# Playwright is a package of the sandbox's Python, not of the service's.

import asyncio
import contextlib
import os
import re
from collections import deque

from playwright.async_api import Error, Page, async_playwright
from playwright.async_api import TimeoutError as Late

from .downloads import Downloads
from .fault import Fault, hangs
from .trusting import environment

MOST_TABS = 6
MOST_MESSAGES = 100
WINDOW = {"width": 1280, "height": 800}
FLAGS = (
    # The sandbox has no GPU; what a browser does of its own accord on the network it need not do here.
    *("--disable-gpu", "--disable-quic", "--disable-sync", "--disable-background-networking"),
    *(
        "--disable-component-update",
        "--no-first-run",
        "--renderer-process-limit=4",
        "--disk-cache-size=50000000",
    ),
    "--disable-features=Translate,MediaRouter,OptimizationHints,DialMediaRouteProvider",
)


class Tab:
    """One page, what it said, and the session that takes its pictures."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.messages: deque[str] = deque(maxlen=MOST_MESSAGES)
        self.camera = None
        self.pressed: set[str] = set()


class Browser:
    """Chromium with its tabs, in the order they were opened; `current` is the one that is worked in."""

    def __init__(self, program: str) -> None:
        self.program = program
        self.playwright = None
        self.chromium = None
        self.context = None
        self.tabs: list[Tab] = []
        self.current: Tab | None = None
        self.notices: list[str] = []
        self.accept_next: tuple[bool, str] | None = None
        self.asks_person = False
        self.dialog = None
        self.dialog_came = asyncio.Event()
        self.downloads = Downloads()
        self.proxy_flags = proxy_flags(os.environ.get("https_proxy", ""))
        self.started_before = False
        self.environment: dict[str, str] | None = None
        self.aside: set[asyncio.Task[None]] = set()

    async def tab(self) -> Tab:
        """Return the current tab; start the browser, or open one, if need be."""
        await self.start()
        if self.current is None:
            await self.open()
        assert self.current is not None
        return self.current

    async def start(self) -> None:
        """Start the browser unless it runs."""
        if self.chromium is not None and self.chromium.is_connected():
            return
        if self.started_before:
            self.notices.append("The browser had ended and is a new one: tabs and sign-ins are gone.")
        self.forget_all()
        try:
            self.chromium = await self.launch()
        except Error:
            if self.playwright is None:
                raise
            await self.close()  # its own program may have been killed with the browser
            self.chromium = await self.launch()
        self.context = await self.chromium.new_context(viewport=WINDOW, locale="en-US", accept_downloads=True)
        self.context.set_default_timeout(10_000)
        self.context.on("page", self.adopt)
        self.started_before = True

    async def launch(self):
        """Start Chromium."""
        fresh = self.playwright is None
        if fresh:
            self.playwright = await async_playwright().start()
        if self.environment is None:
            self.environment = await asyncio.to_thread(environment)
        try:
            return await self.playwright.chromium.launch(
                executable_path=self.program,
                # Chromium's own sandbox needs namespaces, which nothing in here may make.
                chromium_sandbox=False,
                args=[*FLAGS, *self.proxy_flags],
                env=self.environment,
                downloads_path=str(self.downloads.incoming()),
                timeout=30_000,
            )
        except Error:
            if fresh:
                await self.close()
            raise

    async def open(self) -> Tab:
        """Open an empty tab and make it the current one."""
        await self.start()
        if len(self.tabs) >= MOST_TABS:
            raise Fault("too_many_tabs", f"{MOST_TABS} tabs are open, as many as may be.", "Close one first.")
        page = await self.context.new_page()
        self.current = next(tab for tab in self.tabs if tab.page is page)
        return self.current

    def adopt(self, page: Page) -> None:
        """Take in a page that was opened, by us or by another page."""
        if len(self.tabs) >= MOST_TABS:
            self.notices.append(f"The page wanted another tab; it was closed, since {MOST_TABS} are open.")
            self.later(page.close())
            return
        tab = Tab(page)
        self.tabs.append(tab)
        if len(self.tabs) > 1:
            self.notices.append(f"A new tab was opened: tab {len(self.tabs)}.")
        self.current = tab
        page.on("close", lambda _: self.forget(tab))
        page.on("crash", lambda _: self.crashed(tab))
        page.on("dialog", lambda dialog: self.later(self.answer(dialog)))
        page.on("download", lambda download: self.downloads.begin(download))
        page.on("console", lambda said: note(tab, said.type, said.text))
        page.on("pageerror", lambda error: note(tab, "uncaught", str(error)))
        page.on(
            "requestfailed",
            lambda request: note(tab, "failed", f"{request.method} {request.url} {request.failure}"),
        )
        page.on(
            "response",
            lambda got: got.status >= 400 and note(tab, str(got.status), f"{got.request.method} {got.url}"),
        )

    def later(self, work) -> None:
        """Do something beside the action that is under way."""
        task = asyncio.ensure_future(quietly(work))
        self.aside.add(task)
        task.add_done_callback(self.aside.discard)

    def forget(self, tab: Tab) -> None:
        """Take out a tab that was closed."""
        if tab in self.tabs:
            self.tabs.remove(tab)
        if self.current is tab:
            self.current = self.tabs[-1] if self.tabs else None

    def crashed(self, tab: Tab) -> None:
        """Close a tab whose page crashed."""
        self.notices.append("The page crashed, and its tab was closed.")
        self.later(tab.page.close())
        self.forget(tab)

    async def answer(self, dialog) -> None:
        """Answer a dialog at once, else the page stands still: as was asked for, else the careful way.

        A person who has the browser answers it themselves.
        """
        if self.asks_person and self.dialog is None:
            self.dialog = dialog
            self.dialog_came.set()
            return
        accept, text = self.accept_next or (dialog.type in ("alert", "beforeunload"), "")
        self.accept_next = None
        what = "accepted" if accept else "dismissed"
        more = (
            "" if dialog.type == "alert" else "; browser_dialog says beforehand how the next one is answered"
        )
        self.notices.append(
            f"The page showed a dialog ({dialog.type}): {dialog.message[:500]!r}. It was {what}{more}."
        )
        if accept:
            await dialog.accept(text or dialog.default_value or "")
        else:
            await dialog.dismiss()

    def stop_asking(self) -> None:
        """Ask no person any more, and answer what is open."""
        self.asks_person = False
        dialog, self.dialog = self.dialog, None
        self.dialog_came.clear()
        if dialog is not None:
            self.later(self.answer(dialog))

    async def explain(self, error: Exception) -> Fault:
        """Say in our words what Playwright could not do."""
        text = str(error)
        if not await self.lives("closed" in text):
            await self.close()  # what is left of it would fail every later call
            return Fault("browser_ended", "The browser ended.", "The next call starts a new one.")
        for code, sign, message, hint in KNOWN:
            if re.search(sign, text):
                return Fault(code, message, hint)
        if isinstance(error, Late) and self.current is not None and not await answers(self.current.page):
            return hangs()
        first = text.split("\nCall log:")[0].strip().replace("\n", " ")
        code = "browser_timeout" if isinstance(error, Late) else "browser_failed"
        return Fault(
            code, first[:500] or type(error).__name__, "Look at the page (browser_look) and try another way."
        )

    async def lives(self, surely: bool) -> bool:
        """Tell whether the browser is there; `surely`: ask it, since Playwright's own program may be gone."""
        if self.chromium is None or not self.chromium.is_connected():
            return False
        if surely:
            try:
                async with asyncio.timeout(5):
                    await (await self.chromium.new_browser_cdp_session()).detach()
            except (TimeoutError, Error):
                return False
        return True

    def forget_all(self) -> None:
        """Forget tabs and downloads of a browser that ended."""
        self.downloads.stop()
        self.tabs.clear()
        self.current = self.context = None

    async def close(self) -> None:
        """End the browser; nothing of it is left."""
        self.forget_all()
        chromium, playwright = self.chromium, self.playwright
        self.chromium = self.playwright = None
        if chromium is not None and chromium.is_connected():
            await quietly(chromium.close())
        if playwright is not None:
            await quietly(playwright.stop())


KNOWN = (
    (
        "element_covered",
        "intercepts pointer events",
        "Something else lies over this element and takes the click.",
        "Close what covers it (a banner or a dialog), or scroll; browser_screenshot shows it.",
    ),
    (
        "element_not_ready",
        "not (visible|enabled|editable|stable)|outside of the viewport",
        "The element is hidden, disabled or not one for this.",
        "Look again (browser_look); something may have to be opened or filled in first.",
    ),
    (
        "no_network",
        "ERR_INTERNET_DISCONNECTED|ERR_PROXY_CONNECTION_FAILED|ERR_TUNNEL_CONNECTION_FAILED",
        "The sandbox has no way to this address: its network is off, or does not allow the host.",
        "Go on without it, or ask the person to allow it.",
    ),
    (
        "address_failed",
        "net::ERR_(NAME_NOT_RESOLVED|CONNECTION|ADDRESS|TIMED_OUT|EMPTY_RESPONSE|SSL|CERT|INVALID|FILE_NOT_FOUND)",
        "The address could not be opened.",
        "Check it; browser_messages shows the network's errors. A server inside must run in a shell session.",
    ),
    (
        "page_moved",
        "Execution context was destroyed|frame was detached|interrupted by another navigation|ERR_ABORTED",
        "The page went elsewhere meanwhile.",
        "Look at where it is now (browser_look).",
    ),
    (
        "tab_closed",
        "Target (page, context or browser has been )?closed|Target crashed|Page crashed",
        "The tab was closed, or its page crashed.",
        "Look at what is open (browser_tabs).",
    ),
)


def proxy_flags(address: str) -> list[str]:
    """Return how the browser reaches the network by a proxy that wants no token; nothing: by itself."""
    # What runs in the sandbox itself (localhost) is reached directly, as Chromium does by itself.
    return [f"--proxy-server={address}"] if address and "@" not in address else []


def note(tab: Tab, kind: str, text: str) -> None:
    """Keep what a page said."""
    tab.messages.append(f"[{kind}] {text[:500]}")


async def answers(page: Page) -> bool:
    """Tell whether a page's script runs."""
    try:
        async with asyncio.timeout(2):
            await page.evaluate("1")
            return True
    except (TimeoutError, Error):
        return False


async def quietly(work) -> None:
    """Wait for something that may fail because its page is gone."""
    with contextlib.suppress(Error, TimeoutError):
        async with asyncio.timeout(5):
            await work
