"""An open stream of a model call as LiteLLM itself reads it: for every provider, at LiteLLM's own cost."""

from collections.abc import AsyncGenerator
from typing import Any

from factotum.llm.litellm_chunks import ChunkReader
from factotum.llm.port import ModelChunk
from factotum.protocol.runs import Usage


class LiteLLMStream:
    """Reads LiteLLM's wrapper. What it raises is LiteLLM's."""

    def __init__(self, wrapper: Any) -> None:
        self._wrapper: Any = wrapper
        self._reader = ChunkReader()

    @property
    def finish(self) -> str | None:
        """The provider's reason for the end. LiteLLM makes up a `stop` where none came: it is not taken."""
        found: str | None = self._wrapper.received_finish_reason or self._wrapper.intermittent_finish_reason
        return found

    @property
    def usage(self) -> Usage | None:
        """What the call used, with its cost, once it was said."""
        return self._reader.usage

    async def read(self) -> list[ModelChunk] | None:
        """Return the chunks of one read, which may be none, or None at the end."""
        raw = await anext(self._wrapper, None)
        return None if raw is None else self._reader.read(raw)

    def rest(self) -> list[ModelChunk]:
        """Return what was held back until the end."""
        return self._reader.close()

    async def aclose(self) -> None:
        """Close the connection. Anthropic's iterator has no close of its own: its lines are closed for it."""
        wrapper, self._wrapper = self._wrapper, None
        lines = getattr(wrapper.completion_stream, "streaming_response", None)
        await wrapper.aclose()
        if isinstance(lines, AsyncGenerator):
            await lines.aclose()
