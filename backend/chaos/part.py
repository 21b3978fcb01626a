"""One process of the cluster: it may be ended in any way and started again."""

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_START_SECONDS = 120.0
# The shell's process id is the process's: it names itself in its connections to the database (audit.sql).
_NAMED = 'export DATABASE_URL="$DATABASE_URL%3A$$"; exec "$@"'


class Part:
    """A process of its own, in a session of its own. `pid` is 0 while there is none.

    `port` is where it listens, if it does. While it is `wanted` a supervisor starts it again when it ends.
    """

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path, *, port: int = 0
    ) -> None:
        self.name = name
        self.port = port
        self.frozen = False
        self.wanted = False
        url = environment["DATABASE_URL"]
        joint = "&" if "?" in url else "?"
        named = f"{url}{joint}options=-c%20chaos.writer%3D{name}"
        self._command = ["/bin/sh", "-c", _NAMED, name, *command]
        self._environment = {**environment, "DATABASE_URL": named}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id of the one that was started last."""
        return self._process.pid if self._process is not None else 0

    @property
    def writer(self) -> str:
        """How the process names itself to the database."""
        return f"{self.name}:{self.pid}"

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it; it may take seconds to be of use."""
        self.wanted = True
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def has_ended(self) -> bool:
        """Whether it was started and has ended."""
        return self._process is not None and self._process.poll() is not None

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process and all its children."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, number)

    def tell(self, number: signal.Signals) -> None:
        """Send a signal to the process alone, as a supervisor does."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    async def gone(self, timeout: float) -> bool:
        """Wait until it has ended; False when it has not within `timeout` seconds, and was killed."""
        process = self._process
        if process is None:
            return True
        deadline = time.monotonic() + timeout
        while process.poll() is None:
            if time.monotonic() > deadline:
                self.send(signal.SIGKILL)
                await asyncio.to_thread(process.wait)
                return False
            await asyncio.sleep(0.05)
        return True

    async def listening(self) -> None:
        """Wait until it takes connections. Raises OSError when it does not in time."""
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


def free_port() -> int:
    """Return a port on 127.0.0.1 that nobody uses at present."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
