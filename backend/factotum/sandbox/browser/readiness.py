"""Whether there can be a browser: the machine's Chromium, and Playwright in the agent's own Python."""

from pathlib import Path

CHROMIUM = (
    "/usr/lib/chromium/chromium",
    "/usr/lib64/chromium-browser/chromium-browser",
    "/usr/lib/chromium-browser/chromium-browser",
    "/usr/bin/chromium",
    "/usr/bin/google-chrome-stable",
)
"""Where systems keep it; the first that is there is used. All in /usr, which the sandbox sees."""


def chromium_program() -> str | None:
    """Return the machine's browser, or None."""
    return next((each for each in CHROMIUM if Path(each).is_file()), None)


def refusal(python_site: Path | None) -> str | None:
    """Say why a local sandbox can have no browser and what to do, or None when it can. Blocks briefly.

    `python_site` is the virtual environment whose packages the agent's Python sees.
    """
    if chromium_program() is None:
        return "Chromium was not found in /usr: install it, with `apt-get install chromium` for one."
    if python_site is None or not any(python_site.glob("lib/python3*/site-packages/playwright/driver/node")):
        return "The sandbox's Python has no Playwright: make it again with `make setup`."
    return None
