"""Finds the end of one JSON object in text that arrives in pieces, without reading anything twice.

It follows only strings and brackets; whether the object is valid JSON is for `json.loads`, once, at its end.
"""

import re
from io import StringIO

DEEPEST = 200
"""The most brackets that may be open at once: far above any arguments, far below the decoder's stack."""

BLANK = " \t\r\n"
"""White space, as JSON has it."""

_IN_STRING = re.compile(r'[^"\\]*+')
_OUTSIDE = re.compile(r'[^"{}\[\]]*+')


class JsonObject:
    """Reads text up to the bracket that closes the object, and keeps it."""

    __slots__ = ("_depth", "_escaped", "_in_string", "_pieces", "complete", "is_object", "too_deep")

    def __init__(self) -> None:
        """Start with nothing."""
        self.complete = False
        self.too_deep = False
        self.is_object: bool | None = None
        """None while there is only white space, else whether the text begins as an object."""
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self._pieces = StringIO()

    @property
    def text(self) -> str:
        """What was read, to the end of the object."""
        return self._pieces.getvalue()

    def forget(self) -> None:
        """Let go of what was read: it is not needed any more."""
        self._pieces = StringIO()

    def read(self, text: str) -> int:
        """Take text; return how much of it belongs to the object: all of it unless the object ends in it."""
        if self.is_object is None:
            first = text.lstrip(BLANK)[:1]
            self.is_object = first == "{" if first else None
        end = self._scan(text) if self.is_object else len(text)
        self._pieces.write(text[:end])
        return end

    def _scan(self, text: str) -> int:
        at = 0
        while at < len(text):
            at = self._string(text, at) if self._in_string else self._structure(text, at)
            if self.complete:
                break
        return at

    def _string(self, text: str, at: int) -> int:
        if self._escaped:
            self._escaped = False
            return at + 1
        match = _IN_STRING.match(text, at)
        at = match.end() if match else at
        if at == len(text):
            return at
        self._escaped = text[at] == "\\"
        self._in_string = self._escaped
        return at + 1

    def _structure(self, text: str, at: int) -> int:
        match = _OUTSIDE.match(text, at)
        at = match.end() if match else at
        if at == len(text):
            return at
        character = text[at]
        if character == '"':
            self._in_string = True
        elif character in "{[":
            self._depth += 1
            self.too_deep = self.too_deep or self._depth > DEEPEST
        else:
            self._depth -= 1
            self.complete = self._depth == 0
        return at + 1
