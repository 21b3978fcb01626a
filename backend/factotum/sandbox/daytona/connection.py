"""A stream to a port inside, carried by requests to the bridge."""

import contextlib
from collections.abc import Mapping
from typing import Any

from factotum.core.errors import InvalidInput, Unavailable
from factotum.sandbox.daytona import answers
from factotum.sandbox.daytona.calls import Clash, Missing
from factotum.sandbox.daytona.link import Link

_HIGHEST = 65535
_WAIT_SECONDS = 20.0
_SLACK_SECONDS = 30.0
_PIECE = 256 * 1024


class DaytonaConnection:
    """Implements the port's Connection."""

    def __init__(self, link: Link, name: str) -> None:
        self._link = link
        self._name = name
        self._is_open = True

    async def read(self, most: int) -> bytes:
        """Return what came, at most `most` bytes; nothing is the end."""
        head: Mapping[str, Any] = {"name": self._name, "most": min(most, _PIECE), "wait": _WAIT_SECONDS}
        while self._is_open:
            try:
                said, data = await self._link.ask("door.read", seconds=_WAIT_SECONDS + _SLACK_SECONDS, **head)
            except Unavailable:
                return b""
            if data or answers.read(answers.Arrived, said).end:
                return data
        return b""

    async def write(self, data: bytes) -> None:
        """Send, and wait until there is room for more. Raises OSError when it was closed."""
        for start in range(0, len(data), _PIECE):
            try:
                await self._link.ask(
                    "door.write", data[start : start + _PIECE], seconds=60.0, name=self._name
                )
            except Unavailable as error:
                raise ConnectionResetError(error.message) from error

    async def finish(self) -> None:
        """Say that nothing more will be written."""
        await self._quietly("door.finish")

    async def close(self) -> None:
        """Let it go."""
        if self._is_open:
            self._is_open = False
            await self._quietly("door.close")

    async def _quietly(self, do: str) -> None:
        with contextlib.suppress(Unavailable, Missing, Clash):
            await self._link.ask(do, seconds=_SLACK_SECONDS, name=self._name)


async def open_connection(link: Link, port: int, timeout: float) -> DaytonaConnection:
    """Open a connection to a port. Raises NotFound (`port_not_open`)."""
    if not 0 < port <= _HIGHEST:
        raise InvalidInput(f"A port is a number from 1 to {_HIGHEST}.", code="port_invalid")
    head, _ = await link.ask("door.open", seconds=timeout + _SLACK_SECONDS, port=port, within=timeout)
    return DaytonaConnection(link, answers.read(answers.Opened, head).name)
