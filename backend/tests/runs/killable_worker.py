"""A worker to kill: carries one run up to a point, says so, and waits there.

Arguments: the database's address, Valkey's, the run's id, and the point: `stream` or the name of a tool.
"""

import asyncio
import sys

from factotum.agent.config import ProcessorConfig
from factotum.runs.assembly import AgentFactory
from factotum.runs.executor import RunExecutor
from factotum.runs.heartbeat import Heartbeat
from factotum.runs.live import LiveRuns
from factotum.runs.queue import ProcrastinateQueue
from factotum.store.database import Database
from factotum.testing.memory_sandbox import MemorySandboxProvider
from tests.bus.helpers import Bus
from tests.runs.played import Acts, Gate, PlayedGateway, Turn, calls, registry, says
from tests.runs.stage import PlayedModels

LEASE_SECONDS = 1.5


def turns(point: str, gate: Gate) -> list[Turn]:
    """A finished call of each kind, then the point, then an answer."""
    first = calls(("act", {"key": "before"}), ("put", {"key": "before"}), text="First.")
    if point == "stream":
        return [first, says("A long answer.", gate)]
    return [first, calls((point, {"key": "held"}), ("look", {"key": "after"})), says("Well.")]


async def main(database_url: str, valkey_url: str, run_id: str, point: str) -> None:
    """Carry the run."""
    database, bus, live, acts, gate = Database(database_url), Bus(valkey_url), LiveRuns(), Acts(), Gate()
    await database.open()
    gateway = PlayedGateway()
    gateway.turns = turns(point, gate)
    acts.gates["held"] = gate
    agents = AgentFactory(
        database, gateway, PlayedModels(), registry(acts), MemorySandboxProvider(), ProcessorConfig()
    )
    executor = RunExecutor(
        database, bus.log, ProcrastinateQueue(), agents, live, owner="killed", lease_seconds=LEASE_SECONDS
    )

    def connect() -> Database:
        return Database(database_url, pool_size=2)

    async with Heartbeat(connect, live, owner="killed", lease_seconds=LEASE_SECONDS):
        carrying = asyncio.create_task(executor.execute(run_id))
        await gate.reached.wait()
        sys.stdout.write("reached\n")
        sys.stdout.flush()
        await carrying


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
