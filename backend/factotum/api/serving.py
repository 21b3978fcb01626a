"""How the application is served: streams are told to end before the server waits for its requests."""

import socket
from pathlib import Path
from typing import Any, cast

import uvicorn
from fastapi import FastAPI

GRACE_SECONDS = 20
"""How long a shutdown waits for requests; below gunicorn's graceful_timeout, so that the lifespan ends."""

SERVER_OPTIONS: dict[str, Any] = {
    "timeout_graceful_shutdown": GRACE_SECONDS,
    "access_log": False,
    "server_header": False,
    "date_header": True,
    "lifespan": "on",
}


class ApiServer(uvicorn.Server):
    """A uvicorn server that drains the application's streams when it shuts down."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then everything else."""
        cast(FastAPI, self.config.app).state.drain.begin()
        await super().shutdown(sockets)


def make_server(
    app: FastAPI, *, host: str = "127.0.0.1", port: int = 0, uds: Path | None = None
) -> ApiServer:
    """Make a server for `app` on an address or a Unix socket; `await server.serve()` runs it."""
    return ApiServer(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            uds=str(uds) if uds is not None else None,
            log_config=None,
            **SERVER_OPTIONS,
        )
    )
