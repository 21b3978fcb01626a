"""Who has the browser: the agent, or a person for as long as they keep saying so.

While a person has it, nothing that the agent asks for is done. The service gives the person their token.
"""

import time

from .chrome import Browser
from .fault import Fault

INTERRUPTIBLE = frozenset(
    {"download", "extract", "go_to", "history", "look", "messages", "pdf", "screenshot", "tabs", "wait"}
)
"""What an agent's request may be ended in the middle of: it touches nothing that a person points at. Others
end by themselves within seconds, and Playwright would go on with them inside."""
MOST_NOTICES = 20


class Hold:
    """The person's hold of the browser: a token, and until when (monotonic seconds) it counts."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.token = ""
        self.seconds = 0.0
        self.since = 0.0
        self.until = 0.0

    def take(self, token: str, seconds: float) -> None:
        """Give the browser to the person with `token`; they lose it when they say nothing for `seconds`.

        Raises Fault (`browser_taken`).
        """
        self.lapse()
        if self.token not in ("", token):
            raise Fault("browser_taken", "Somebody else has the browser.")
        if not self.token:
            self.since = time.monotonic()
        self.token, self.seconds = token, seconds
        self.until = time.monotonic() + seconds
        self.browser.asks_person = True

    def admit(self, action: str, token: str) -> None:
        """Let a request in. Raises Fault: `browser_taken` for the agent, else `browser_not_taken`."""
        self.lapse()
        if action == "watch":
            return
        if token:
            if token != self.token:
                raise Fault("browser_not_taken", "The browser is not in your hands any more.")
            self.until = time.monotonic() + self.seconds
        elif self.token:
            raise Fault(
                "browser_taken",
                "The person has the browser at the moment; nothing was done.",
                "browser_hand_over waits until they hand it back. Do meanwhile what needs no browser.",
            )

    def release(self) -> float:
        """Give the browser back to the agent; return for how long (seconds) the person had it."""
        self.token = ""
        del self.browser.notices[:-MOST_NOTICES]
        self.browser.stop_asking()
        return time.monotonic() - self.since

    def tell(self, had: float, how: str) -> None:
        """Have the agent's next look tell of it; `how` ends the sentence. Empty: it is told otherwise."""
        if how:
            self.browser.notices.append(f"The person had the browser for {had:.0f} s, and {how}")

    def lapse(self) -> None:
        """Give the browser back if its person vanished."""
        if self.token and time.monotonic() > self.until:
            self.tell(self.release(), "left it as it is now.")
