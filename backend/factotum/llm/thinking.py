"""Signed thinking, gathered until a block is whole: providers want it handed back unchanged."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from pydantic import JsonValue

from factotum.llm.port import ReasoningChunk


class SignedThinking:
    """Gathers thinking blocks as LiteLLM writes them: in deltas, the signature in one of its own."""

    def __init__(self) -> None:
        self._thinking: list[str] = []
        self._signature: list[str] = []

    def take(self, blocks: Iterable[Mapping[str, Any]]) -> list[ReasoningChunk]:
        """Add the pieces of one delta and return the redacted blocks among them, which are always whole."""
        whole: list[ReasoningChunk] = []
        for block in blocks:
            if block.get("type") == "redacted_thinking":
                whole.append(ReasoningChunk("", cast("dict[str, JsonValue]", dict(block))))
                continue
            self._thinking.append(block.get("thinking") or "")
            if block.get("signature"):
                self._signature.append(block["signature"])
        return whole

    def end(self) -> list[ReasoningChunk]:
        """Return the block that is held, if it was signed: whatever is no signature ends it."""
        if not self._signature:
            return []
        block: dict[str, JsonValue] = {
            "type": "thinking",
            "thinking": "".join(self._thinking),
            "signature": "".join(self._signature),
        }
        self._thinking, self._signature = [], []
        return [ReasoningChunk("", block)]


DETAILS = "reasoning_details"
"""The type of a block that holds OpenRouter's details of one stretch of reasoning."""


class ReasoningDetails:
    """Gathers OpenRouter's `reasoning_details`, which are handed back as one list, in order and unchanged.

    Source: https://openrouter.ai/docs/use-cases/reasoning-tokens. They come in deltas: those of one index and
    type belong together, texts growing and the rest said once.
    """

    _GROW = ("text", "summary", "data")

    def __init__(self) -> None:
        self._details: list[dict[str, Any]] = []

    def take(self, details: Iterable[Mapping[str, Any]]) -> None:
        """Add those of one delta."""
        for detail in details:
            last = self._details[-1] if self._details else None
            if last is None or any(last.get(key) != detail.get(key) for key in ("index", "type")):
                self._details.append(dict(detail))
                continue
            for key, value in detail.items():
                if key in self._GROW and isinstance(value, str):
                    last[key] = (last.get(key) or "") + value
                elif value is not None:
                    last[key] = value

    def end(self) -> list[ReasoningChunk]:
        """Return what is held as one block: what is no detail ends it."""
        if not self._details:
            return []
        details, self._details = self._details, []
        return [ReasoningChunk("", {"type": DETAILS, "details": cast("JsonValue", details)})]
