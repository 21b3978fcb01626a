"""A connection on which no answer is waited for without end: a server can hang without dying.

`statement_timeout` is the server's own, and a server that is stopped, or whose disk is frozen, keeps none.
"""

import math
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final, TypeVar

import psycopg
from psycopg import AsyncConnection, Notify
from psycopg.abc import PQGen
from psycopg.errors import (
    _WaitTimeout,  # pyright: ignore[reportPrivateUsage] - `AsyncConnection.wait` is documented to raise it
)
from psycopg.pq import TransactionStatus
from psycopg.rows import Row

T = TypeVar("T")

CONNECT_SECONDS: Final = 5
NOTICING: Final[Mapping[str, Any]] = {
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
"""How soon a server is given up that went without a word: 10 seconds after something was sent to it, else 25.

By itself a system waits for a quarter of an hour. Over a Unix socket they mean nothing.
"""
RECONNECT_SECONDS: Final = 10.0
"""How long a pool tries by itself to replace a connection; whoever asks then for one has it tried at once.

A pool waits longer after each try, up to minutes: too long once the server is back.
"""
_LOOK_SECONDS = 0.1
_CANCEL_SECONDS = 2.0


class NoAnswer(psycopg.OperationalError):
    """The server did not answer in time; the connection is closed."""


class PromptConnection(AsyncConnection[Row]):
    """Closes itself when an answer takes longer than its seconds, and raises NoAnswer.

    What it began is rolled back when the server sees that, unless it was COMMIT: then nobody knows.
    """

    begin_seconds: float = 18.0
    """For what is said outside of a transaction, as BEGIN is."""
    answer_seconds: float = 18.0
    """For anything inside of one; longer than `statement_timeout`, which is the better end."""

    async def wait(self, gen: PQGen[T], interval: float = _LOOK_SECONDS, timeout: float | None = None) -> T:
        """Wait for what all statements are: psycopg leads each of them through here."""
        if timeout is not None:
            return await super().wait(gen, interval, timeout)
        outside = self.pgconn.transaction_status == TransactionStatus.IDLE
        seconds = self.begin_seconds if outside else self.answer_seconds
        try:
            return await super().wait(gen, interval, seconds)
        except _WaitTimeout:
            self.pgconn.finish()
            raise NoAnswer(f"The server did not answer within {seconds:g} seconds.") from None

    def notifies(
        self, *, timeout: float | None = None, stop_after: int | None = None
    ) -> AsyncGenerator[Notify]:
        """Listen as long as it takes: no answer is due."""
        return super().notifies(timeout=math.inf if timeout is None else timeout, stop_after=stop_after)

    async def _try_cancel(self, *, timeout: float = _CANCEL_SECONDS) -> None:
        """Have the server end the statement of a task that was cancelled.

        One that does not even hear this hangs: psycopg would go on to wait for the statement's end.
        """
        try:
            await self.cancel_safe(timeout=min(timeout, _CANCEL_SECONDS))
        except psycopg.Error:
            self.pgconn.finish()
