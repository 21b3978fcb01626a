"""What a model wrote of one answer, word for word, in however many pieces its limit of length let it."""

from factotum.llm.port import ReasoningChunk, TextChunk
from factotum.parsing.assembler import AssembledPart, AssembledText, Assembler

_MOST_CHUNKS = 200
"""Chunks that are kept as they came: enough that joining them costs nothing, and few enough to keep."""


class Heard:
    """Collects text and reasoning. Memory is that of the text, and of a bounded number of chunks."""

    def __init__(self) -> None:
        self._written = Assembler()
        self._chunks: list[TextChunk | ReasoningChunk] = []
        self.has_more = False
        """Something came since the last cut."""
        self._has_more_text = False

    def add(self, chunk: TextChunk | ReasoningChunk) -> None:
        """Take what came."""
        self.has_more = True
        self._chunks.append(chunk)
        if len(self._chunks) >= _MOST_CHUNKS:
            self._settle()

    def cut(self) -> None:
        """The limit of length cut the answer here."""
        self._settle()
        self._written.cut()
        self.has_more = self._has_more_text = False

    @property
    def has_more_text(self) -> bool:
        """Text came since the last cut."""
        self._settle()
        return self._has_more_text

    @property
    def parts(self) -> tuple[AssembledPart, ...]:
        """All of it, in order; text that was cut says so."""
        self._settle()
        return self._written.parts

    @property
    def text(self) -> str:
        """All the text."""
        return "".join(part.text for part in self.parts if isinstance(part, AssembledText))

    def _settle(self) -> None:
        for chunk in self._chunks:
            if isinstance(chunk, TextChunk):
                self._has_more_text = True
                self._written.text(readable(chunk.text))
            else:
                self._written.reasoning(readable(chunk.text), chunk.signed)
        self._chunks.clear()


def readable(text: str) -> str:
    """Return `text` without the halves of surrogate pairs: no event and no column can hold them."""
    return text if text.isascii() else text.encode(errors="replace").decode()
