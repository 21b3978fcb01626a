"""How often something is asked for, of all processes together: a bound for what strangers may read."""

from factotum.bus.redis import Redis, redis_errors
from factotum.core.clock import now
from factotum.core.errors import RateLimited, Unavailable

_WINDOW_SECONDS = 60


class Visits:
    """Counts by key and minute."""

    def __init__(self, redis: Redis, most: int = 600, *, strict: bool = False) -> None:
        """`most` visits of one key are let in within a minute; `strict`: none while nobody can count."""
        self._redis = redis
        self._most = most
        self._strict = strict

    async def admit(self, key: str) -> None:
        """Count a visit. Raises RateLimited past the bound.

        While Redis is away everybody is let in; where that is `strict`, nobody: it raises Unavailable.
        """
        minute, second = divmod(int(now().timestamp()), _WINDOW_SECONDS)
        name = f"visits:{key}:{minute}"
        try:
            with redis_errors():
                async with self._redis.client.pipeline(transaction=False) as pipe:
                    pipe.incr(name)
                    pipe.expire(name, 2 * _WINDOW_SECONDS)
                    count, _ = await pipe.execute()
        except Unavailable:
            if self._strict:
                raise
            return
        if int(count) > self._most:
            raise RateLimited(
                "This was asked for too often.",
                retry_after_seconds=_WINDOW_SECONDS - second,
                hint="Wait a minute, then try again.",
            )
