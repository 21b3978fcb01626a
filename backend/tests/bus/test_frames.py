"""The newest picture of a run's browser: one a run, bounded, and never a run's trouble."""

import pytest

from factotum.bus.frames import LARGEST_BYTES, Frames
from factotum.bus.redis import Redis
from factotum.core.errors import NotFound, Unavailable
from factotum.core.ids import new_id


async def test_only_the_newest_picture_is_kept(valkey_url: str) -> None:
    redis = Redis(valkey_url)
    frames, run = Frames(redis), new_id()
    with pytest.raises(NotFound) as caught:
        await frames.newest(run)
    assert caught.value.stable_code == "frame_not_found"
    assert await frames.keep(run, b"\xff\xd8one")
    assert await frames.keep(run, b"\xff\xd8two")
    assert await frames.newest(run) == b"\xff\xd8two"
    assert not await frames.keep(run, bytes(LARGEST_BYTES + 1))
    assert await frames.newest(run) == b"\xff\xd8two"
    with pytest.raises(NotFound):
        await frames.newest(new_id())
    await redis.aclose()


async def test_without_redis_nothing_is_kept_and_nothing_fails() -> None:
    frames = Frames(Redis("redis://127.0.0.1:1/0", deadline=0.5))
    assert not await frames.keep(new_id(), b"x")
    with pytest.raises(Unavailable):
        await frames.newest(new_id())
