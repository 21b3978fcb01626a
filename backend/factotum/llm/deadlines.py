"""The two deadlines of a model call: to the first token, and from each token to the next."""

import asyncio
from types import TracebackType
from typing import Any

from factotum.llm.faults import ModelFault


class TokenClock:
    """Says how long the next chunk may take. Times are seconds.

    The first deadline runs from the making of the clock, over connecting, queueing and empty chunks alike.
    LiteLLM's own time-outs do not stop a stall in mid-stream, so every read is awaited in `with clock:`,
    which raises TimeoutError as `asyncio.timeout` does. The difference: one timer serves all reads of a
    stream and is set anew only when it goes off: a deadline is moved thousands of times and seldom reached.
    """

    def __init__(self, *, first_token: float, between_tokens: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._first_token = first_token
        self._between_tokens = between_tokens
        self._due = self._loop.time() + first_token
        self._timer: asyncio.TimerHandle | None = None
        self._reader: asyncio.Task[Any] | None = None
        self._cancelling = 0
        self._fired = False
        self.started = False
        """Whether a token was given."""
        self.expired = False
        """Whether a deadline has passed."""

    def token(self) -> None:
        """Note that a token came: from now on the deadline between tokens holds."""
        self.started = True

    def close(self) -> None:
        """Let the timer go."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def __enter__(self) -> None:
        """Begin to read."""
        reader = asyncio.current_task()
        if reader is None:
            raise RuntimeError("A clock is used inside a task.")
        self._reader, self._cancelling = reader, reader.cancelling()
        if self.started:
            self._due = self._loop.time() + self._between_tokens
        if self._timer is None or self._timer.when() > self._due:
            self._set()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End to read. Raises TimeoutError in place of the cancellation that this clock has asked for."""
        reader, self._reader = self._reader, None
        if not self._fired or reader is None:
            return
        self._fired = False
        if reader.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def _set(self) -> None:
        self.close()
        self._timer = self._loop.call_at(self._due, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._reader is None:
            return
        if self._loop.time() < self._due:
            self._set()
        else:
            self.expired = self._fired = True
            self._reader.cancel()

    def fault(self) -> ModelFault:
        """Return the fault to raise when the timeout has run out."""
        if self.started:
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
