"""What the bridge answers when it cannot do what it was asked: a code that the service knows."""


class Refusal(Exception):
    """A failure the caller is told about: a stable code, a message, and what to do."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
