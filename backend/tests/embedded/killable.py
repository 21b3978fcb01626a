"""A small service to kill: runs the embedded stack on a folder until its standard input closes.

Argument: the folder. Prints the servers' process ids and addresses as one line of JSON when they serve, or
the code of the fault.
"""

import asyncio
import json
import sys
from pathlib import Path

from factotum.core.errors import SetupFault
from factotum.embedded.stack import EmbeddedStack


def say(facts: dict[str, object]) -> None:
    """Print `facts` as one line of JSON."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


async def serve(folder: Path) -> None:
    """Run the stack and say where it is."""
    async with EmbeddedStack(folder) as stack:
        assert stack.postgres is not None
        assert stack.valkey is not None
        facts: dict[str, object] = {
            "postgres": stack.postgres.pid,
            "valkey": stack.valkey.pid,
            "database_url": stack.admin_database_url,
            "redis_url": stack.redis_url,
        }
        say(facts)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    try:
        asyncio.run(serve(Path(sys.argv[1])))
    except SetupFault as fault:
        say({"fault": fault.stable_code, "message": fault.message})
