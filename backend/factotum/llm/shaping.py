"""What of a request is for one provider: reasoning that is handed back, effort, marks for its cache. Pure.

Law: a model is given back its own signed reasoning, unchanged and in its place, and nobody else's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, cast

from factotum.llm.cache_marks import mark_messages, mark_tools, wants_key, wants_marks
from factotum.llm.port import ModelRequest
from factotum.llm.ready import ReadyMessage
from factotum.llm.thinking import DETAILS
from factotum.protocol.runs import Effort

_CLAUDE_HOSTS: Final = frozenset({"bedrock", "bedrock_converse", "vertex_ai", "azure_ai"})
_GEMINI_HOSTS: Final = frozenset({"gemini", "vertex_ai", "vertex_ai_beta"})
_TAKE_TEXT: Final = frozenset({"deepseek", "moonshot", "together_ai", "fireworks_ai", "hosted_vllm"})
"""Providers that want a model's unsigned reasoning back as `reasoning_content`; most refuse or waste it."""

_SMALLEST_WITH_EFFORT: Final = 4097
"""Claude's reasoning counts towards the bound of the answer; at effort `high` it takes up to 4,096 tokens."""

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shaped:
    """A request as one provider is to get it. Its messages are not to be changed: some are the caller's."""

    messages: Sequence[Fields]
    tools: list[Fields]
    effort: Effort | None
    cache_key: str | None


def shape(request: ModelRequest, provider: str, *, own_server: bool = False) -> Shaped:
    """Shape a request. `provider` is LiteLLM's; `own_server`: a server that only speaks its format."""
    model = request.model
    claude = _is_claude(provider, model)
    messages = _all_shaped(request.messages, provider, model, claude=claude)
    tools: list[Fields] = list(request.tools)
    if wants_marks(provider, model):
        copies = [dict(message) for message in messages]
        mark_messages(copies)
        messages = list[Fields](copies)
        tools = mark_tools(tools)
    effort = request.effort
    if claude and effort not in (None, "none") and not _may_reason(request):
        effort = None
    key = request.cache_key if wants_key(provider) and not own_server else None
    return Shaped(messages, tools, effort, key)


def _is_claude(provider: str, model: str) -> bool:
    return provider == "anthropic" or (provider in _CLAUDE_HOSTS and "claude" in model.lower())


def _all_shaped(messages: Iterable[Fields], provider: str, model: str, *, claude: bool) -> list[Fields]:
    """Return all messages for the provider. One that goes into many calls is shaped once."""
    key = (provider, model)
    found: list[Fields] = []
    for message in messages:
        if message["role"] != "assistant":
            found.append(message)
        elif not isinstance(message, ReadyMessage):
            found += _shaped(message, provider, model, claude=claude)
        else:
            known = message.variants()
            variant = known.get(key)
            if variant is None:
                shaped = _shaped(message, provider, model, claude=claude)
                variant = known[key] = [ReadyMessage(each) for each in shaped]
            found += variant
    return found


def _shaped(message: Fields, provider: str, model: str, *, claude: bool) -> Iterable[dict[str, Any]]:
    """Return one message for the provider: as one, or for Claude as several in a row, which become one."""
    shaped = dict(message)
    origin: Fields = shaped.pop("origin", None) or {}
    blocks: Sequence[Fields] = shaped.pop("thinking_blocks", None) or ()
    reasoning = shaped.pop("reasoning_content", None)
    writer = origin.get("model")
    if not isinstance(writer, str):
        return [shaped]
    if reasoning and provider in _TAKE_TEXT and writer.partition("/")[0] == model.partition("/")[0]:
        shaped["reasoning_content"] = reasoning
    if not blocks or writer != model:
        return [shaped]
    if provider in _GEMINI_HOSTS and not claude:
        return [_with_signatures(shaped, blocks)]
    details = [block["details"] for block in blocks if block.get("type") == DETAILS]
    if provider == "openrouter" and details:
        shaped["reasoning_details"] = [*chain.from_iterable(details)]
    blocks = [block for block in blocks if block.get("type") not in ("thought_signature", DETAILS)]
    if claude and (segments := origin.get("segments")):
        return _in_segments(shaped, blocks, segments)
    return [shaped | ({"thinking_blocks": list(blocks)} if blocks else {})]


def _in_segments(message: Fields, blocks: Sequence[Fields], segments: Sequence[Any]) -> list[dict[str, Any]]:
    """Split a message so that each block stands before what followed it.

    LiteLLM puts all blocks of a message first, then its text, then its calls; and joins messages in a row.
    """
    calls = list(message.get("tool_calls") or ())
    blocks = list(blocks)
    found: list[dict[str, Any]] = []
    for signed, text, called in cast("Sequence[tuple[int, str, int]]", segments):
        piece: dict[str, Any] = {"role": "assistant", "content": text if text.strip() else None}
        if signed:
            piece["thinking_blocks"], blocks = blocks[:signed], blocks[signed:]
        if called:
            piece["tool_calls"], calls = calls[:called], calls[called:]
        if len(piece) > 2 or piece["content"]:
            found.append(piece)
    return found


def _with_signatures(message: dict[str, Any], blocks: Sequence[Fields]) -> dict[str, Any]:
    """Put Gemini's signatures back on the calls that they came with."""
    signatures = {block.get("call"): block.get("signature") for block in blocks if "call" in block}
    calls: list[Fields] = list(message.get("tool_calls") or ())
    for number, call in enumerate(calls):
        if signature := signatures.get(number):
            calls[number] = {**call, "provider_specific_fields": {"thought_signature": signature}}
    return message | {"tool_calls": calls} if calls else message


def _may_reason(request: ModelRequest) -> bool:
    """Tell whether Claude may be asked to reason.

    It refuses to in the middle of a turn of calls that it did not begin with reasoning of its own, as after
    another model's steps; and where the bound of the answer has no room for it.
    """
    bound = request.max_output_tokens
    if bound is not None and bound < _SMALLEST_WITH_EFFORT:
        return False
    for message in reversed(request.messages):
        if message.get("role") == "user" and isinstance(message.get("content"), str):
            return True  # An image goes with the results that it follows: no turn begins with one.
        if message.get("role") == "assistant" and message.get("tool_calls"):
            origin = message.get("origin")
            if not isinstance(origin, Mapping) or origin.get("model") != request.model:
                return False
    return True
