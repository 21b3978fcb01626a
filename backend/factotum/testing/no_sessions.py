"""The port's Sessions for a sandbox that has none."""

from collections.abc import Mapping

from factotum.core.errors import Unavailable
from factotum.sandbox.port import CALL_SECONDS, SessionInfo, SessionOutput, TerminalSize


def _unsupported() -> Unavailable:
    return Unavailable("This sandbox runs no sessions.", hint="See its capabilities.", code="not_supported")


class NoSessions:
    """The port's Sessions where there are none."""

    async def start(
        self,
        name: str,
        *,
        folder: str = ".",
        environment: Mapping[str, str] | None = None,
        terminal: TerminalSize | None = None,
    ) -> SessionInfo:
        """Raise Unavailable (`not_supported`), as every method."""
        raise _unsupported()

    async def run(self, name: str, command: str) -> int:
        """Raise Unavailable."""
        raise _unsupported()

    async def write(self, name: str, data: bytes, *, timeout: float = CALL_SECONDS) -> None:
        """Raise Unavailable."""
        raise _unsupported()

    async def poll(
        self, name: str, *, cursor: int = 0, limit: int = 100_000, wait: float = 0.0
    ) -> SessionOutput:
        """Raise Unavailable."""
        raise _unsupported()

    async def resize(self, name: str, size: TerminalSize) -> None:
        """Raise Unavailable."""
        raise _unsupported()

    async def kill(self, name: str) -> SessionInfo:
        """Raise Unavailable."""
        raise _unsupported()

    async def list(self) -> list[SessionInfo]:
        """Give none."""
        return []
