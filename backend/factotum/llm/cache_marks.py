"""Marks for the providers whose prompt caches want them. Pure.

Source: https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching. At most four marks a request;
what stands up to a mark is written to the cache, and read by the next request that begins with the same.
OpenAI, DeepSeek, Gemini and others find the common prefix by themselves.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

_HOSTS: Final = frozenset({"bedrock", "bedrock_converse", "vertex_ai", "azure_ai", "openrouter"})
_TAKE_KEY: Final = frozenset({"openai", "azure"})
_MARK: Final = {"type": "ephemeral"}


def wants_marks(provider: str, model: str) -> bool:
    """Tell whether a model is Claude at a provider that takes marks. `provider` is LiteLLM's."""
    return provider == "anthropic" or (provider in _HOSTS and "claude" in model.lower())


def wants_key(provider: str) -> bool:
    """Tell whether a provider takes a key that brings requests that begin alike to one cache."""
    return provider in _TAKE_KEY


def mark_messages(messages: list[dict[str, Any]]) -> None:
    """Mark the system prompt, the end of this request and the end of the one before, in place.

    The end of the one before is what came before the model's last answer: this request reads there what that
    one wrote. The messages are the caller's own copies.
    """
    marked = [place for place, message in enumerate(messages) if message["role"] == "system"][:1]
    answers = [place for place, message in enumerate(messages) if message["role"] == "assistant"]
    ends = [_turn_start(messages, answers[-1])] if answers else []
    for end in (*ends, len(messages)):
        marked += _last_said(messages, end)
    for place in marked:
        content = messages[place].get("content")
        if isinstance(content, list):
            *before, last = cast("list[dict[str, Any]]", content)
            messages[place]["content"] = [*before, {**last, "cache_control": _MARK}]
        else:
            messages[place]["cache_control"] = _MARK


def mark_tools(tools: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Mark the last tool: another agent with the same tools and another prompt reads them from the cache."""
    return [*tools[:-1], {**tools[-1], "cache_control": _MARK}] if tools else []


def _turn_start(messages: Sequence[Mapping[str, Any]], place: int) -> int:
    """Return where the answer begins that `place` is in: one that was split is several messages in a row."""
    while place and messages[place - 1]["role"] == "assistant":
        place -= 1
    return place


def _last_said(messages: Sequence[Mapping[str, Any]], end: int) -> list[int]:
    """Return where the last message before `end` stands that a person or a tool wrote, if there is one."""
    return [n for n in range(end - 1, -1, -1) if messages[n]["role"] in ("user", "tool")][:1]
