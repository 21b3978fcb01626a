"""A fake Daytona on loopback: the vendor's own models over HTTP and WebSocket, sandboxes of bubblewrap.

    async with FakeDaytona(folder) as daytona:
        provider = DaytonaSandboxProvider(daytona.options())
        daytona.faults.add("POST /sandbox", "rate_limit", times=2)

The unmodified SDK talks to it. Importing it imports the SDK's models, which takes seconds.
"""

from factotum.testing.daytona.faults import Faults
from factotum.testing.daytona.server import FakeDaytona

__all__ = ["FakeDaytona", "Faults"]
