"""What is done to the cluster: one function a kind of fault. Each leaves the cluster whole again."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from chaos.cluster import Cluster, Part
from chaos.person import Person
from factotum.bus.pipe import Pipe
from factotum.bus.redis import Redis
from factotum.core.errors import Unavailable

_GRACE_SECONDS = 60.0


@dataclass(slots=True)
class Lost:
    """Runs that a worker carried when it was hit: (run id, attempt), and when (monotonic seconds)."""

    kind: str
    at: float
    runs: tuple[tuple[str, int], ...]


@dataclass(slots=True)
class Chaos:
    """What faults need: the cluster, the people in it, and chance; and what they note."""

    cluster: Cluster
    people: list[Person]
    chance: random.Random
    lost: list[Lost] = field(default_factory=list[Lost])
    unclean: list[str] = field(default_factory=list[str])


async def kill_worker(chaos: Chaos) -> None:
    """kill -9 of a worker and of all that it runs; another is started at once."""
    part = chaos.chance.choice(chaos.cluster.workers)
    await _note(chaos, "kill worker", part)
    part.send(signal.SIGKILL)
    await part.gone(10)
    part.start()


async def drain_worker(chaos: Chaos) -> None:
    """A deploy: a new worker is started, the old one is told to end."""
    part = chaos.chance.choice(chaos.cluster.workers)
    await _note(chaos, "drain worker", part)
    part.tell(signal.SIGTERM)
    if not await part.gone(_GRACE_SECONDS):
        chaos.unclean.append(f"{part.name} did not end within {_GRACE_SECONDS:.0f} s of SIGTERM")
    part.start()


async def freeze_worker(chaos: Chaos) -> None:
    """SIGSTOP past the lease, then SIGCONT: the worker wakes up and its runs are somebody else's."""
    part = chaos.chance.choice(chaos.cluster.workers)
    await _note(chaos, "freeze worker", part)
    part.send(signal.SIGSTOP)
    await asyncio.sleep(chaos.cluster.lease_seconds * 2)
    part.send(signal.SIGCONT)


async def kill_api(chaos: Chaos) -> None:
    """kill -9 of an API process with all its streams."""
    part = chaos.chance.choice(chaos.cluster.apis)
    part.send(signal.SIGKILL)
    await part.gone(10)
    part.start()


async def drain_api(chaos: Chaos) -> None:
    """A deploy of an API process: its streams are told to come back."""
    part = chaos.chance.choice(chaos.cluster.apis)
    part.tell(signal.SIGTERM)
    if not await part.gone(_GRACE_SECONDS):
        chaos.unclean.append(f"{part.name} did not end within {_GRACE_SECONDS:.0f} s of SIGTERM")
    part.start()


async def restart_postgres(chaos: Chaos) -> None:
    """kill -9 of Postgres; it is started again as a managed one would be."""
    await _kill_server(lambda: chaos.cluster.postgres_pid)


async def restart_valkey(chaos: Chaos) -> None:
    """kill -9 of Valkey; it comes back with what it had on its disk."""
    await _kill_server(lambda: chaos.cluster.valkey_pid)


async def empty_valkey(chaos: Chaos) -> None:
    """Valkey forgets everything."""
    redis = Redis(chaos.cluster.redis_url)
    pipe = Pipe(redis)
    try:
        with suppress(Unavailable):
            await pipe.call(("FLUSHALL",))
    finally:
        await pipe.aclose()
        await redis.aclose()


async def cut_clients(chaos: Chaos) -> None:
    """Every client loses its connection."""
    for person in chaos.people:
        person.cuts += 1


KINDS: Mapping[str, tuple[int, Callable[[Chaos], Awaitable[None]]]] = {
    "kill worker": (5, kill_worker),
    "drain worker": (3, drain_worker),
    "freeze worker": (2, freeze_worker),
    "kill api": (3, kill_api),
    "drain api": (2, drain_api),
    "restart postgres": (1, restart_postgres),
    "restart valkey": (2, restart_valkey),
    "empty valkey": (1, empty_valkey),
    "cut clients": (4, cut_clients),
}
"""Kinds of fault by name, with their weights."""


async def _note(chaos: Chaos, kind: str, part: Part) -> None:
    carried = await chaos.cluster.rows(
        "select id::text, attempt from factotum.runs"
        " where status = 'running' and split_part(owner, ':', 2) = %s",
        str(part.pid),
    )
    runs = tuple((str(row["id"]), int(row["attempt"])) for row in carried)
    chaos.lost.append(Lost(kind, time.monotonic(), runs))


async def _kill_server(pid: Callable[[], int]) -> None:
    old = pid()
    if old:
        with suppress(ProcessLookupError):
            os.kill(old, signal.SIGKILL)
    with suppress(TimeoutError):
        async with asyncio.timeout(30):
            while pid() in {0, old}:  # noqa: ASYNC110 - it is a process of the supervisor's, which tells nobody
                await asyncio.sleep(0.05)
