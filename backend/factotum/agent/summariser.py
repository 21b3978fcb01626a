"""Asks the run's own model for the summary of its oldest turns. A summary that fails is none."""

import logging
from contextlib import aclosing
from dataclasses import dataclass

from factotum.agent.compaction import summary_request
from factotum.agent.config import ProcessorConfig
from factotum.llm.faults import ModelFault
from factotum.llm.port import (
    FallbackChunk,
    ModelGateway,
    ModelRequest,
    StopChunk,
    TextChunk,
    UsageChunk,
)
from factotum.protocol.runs import Usage

log = logging.getLogger(__name__)

_WORDS_A_TOKEN = 0.6
_THINKING = 2_000
_CHARACTERS_A_TOKEN = 8
"""More than any text has: what is longer was not bounded by its model."""


@dataclass(frozen=True, slots=True)
class Summarised:
    """A summary, None if there could be none, what it used, and the model that was asked in the end."""

    text: str | None
    usage: Usage
    model: str


class Summariser:
    """Makes summaries with one model."""

    def __init__(self, gateway: ModelGateway, model: str, config: ProcessorConfig) -> None:
        self._gateway = gateway
        self._model = model
        self._config = config

    def request(self, record: str, most_tokens: int) -> ModelRequest:
        """Return the request for the summary of a record; the model is asked for fewer than `most_tokens`."""
        return ModelRequest(
            model=self._model,
            messages=summary_request(record, int(most_tokens * _WORDS_A_TOKEN)),
            max_output_tokens=most_tokens + _THINKING,
            first_token_deadline=self._config.first_token_deadline,
            between_tokens_deadline=self._config.between_tokens_deadline,
            fallbacks=self._config.fallback_models,
        )

    async def summarise(self, request: ModelRequest, most_tokens: int) -> Summarised:
        """Return what the model answers, or one that the run falls back on.

        It is stopped when it writes far more than `most_tokens`.
        """
        written, room, usage = list[str](), most_tokens * _CHARACTERS_A_TOKEN, Usage()
        model = request.model
        try:
            async with aclosing(self._gateway.stream(request)) as chunks:
                async for chunk in chunks:
                    if isinstance(chunk, TextChunk):
                        written.append(chunk.text[:room])
                        room -= len(written[-1])
                    elif isinstance(chunk, UsageChunk):
                        usage = chunk.usage
                    elif isinstance(chunk, FallbackChunk):
                        model = chunk.model
                    elif isinstance(chunk, StopChunk) and chunk.reason == "content_filter":
                        written.clear()
        except ModelFault as fault:
            log.warning("the oldest turns could not be summarised: %s", fault.message)
            return Summarised(None, usage, model)
        text = "".join(written).encode(errors="replace").decode().strip()
        return Summarised(text or None, usage, model)
