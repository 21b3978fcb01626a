"""Connections to Redis or Valkey: a bounded pool for commands, and links that own one connection outright.

Law: nothing here waits without a deadline, except a link that listens, and that one is watched by its owner.
"""

import asyncio
import math
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, cast

from redis.asyncio import BlockingConnectionPool
from redis.asyncio import Redis as Client
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from factotum.core.errors import Unavailable

Command = Sequence[str | bytes | int]
"""One command and its arguments, as they go over the wire."""


def unavailable(error: BaseException) -> Unavailable:
    """Make the error that callers see when Redis does not answer."""
    return Unavailable(
        f"Redis cannot be reached ({type(error).__name__}).",
        hint="Check that Redis or Valkey is running and that REDIS_URL is right; runs go on without it.",
        code="redis_unavailable",
    )


@contextmanager
def redis_errors() -> Generator[None]:
    """Turn what redis-py and the socket raise into Unavailable (`redis_unavailable`)."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise unavailable(error) from error


class Link:
    """One connection that its owner opens, drives and closes; it never reconnects by itself.

    Hidden reconnects are what loses pub/sub messages without anybody knowing. One task reads, any may send.
    """

    def __init__(self, connection: AbstractConnection, deadline: float) -> None:
        self._connection = connection
        self._deadline = deadline
        self.heard_at = asyncio.get_running_loop().time()
        """When the server last said something, in the loop's time (seconds)."""

    async def send(self, commands: Sequence[Command]) -> None:
        """Send commands in one write. Raises Unavailable when the connection is gone or takes nothing."""
        with redis_errors():
            async with asyncio.timeout(self._deadline):
                await self._send(commands)

    async def read(self) -> Any:
        """Wait without a deadline for one reply or pushed message; an error reply is returned, not raised.

        Raises Unavailable when the connection breaks.
        """
        with redis_errors():
            reply = await self._read()
        self.heard_at = asyncio.get_running_loop().time()
        return reply

    async def ask(self, commands: Sequence[Command]) -> list[Any]:
        """Send commands and return one reply each, error replies as values. Raises Unavailable.

        The caller sets the deadline; cancelled half-way, the connection is of no more use and must be closed.
        """
        with redis_errors():
            await self._send(commands)
            return [await self._read() for _ in commands]

    async def close(self) -> None:
        """End the connection, whatever state it is in; closing twice does nothing."""
        with suppress(RedisError, OSError, TimeoutError):
            await self._connection.disconnect(nowait=True)

    async def _send(self, commands: Sequence[Command]) -> None:
        if not self._connection.is_connected:
            raise ConnectionResetError("the connection is closed")
        await self._connection.send_packed_command(pack(commands), check_health=False)

    async def _read(self) -> Any:
        try:
            return await cast(Any, self._connection).read_response(
                disable_decoding=True, timeout=math.inf, push_request=True
            )
        except ResponseError as refused:
            return refused


def pack(commands: Sequence[Command]) -> bytes:
    """Encode commands as RESP arrays of bulk strings, in one piece: half the work of redis-py's encoder."""
    parts: list[bytes] = []
    for command in commands:
        parts.append(b"*%d\r\n" % len(command))
        for word in command:
            data = word if isinstance(word, bytes) else str(word).encode()
            parts.append(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(parts)


class Redis:
    """The way to Redis for one process; `deadline` (seconds) bounds each connect, pool wait and reply."""

    def __init__(self, url: str, *, max_connections: int = 32, deadline: float = 2.0) -> None:
        self._deadline = deadline
        self._pool: BlockingConnectionPool = cast(Any, BlockingConnectionPool).from_url(
            url,
            max_connections=max_connections,
            timeout=deadline,
            socket_timeout=deadline,
            socket_connect_timeout=deadline,
            health_check_interval=30,
            driver_info=None,  # else each connection reads redis-py's metadata from disk
            # One retry mends a pooled connection that died while it was idle; outages are for the callers to
            # see.
            retry=Retry(NoBackoff(), 1),
        )
        self._links: BlockingConnectionPool = cast(Any, BlockingConnectionPool).from_url(
            url,
            socket_timeout=None,
            socket_connect_timeout=deadline,
            driver_info=None,
            retry=Retry(NoBackoff(), 0),
        )
        self.client: Client = Client(connection_pool=self._pool)
        """For single commands; wrap its use in `redis_errors()`."""

    async def link(self, deadline: float | None = None) -> Link:
        """Open a connection of its own, perhaps with another `deadline` (seconds). Raises Unavailable."""
        connection = self._links.make_connection()
        seconds = deadline or self._deadline
        with redis_errors():
            async with asyncio.timeout(seconds):
                await connection.connect()
        return Link(connection, seconds)

    async def ping(self) -> None:
        """Ask whether Redis answers. Raises Unavailable."""
        with redis_errors():
            await cast(Any, self.client).ping()

    async def aclose(self) -> None:
        """Close the pool. Links are closed by their owners."""
        with redis_errors():
            await self.client.aclose()
            await self._pool.aclose()
