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
