"""What is done to the cluster: one function a kind of fault.

Each leaves the cluster whole again; a frozen worker wakes up while other faults go on.
"""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from chaos.cluster import Cluster
from chaos.history import Done
from chaos.part import Part
from chaos.person import Person
from chaos.plan import Planned
from factotum.bus.pipe import Pipe
from factotum.bus.redis import Redis
from factotum.core.errors import Unavailable

_GRACE_SECONDS = 60.0
_FROZEN_LEASES = 1.5
_STALL_SECONDS = 4.0
_WORKER_SECONDS = 180.0


@dataclass(slots=True)
class Chaos:
    """What faults need, the cluster and the people in it, and what was done. Close it in the end."""

    cluster: Cluster
    people: Sequence[Person]
    done: list[Done] = field(default_factory=list[Done])
    unclean: list[str] = field(default_factory=list[str])
    freezing: "set[asyncio.Task[None]]" = field(default_factory=set["asyncio.Task[None]"])

    async def do(self, planned: Planned) -> None:
        """Do one fault."""
        await _KINDS[planned.kind](self, planned)

    async def settle(self) -> None:
        """Wait until everything that was frozen goes on."""
        while self.freezing:
            await asyncio.wait(self.freezing)


async def _kill_worker(chaos: Chaos, planned: Planned) -> None:
    """kill -9 of a worker and of all that it runs; another is started at once."""
    part = await _pick_worker(chaos, planned)
    began, writer = time.time(), part.writer
    part.send(signal.SIGKILL)
    await part.gone(10)
    part.start()
    _note(chaos, planned, began, part.name, writer)


async def _drain_worker(chaos: Chaos, planned: Planned) -> None:
    """SIGTERM: the worker hands its runs over and ends; then it is started again."""
    part = await _pick_worker(chaos, planned)
    began, writer = time.time(), part.writer
    await _end(chaos, part)
    part.start()
    _note(chaos, planned, began, part.name, writer)


async def _freeze_worker(chaos: Chaos, planned: Planned) -> None:
    """SIGSTOP past the lease, then SIGCONT: the worker wakes up and its runs are somebody else's."""
    if sum(not part.frozen for part in chaos.cluster.workers) < 2:
        await asyncio.wait(chaos.freezing, return_when=asyncio.FIRST_COMPLETED)
    part = await _pick_worker(chaos, planned)
    began, writer = time.time(), part.writer
    part.send(signal.SIGSTOP)
    part.frozen = True

    async def thaw() -> None:
        await asyncio.sleep(chaos.cluster.lease_seconds * _FROZEN_LEASES)
        part.send(signal.SIGCONT)
        part.frozen = False

    task = asyncio.create_task(thaw())
    chaos.freezing.add(task)
    task.add_done_callback(chaos.freezing.discard)
    _note(chaos, planned, began, part.name, writer)


async def _kill_api(chaos: Chaos, planned: Planned) -> None:
    """kill -9 of an API process with all its streams."""
    part = _pick(chaos.cluster.apis, planned)
    began = time.time()
    part.send(signal.SIGKILL)
    await part.gone(10)
    part.start()
    _note(chaos, planned, began, part.name)


async def _drain_api(chaos: Chaos, planned: Planned) -> None:
    """SIGTERM: the API process tells its streams to come back, and ends; then it is started again."""
    part = _pick(chaos.cluster.apis, planned)
    began = time.time()
    await _end(chaos, part)
    part.start()
    _note(chaos, planned, began, part.name)


async def _deploy(chaos: Chaos, planned: Planned) -> None:
    """Replace every process in the middle of the runs: new ones are up before the old are told to end."""
    cluster = chaos.cluster
    await chaos.settle()
    began = time.time()
    old = (cluster.apis, cluster.workers)
    apis = [cluster.new_api() for _ in cluster.apis]
    workers = [cluster.new_worker() for _ in cluster.workers]
    for part in (*apis, *workers):
        part.start()
    for part in apis:
        await part.listening()
    await _working(cluster, lambda: workers, enough=len(workers))
    cluster.apis, cluster.workers = apis, workers
    for part in old[1]:
        _note(chaos, planned, time.time(), part.name, part.writer)
        await _end(chaos, part)
    for part in old[0]:
        await _end(chaos, part)
    _note(chaos, planned, began, f"{len(old[0])} API processes, {len(old[1])} workers")


async def _restart_postgres(chaos: Chaos, planned: Planned) -> None:
    """kill -9 of Postgres; it is started again as a managed one would be."""
    await _restart_server(chaos, planned, lambda: chaos.cluster.postgres_pid)


async def _restart_valkey(chaos: Chaos, planned: Planned) -> None:
    """kill -9 of Valkey; it comes back with what it had on its disk."""
    await _restart_server(chaos, planned, lambda: chaos.cluster.valkey_pid)


async def _replace_valkey(chaos: Chaos, planned: Planned) -> None:
    """Valkey and its disk are gone; an empty one takes its place."""
    await _restart_server(chaos, planned, lambda: chaos.cluster.valkey_pid, losing=chaos.cluster.valkey_data)


async def _empty_valkey(chaos: Chaos, planned: Planned) -> None:
    """Valkey forgets everything, and goes on."""
    began = time.time()
    redis = Redis(chaos.cluster.redis_url)
    pipe = Pipe(redis)
    try:
        with suppress(Unavailable):
            await pipe.call(("FLUSHALL",))
    finally:
        await pipe.aclose()
        await redis.aclose()
    _note(chaos, planned, began)


async def _cut_clients(chaos: Chaos, planned: Planned) -> None:
    """Every client loses its connection."""
    for person in chaos.people:
        person.cuts += 1
    _note(chaos, planned, time.time(), f"{len(chaos.people)} people")


async def _stall_clients(chaos: Chaos, planned: Planned) -> None:
    """No client reads for a while; what was sent stays in the buffers."""
    until = time.monotonic() + _STALL_SECONDS
    for person in chaos.people:
        person.stalled_until = until
    _note(chaos, planned, time.time(), f"{len(chaos.people)} people")


_KINDS: Mapping[str, Callable[[Chaos, Planned], Awaitable[None]]] = {
    "kill worker": _kill_worker,
    "drain worker": _drain_worker,
    "freeze worker": _freeze_worker,
    "kill api": _kill_api,
    "drain api": _drain_api,
    "restart postgres": _restart_postgres,
    "restart valkey": _restart_valkey,
    "replace valkey": _replace_valkey,
    "empty valkey": _empty_valkey,
    "cut clients": _cut_clients,
    "stall clients": _stall_clients,
    "deploy": _deploy,
}


def _pick(parts: Sequence[Part], planned: Planned) -> Part:
    awake = [part for part in parts if not part.frozen]
    return awake[int(planned.pick * len(awake))]


async def _pick_worker(chaos: Chaos, planned: Planned) -> Part:
    """Choose a worker, and wait until another one works.

    What is measured is how soon runs go on elsewhere, not how soon the last worker of all has started again.
    """
    part = _pick(chaos.cluster.workers, planned)

    def others() -> Sequence[Part]:
        return [other for other in chaos.cluster.workers if other is not part and not other.frozen]

    await _working(chaos.cluster, others, enough=1)
    return part


def _note(chaos: Chaos, planned: Planned, began: float, target: str = "", worker: str = "") -> None:
    chaos.done.append(Done(planned.number, planned.kind, began, time.time(), target, worker))


async def _end(chaos: Chaos, part: Part) -> None:
    part.wanted = False
    part.tell(signal.SIGTERM)
    if not await part.gone(_GRACE_SECONDS):
        chaos.unclean.append(f"{part.name} did not end within {_GRACE_SECONDS:.0f} s of SIGTERM")


async def _working(cluster: Cluster, workers: Callable[[], Sequence[Part]], enough: int) -> None:
    """Wait until so many of the workers have begun to take jobs, and live. Which they are may change."""
    deadline = time.monotonic() + _WORKER_SECONDS
    while time.monotonic() < deadline:
        known = {str(row["writer"]) for row in await cluster.rows("select writer from chaos.workers")}
        if sum(part.writer in known and not part.has_ended for part in workers()) >= enough:
            return
        await asyncio.sleep(0.2)


async def _restart_server(
    chaos: Chaos, planned: Planned, pid: Callable[[], int], *, losing: Path | None = None
) -> None:
    """kill -9 of a server; it has lost what is in the folder `losing`. Wait until another one runs."""
    began, old = time.time(), pid()
    if old:
        with suppress(ProcessLookupError):
            os.kill(old, signal.SIGSTOP)
            for file in losing.rglob("*") if losing is not None else ():
                if file.is_file():
                    file.unlink()
            os.kill(old, signal.SIGKILL)
    with suppress(TimeoutError):
        async with asyncio.timeout(30):
            while True:
                if pid() not in {0, old}:
                    break
                await asyncio.sleep(0.05)
    _note(chaos, planned, began)
