"""The limit that fan-out is measured beside: a server that does nothing but write each event to each client.

`python -m bench.load.sockets` prints its port. A line on standard input, `EVENTS PAUSE_SECONDS`, has it send
so many events to all who are connected; it ends with its input.
"""

import asyncio
import sys
import time
from datetime import UTC, datetime
from typing import cast

import uvloop

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
_clients: set[asyncio.WriteTransport] = set()


class _Connection(asyncio.Protocol):
    """One client, from its request on."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        del data
        self._transport.write(_HEAD)
        _clients.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        del exc
        _clients.discard(self._transport)


def frame(number: int) -> bytes:
    """Return an event of about the size of one of ours, with its time."""
    at = datetime.fromtimestamp(time.time(), UTC).isoformat()
    return (
        f'id: {number}\nevent: tool.finished\ndata: {{"run_id":"00000000-0000-7000-8000-000000000000",'
        f'"seq":{number},"at":"{at}","type":"tool.finished","call_id":"c","name":"n","outcome":"ok",'
        f'"output":"{number:020d}","duration_ms":{number}}}\n\n'
    ).encode()


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        events, pause = line.split()
        due = loop.time()
        for number in range(int(events)):
            data = frame(number + 1)
            for client in _clients:
                client.write(data)
            due += float(pause)
            await asyncio.sleep(max(0.0, due - loop.time()))
    server.close()


if __name__ == "__main__":
    uvloop.run(_serve())
