"""A failure that the model can read and mend; its code is one that the service knows."""


class Fault(Exception):
    """What went wrong, by a stable code, in words, and what to do."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


def hangs() -> Fault:
    """Return the fault for a page that does not answer."""
    return Fault(
        "page_hangs",
        "The page does not answer: it is too large, or its script never ends.",
        "Open another address (browser_go_to), or close the tab (browser_tabs).",
    )
