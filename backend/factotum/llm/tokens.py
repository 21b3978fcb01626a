"""Counts the tokens of a text, offline: with the provider's tokenizer where there is one, else an estimate.

OpenAI's tokenizers are tiktoken's; their vocabularies ship inside LiteLLM, which is not imported for it. No
other provider gives its tokenizer away for offline use, so its models are counted with OpenAI's newest, times
a factor on the safe side. The caller sets the factor right from what the provider reports (agent/window.py).
"""

import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from tiktoken import Encoding

_FILES: Final = {
    "o200k_base": "fb374d419588a4632f3f557e76b4b70aebbca790",
    "cl100k_base": "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
}
"""The vocabularies by encoding, named as tiktoken names them in its cache."""

_OLD: Final = ("gpt-4-", "gpt-3.5", "gpt-35")
_NEW: Final = ("gpt-", "chatgpt-", "o1", "o3", "o4", "codex-", "computer-use-")

_OTHERS_FACTOR: Final = 1.3
"""Other tokenizers make up to a third more tokens of English and code than o200k does."""

_BYTES_A_TOKEN: Final = 3
_PIECE: Final = 100_000
"""Characters counted at once: the tokenizer's memory follows the longest text."""


class TokenCounter(Protocol):
    """Counts for one model. `factor`: tokens of the model in one that is counted, before it has reported."""

    @property
    def factor(self) -> float:
        """1.0 where the counting is exact."""
        ...

    def count(self, text: str) -> int:
        """Return how many tokens `text` has. The first call in a process may block for a second."""
        ...


class BpeCounter:
    """Counts with one of OpenAI's vocabularies; without its file, a third of the bytes."""

    def __init__(self, encoding: str, factor: float = 1.0) -> None:
        self._name = encoding
        self._factor = factor

    @property
    def factor(self) -> float:
        """Tokens of the model in one that is counted."""
        return self._factor

    def count(self, text: str) -> int:
        """Return how many tokens `text` has."""
        encoding = _encoding(self._name)
        if encoding is None:
            return -(-len(text.encode(errors="replace")) // _BYTES_A_TOKEN)
        pieces = (text[start : start + _PIECE] for start in range(0, len(text), _PIECE))
        return sum(len(encoding.encode_ordinary(piece)) for piece in pieces)


@cache
def _exact(encoding: str) -> BpeCounter:
    return BpeCounter(encoding)


_ESTIMATE: Final = BpeCounter("o200k_base", _OTHERS_FACTOR)


def counter_for(model: str) -> TokenCounter:
    """Return the counter for a model's name, with or without its provider. Loads nothing yet."""
    name = model.rpartition("/")[2].lower()
    if name == "gpt-4" or name.startswith(_OLD):
        return _exact("cl100k_base")
    return _exact("o200k_base") if name.startswith(_NEW) else _ESTIMATE


@cache
def _encoding(name: str) -> "Encoding | None":
    """Load a vocabulary: about half a second and 80 MB for o200k_base, once a process."""
    spec = find_spec("litellm")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "litellm_core_utils" / "tokenizers"
    if not (folder / _FILES[name]).is_file():
        return None
    import tiktoken

    # tiktoken would download what it does not find here; LiteLLM sets this variable to the same folder.
    os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)
    return tiktoken.get_encoding(name)
