"""What the browsers of runs look like: the newest picture of each, for an hour.

Pictures are no part of a run's log: a log of them would be mostly pictures that nobody looks at again.
"""

import logging
from typing import Any, cast

from factotum.bus.redis import Redis, redis_errors
from factotum.core.errors import NotFound, Unavailable

_log = logging.getLogger(__name__)

KEPT_SECONDS = 3_600
LARGEST_BYTES = 200_000


class Frames:
    """One JPEG a run. Keeping one never fails a run: while Redis is away nothing is kept."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def keep(self, run_id: str, jpeg: bytes) -> bool:
        """Keep the newest picture of a run, in place of the one before; return whether it was kept."""
        if len(jpeg) > LARGEST_BYTES:
            return False
        try:
            with redis_errors():
                await cast(Any, self._redis.client).set(_key(run_id), jpeg, ex=KEPT_SECONDS)
        except Unavailable as fault:
            _log.debug("a picture of run %s was not kept: %s", run_id, fault.message)
            return False
        return True

    async def newest(self, run_id: str) -> bytes:
        """Return the newest picture. Raises NotFound (`frame_not_found`), Unavailable."""
        with redis_errors():
            jpeg = await cast(Any, self._redis.client).get(_key(run_id))
        if jpeg is None:
            raise NotFound(
                "There is no picture of this run's browser.",
                hint="It has used none in the last hour; `browser.frame` tells when there is one.",
                code="frame_not_found",
            )
        return bytes(jpeg)


def _key(run_id: str) -> str:
    return f"frame:{run_id}"
