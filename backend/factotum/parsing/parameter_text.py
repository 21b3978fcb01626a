"""The text of one XML parameter as it arrives: one rule for newlines, and decoding where the tool declares
it.

The rule: one newline directly after the opening tag and one directly before the closing tag belong to the
markup and are dropped; everything else is the argument. `render` writes its exact inverse.
"""

from io import StringIO

from factotum.parsing.entities import cut_reference, decode


class ParameterText:
    """Takes the source between the tags piece by piece and gives back the text of the argument.

    Holds back a newline that may turn out to be the last, and a reference that is cut.
    """

    __slots__ = ("_decoded", "_held", "_parts", "_started")

    def __init__(self, *, decoded: bool) -> None:
        """`decoded`: entities are decoded (CDATA sections come through `verbatim`)."""
        self._decoded = decoded
        self._held = ""
        self._parts = StringIO()
        self._started = False

    def add(self, source: str) -> str:
        """Take more source, never empty; return the text that is certain now, perhaps empty."""
        if not self._started:
            self._started = True
            source = source.removeprefix("\n")
        if self._held:
            source = self._held + source
        end = len(source) - 1 if source.endswith("\n") else len(source)
        if self._decoded and end == len(source):
            end = cut_reference(source)
        self._held = source[end:]
        return self._keep(decode(source[:end]) if self._decoded else source[:end])

    def verbatim(self, text: str) -> str:
        """Take the inside of a CDATA section, perhaps empty: what was held before it is text."""
        self._started = True
        held, self._held = self._held, ""
        return self._keep(held + text)

    def end(self) -> str:
        """The closing tag was read: return the last of the text, perhaps empty."""
        return self._keep(self._held.removesuffix("\n"))

    @property
    def value(self) -> str:
        """The argument so far; whole after `end`."""
        return self._parts.getvalue()

    def _keep(self, text: str) -> str:
        if text:
            self._parts.write(text)
        return text
