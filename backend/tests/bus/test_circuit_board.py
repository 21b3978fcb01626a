"""What processes tell of their breakers: old news and other versions' are forgotten."""

import json
import time

from factotum.bus.circuit_board import CircuitBoard
from factotum.bus.pipe import Pipe
from factotum.bus.redis import Redis
from factotum.core.breaker import Circuit

CIRCUIT = Circuit("service:tavily", "open", 5, 12.0, "Too slow.")


async def test_fresh_news_is_read_and_stale_news_is_forgotten(valkey_url: str) -> None:
    redis = Redis(valkey_url)
    pipe = Pipe(redis)
    board = CircuitBoard(pipe)
    await board.write("one", [CIRCUIT])
    old = json.dumps({"at": time.time() - 61, "circuits": []})
    await pipe.call(("HSET", "circuits", "gone", old), ("HSET", "circuits", "newer", '{"at": 1, "x": 2}'))
    await pipe.call(("HSET", "circuits", "odd", json.dumps({"at": time.time(), "circuits": [{"n": 1}]})))
    assert (await board.read())["one"] == (CIRCUIT,)
    (left,) = await pipe.call(("HKEYS", "circuits"))
    assert not {b"gone", b"newer", b"odd"} & set(left)
    await pipe.call(("HDEL", "circuits", "one"))
    await pipe.aclose()
    await redis.aclose()


async def test_a_new_process_forgets_those_that_are_gone(valkey_url: str) -> None:
    redis = Redis(valkey_url)
    pipe = Pipe(redis)
    old = json.dumps({"at": time.time() - 61, "circuits": []})
    await pipe.call(*(("HSET", "circuits", f"gone-{number}", old) for number in range(50)))
    await CircuitBoard(pipe).write("two", [CIRCUIT])
    (left,) = await pipe.call(("HKEYS", "circuits"))
    assert b"two" in left
    assert not [name for name in left if name.startswith(b"gone")]
    await pipe.call(("HDEL", "circuits", "two"))
    await pipe.aclose()
    await redis.aclose()


async def test_without_redis_nothing_is_told() -> None:
    redis = Redis("redis://127.0.0.1:1")
    await CircuitBoard(Pipe(redis)).write("one", [CIRCUIT])
    await redis.aclose()
