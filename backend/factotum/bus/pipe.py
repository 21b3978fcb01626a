"""Commands of many tasks over one connection, many in one round trip.

A process with hundreds of runs would pay a round trip's overhead for each event. So calls that come while one
is under way, or within a short pause after it, go together; a call that comes alone goes at once.
"""

import asyncio
from collections import deque
from typing import Any, NamedTuple

from factotum.bus.redis import Command, Link, Redis, redis_errors, unavailable
from factotum.core.errors import Unavailable

_MOST_AT_ONCE = 128


class _Call(NamedTuple):
    commands: tuple[Command, ...]
    done: asyncio.Future[list[Any]]


class Pipe:
    """A shared connection for commands that may be sent twice without harm.

    `deadline` (seconds) bounds each round trip, a connection included; `pause` (seconds) is the least time
    between the starts of two round trips. What waits is bounded by the callers: each has one call under way.
    """

    def __init__(self, redis: Redis, *, deadline: float = 1.0, pause: float = 0.002) -> None:
        self._redis = redis
        self._deadline = deadline
        self._pause = pause
        self._link: Link | None = None
        self._waiting: deque[_Call] = deque()
        self._pump: asyncio.Task[None] | None = None
        self._started_at = 0.0

    async def call(self, *commands: Command) -> list[Any]:
        """Send commands in one piece and return their replies, error replies as values. Raises Unavailable.

        Cancelling the caller does not take back what is on its way: its outcome is then unknown.
        """
        call = _Call(commands, asyncio.get_running_loop().create_future())
        self._waiting.append(call)
        if self._pump is None:
            self._pump = asyncio.create_task(self._drain(), name="redis-pipe")
        return await call.done

    async def aclose(self) -> None:
        """Let the calls under way end, then close the connection."""
        if self._pump is not None:
            await self._pump
        await self._drop_link()

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                early = self._started_at + self._pause - loop.time()
                if early > 0:
                    await asyncio.sleep(early)
                self._started_at = loop.time()
                size = min(len(self._waiting), _MOST_AT_ONCE)
                await self._round_trip([self._waiting.popleft() for _ in range(size)])
        finally:
            self._pump = None

    async def _round_trip(self, calls: list[_Call]) -> None:
        commands = [command for call in calls for command in call.commands]
        try:
            with redis_errors():
                async with asyncio.timeout(self._deadline):
                    replies = await self._ask(commands)
        except Unavailable as error:
            await self._drop_link()
            _fail(calls, error)
            return
        except asyncio.CancelledError as cancelled:
            await self._drop_link()
            _fail(calls, unavailable(cancelled))
            raise
        start = 0
        for call in calls:
            end = start + len(call.commands)
            if not call.done.done():
                call.done.set_result(replies[start:end])
            start = end

    async def _ask(self, commands: list[Command]) -> list[Any]:
        """Ask; if a connection that stood idle turns out to be dead, ask again on a new one."""
        if self._link is not None:
            try:
                return await self._link.ask(commands)
            except Unavailable:
                await self._drop_link()
        self._link = await self._redis.link(self._deadline)
        return await self._link.ask(commands)

    async def _drop_link(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            await link.close()


def _fail(calls: list[_Call], error: Unavailable) -> None:
    for call in calls:
        if not call.done.done():
            call.done.set_exception(error)
