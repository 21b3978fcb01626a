"""Chromium's part of bench/page.py, in the environment that has Playwright: prints a JSON object.

`python page_browser.py ADDRESS TOKEN THREAD`. The thread has 10,000 messages, "N is a number.".
"""

import json
import shutil
import sys

from playwright.sync_api import CDPSession, Page, sync_playwright

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
_SECONDS = 10
_FRAMES = """seconds => new Promise(resolve => {
    const gaps = []
    let last = performance.now()
    const end = last + seconds * 1000
    requestAnimationFrame(function frame(now) {
        gaps.push(now - last)
        last = now
        if (now < end) requestAnimationFrame(frame)
        else resolve(gaps)
    })
})"""


def main() -> None:
    """Open the thread, have an answer written in it, and print what that took."""
    address, token, thread = sys.argv[1:]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.add_init_script(f"localStorage.setItem('factotum.token', {json.dumps(token)})")
        cdp = page.context.new_cdp_session(page)
        cdp.send("Performance.enable")
        page.goto(f"{address}/")
        page.locator("[data-composer]").wait_for()
        page.wait_for_timeout(2_000)
        start = _busy(cdp)
        page.evaluate("path => history.pushState({}, '', path)", f"/t/{thread}")
        log = page.get_by_role("log")
        log.get_by_text("9999 is a number").first.wait_for()
        page.wait_for_timeout(2_000)
        opened = {"start_page_cpu_s": start, "open_cpu_s": _busy(cdp) - start, "nodes": _nodes(page)}
        page.locator("[data-composer]").fill("Go on.")
        page.keyboard.press("Enter")
        log.get_by_text("0000").last.wait_for()  # a piece of text is the time at which it was sent
        page.wait_for_timeout(1_000)
        before, shown = _busy(cdp), len(log.inner_text())
        gaps = sorted(page.evaluate(_FRAMES, _SECONDS))
        figures = {
            **opened,
            "characters_came": len(log.inner_text()) - shown,
            "stream_cpu_share": (_busy(cdp) - before) / _SECONDS,
            "frames_a_second": len(gaps) / _SECONDS,
            "gap_p99_ms": gaps[len(gaps) * 99 // 100],
            "gap_most_ms": gaps[-1],
            "nodes_while_streaming": _nodes(page),
        }
        browser.close()
    print(json.dumps(figures))


def _busy(cdp: CDPSession) -> float:
    """Return the seconds that the page's main thread has worked."""
    metrics = cdp.send("Performance.getMetrics")["metrics"]
    return next(float(metric["value"]) for metric in metrics if metric["name"] == "TaskDuration")


def _nodes(page: Page) -> int:
    return int(page.evaluate("document.body.querySelectorAll('*').length"))


if __name__ == "__main__":
    main()
