"""Hints between processes by pub/sub: fast, and allowed to be lost.

The truth is in Postgres (`runs.stop_requested`, `runs.unread`, the queue); whoever misses a hint finds it
there at the next heartbeat.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from typing import Any, Literal, NamedTuple, cast, get_args

from factotum.bus.redis import Link, Redis, redis_errors
from factotum.core.errors import Unavailable

_log = logging.getLogger(__name__)

SignalKind = Literal["stop", "steer", "wake", "reset_circuit"]
"""`stop`: a run should stop. `steer`: a message was sent into it. `wake`: there is something new to claim.
`reset_circuit`: a person mended a service; its breaker's name stands in the place of the run."""

_CHANNEL = "signals"
_KINDS: frozenset[str] = frozenset(get_args(SignalKind))
_SEND_SECONDS = 1.0
"""No request waits longer for a hint to go out: a silent Redis would take one deadline after another."""
_PING_SECONDS = 10.0
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 2.0


class Signal(NamedTuple):
    """A hint about one run; `run_id` may be empty where the kind needs none."""

    kind: SignalKind
    run_id: str


class Signals:
    """Sends and receives hints."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def send(self, run_id: str, kind: SignalKind) -> bool:
        """Send a hint to all who listen; False when Redis is away, and the heartbeat must do."""
        try:
            with redis_errors():
                async with asyncio.timeout(_SEND_SECONDS):
                    await cast(Any, self._redis.client).publish(_CHANNEL, f"{kind} {run_id}")
        except Unavailable as error:
            _log.warning("a %s signal was not sent: %s", kind, error.message)
            return False
        return True

    async def listen(self) -> AsyncGenerator[Signal]:
        """Yield hints as they come, across lost connections, until closed. Sent meanwhile means lost."""
        pause = _FIRST_PAUSE
        while True:
            try:
                link = await self._redis.link()
                try:
                    await link.send([("SUBSCRIBE", _CHANNEL)])
                    while True:
                        signal = await _next(link)
                        pause = _FIRST_PAUSE
                        if signal is not None:
                            yield signal
                finally:
                    await link.close()
            except Unavailable as error:
                _log.warning("signals connect again in %.2f s: %s", pause, error.message)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)


async def _next(link: Link) -> Signal | None:
    """Read one message; None for one without a hint. Raises Unavailable when the connection is dead."""
    reading = asyncio.ensure_future(link.read())
    try:
        done, _ = await asyncio.wait([reading], timeout=_PING_SECONDS)
        if not done:
            await link.send([("PING",)])
            done, _ = await asyncio.wait([reading], timeout=_PING_SECONDS)
        if not done:
            raise Unavailable("The signal connection went silent.", code="redis_unavailable")
        message = reading.result()
    finally:
        reading.cancel()
    match message:
        case [b"message", _, bytes(payload)]:
            kind, _, run_id = payload.decode(errors="replace").partition(" ")
            return Signal(cast(SignalKind, kind), run_id) if kind in _KINDS else None
        case _:
            return None
