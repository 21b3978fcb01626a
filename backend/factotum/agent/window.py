"""The context window of a model: how full it is, and how full it may become. Pure.

Two units of tokens: those that are counted here, and the model's own. `Meter` knows how they compare.
"""

from dataclasses import dataclass
from typing import Final

from factotum.llm.tokens import TokenCounter
from factotum.protocol.runs import ContextSize, Usage

FULL: Final = 0.8
"""The share of a window from which something must go."""

_GOAL: Final = 0.6
_SUMMARY_SHARE: Final = 0.05
_LEAST_SUMMARY, _LONGEST_SUMMARY = 200, 1_500
_LEARNT_FROM: Final = 500
_BELIEVABLE: Final = (0.5, 4.0)


class Meter:
    """How full a model's window of `window` tokens is. The model's own reports correct what is counted."""

    def __init__(self, counter: TokenCounter, window: int) -> None:
        self.window = window
        self._counter = counter
        self._ratio = counter.factor
        self._sent: int | None = None

    def count(self, text: str) -> int:
        """Count the tokens of a text."""
        return self._counter.count(text)

    def counted(self, tokens: float) -> int:
        """Return how many counted tokens so many of the model's are."""
        return int(tokens / self._ratio)

    def sends(self, counted: int | None) -> None:
        """Note the size of the request that is about to be sent; None: it was not counted."""
        self._sent = counted

    def overflowed(self) -> None:
        """Note that the last request was too long for the model, whatever was said of its window."""
        if self._sent is not None:
            self.window = min(self.window, int(self._sent * self._ratio))

    def told(self, usage: Usage) -> Usage:
        """Learn from what the model reports of the last request, and add how full the window is now."""
        sent = self._sent
        if sent is not None and sent >= _LEARNT_FROM:
            least, most = _BELIEVABLE
            ratio = usage.input_tokens / sent
            if least <= ratio <= most:
                self._ratio = ratio
        if usage.input_tokens:
            return self.filled(usage, usage.input_tokens + usage.output_tokens)
        return usage

    def filled(self, usage: Usage, tokens: int) -> Usage:
        """Return `usage` with so many of the model's tokens in the window."""
        return usage.model_copy(update={"context": ContextSize(tokens=tokens, window=self.window)})


@dataclass(frozen=True, slots=True)
class Bounds:
    """`full`: more than this does not stay; `goal`: so much may; `summary`: what a summary may take."""

    full: int
    goal: int
    summary: int


def bounds(size: int) -> Bounds:
    """Return the bounds in a window of `size` counted tokens."""
    summary = min(max(int(size * _SUMMARY_SHARE), _LEAST_SUMMARY), _LONGEST_SUMMARY)
    return Bounds(int(size * FULL), int(size * _GOAL), summary)
