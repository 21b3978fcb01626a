"""The two deadlines of a model call: to the first token, and from each token to the next."""

import asyncio

from factotum.llm.faults import ModelFault


class TokenClock:
    """Says how long the next chunk may take. Times are seconds.

    The first deadline runs from the making of the clock, over connecting, queueing and empty chunks alike.
    LiteLLM's own time-outs do not stop a stall in mid-stream, so this clock is put around every read.
    """

    def __init__(self, *, first_token: float, between_tokens: float) -> None:
        self._first_token = first_token
        self._between_tokens = between_tokens
        self._first_by = asyncio.get_running_loop().time() + first_token
        self._started = False

    @property
    def started(self) -> bool:
        """Whether a token was given."""
        return self._started

    def token(self) -> None:
        """Note that a token came: from now on the deadline between tokens holds."""
        self._started = True

    def next(self) -> asyncio.Timeout:
        """Return the timeout to read the next chunk under. It raises TimeoutError."""
        if self._started:
            return asyncio.timeout(self._between_tokens)
        return asyncio.timeout_at(self._first_by)

    def fault(self) -> ModelFault:
        """Return the fault to raise when the timeout has run out."""
        if self._started:
            return ModelFault(
                "stalled",
                f"The model went silent for {self._between_tokens:g} seconds in the middle of its answer.",
                hint="Try again, or raise FACTOTUM_BETWEEN_TOKENS_DEADLINE.",
                partial=True,
            )
        return ModelFault(
            "first_token_timeout",
            f"The model gave no first token within {self._first_token:g} seconds.",
            hint="Try again, choose a faster model, or raise FACTOTUM_FIRST_TOKEN_DEADLINE.",
        )
