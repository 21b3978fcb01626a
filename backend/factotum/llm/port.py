"""The gateway port: what the agent asks of a model, and the chunks that come back.

Messages are OpenAI chat messages (the form LiteLLM takes), already serialised once by the caller. What an
assistant's message holds besides is for its own model alone, and the gateway sends it to no other:
`thinking_blocks` (signed, as `ReasoningChunk.signed` gave them), `reasoning_content`, and `origin`, which is
never sent: `model` wrote the message, and `segments` tell where its blocks stand, if not all before the text:
a list of [how many blocks, the text after them, how many calls after that].
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pydantic import JsonValue

from factotum.protocol.runs import Effort, Usage

StopReason = Literal["stop", "tool_calls", "length", "content_filter"]
"""Why the provider ended the message, in one vocabulary for all providers."""


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One call of a model. Deadlines are seconds; `tools` are OpenAI function tools, empty in XML.

    `fallbacks` are tried in order when `model` cannot be used, before the first token only. `effort` None: as
    the model does by itself. `cache_key` is the same for requests that begin alike, as those of a thread.
    """

    model: str
    messages: Sequence[Mapping[str, JsonValue]]
    tools: Sequence[Mapping[str, JsonValue]] = ()
    max_output_tokens: int | None = None
    first_token_deadline: float = 90.0
    between_tokens_deadline: float = 45.0
    stop: Sequence[str] = ()
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    fallbacks: Sequence[str] = ()
    effort: Effort | None = None
    cache_key: str | None = None


@dataclass(frozen=True, slots=True)
class FallbackChunk:
    """Another model than the request's answers. At most one a call, before all others."""

    model: str
    reason: str


@dataclass(frozen=True, slots=True)
class TextChunk:
    """Prose, never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningChunk:
    """Reasoning; `signed` is the provider's own block when it is whole, to be handed back unchanged."""

    text: str
    signed: dict[str, JsonValue] | None = None


@dataclass(frozen=True, slots=True)
class ToolCallChunk:
    """A piece of a native call. Id and name may come late or only once; `arguments` is a JSON fragment."""

    index: int
    call_id: str | None
    name: str | None
    arguments: str


@dataclass(frozen=True, slots=True)
class UsageChunk:
    """What the call used. At most one a call, after the last text."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class StopChunk:
    """The provider's end of the message. Without one the stream was broken, and the gateway raises."""

    reason: StopReason


ModelChunk = FallbackChunk | TextChunk | ReasoningChunk | ToolCallChunk | UsageChunk | StopChunk


class ModelGateway(Protocol):
    """Streams one model call."""

    def stream(self, request: ModelRequest) -> AsyncGenerator[ModelChunk]:
        """Yield the chunks of one call, in the provider's order; of a fallback where the model is away.

        Closing the iterator (or cancelling its task) closes the connection before it returns.
        Raises `ModelFault` (llm/faults.py) with a kind; `fault.partial`: chunks were already given.
        """
        ...
