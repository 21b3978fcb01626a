"""The embedded Valkey (Redis' protocol): a child of ours on a private socket, on disk once a second."""

import signal
from pathlib import Path
from typing import Final
from urllib.parse import quote

from factotum.core.errors import SetupFault
from factotum.embedded.account import Account, service_account
from factotum.embedded.data_folder import DataFolder, broken, disk_full
from factotum.embedded.log import BoundedLog
from factotum.embedded.orphans import end_orphans, processes_in
from factotum.embedded.supervisor import Child, ChildFailed, ChildSpec, Report, quiet
from factotum.embedded.wheels import valkey_program

_START_SECONDS: Final = 30.0


class EmbeddedValkey:
    """A Valkey of our own in `folder`. Blocking: on an event loop, call `start` and `stop` in a thread."""

    def __init__(self, folder: DataFolder, *, report: Report = quiet) -> None:
        self._folder = folder
        self._report = report
        self._log = BoundedLog(folder.path / "logs" / "valkey.log")
        self._data = folder.path / "valkey" / "data"
        self._socket = Path()
        self._child: Child | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id; None while there is none."""
        return self._child.pid if self._child is not None else None

    @property
    def restarts(self) -> int:
        """How often the server died and was started again since `start`."""
        return self._child.restarts if self._child is not None else 0

    @property
    def url(self) -> str:
        """The address for redis-py (`unix://...`). The socket's folder is closed to everybody else."""
        return f"unix://{quote(str(self._socket))}?db=0"

    def start(self) -> None:
        """Take the folder, start, and wait until the server serves.

        Raises SetupFault: `data_folder_in_use`, `data_folder_broken`, `data_folder_unreachable`, `disk_full`,
        `no_service_account`, `embedded_server_missing` or `valkey_failed` (with the server's last words).
        """
        self._folder.lock()
        account = service_account(self._folder.path / "valkey")
        self._folder.room("valkey", account)
        self._folder.room("valkey/data", account)
        self._socket = self._folder.socket_room("valkey/socket", account) / "valkey.sock"
        program = valkey_program(account, self._folder.path / "programs")
        self._report("Starting Valkey")
        self._child = Child(self._spec(program, account), self._log, before_start=self._end_orphans)
        try:
            self._child.start(_START_SECONDS)
        except ChildFailed as failure:
            raise self._explained(failure.reason, failure.tail) from failure

    def stop(self) -> None:
        """Write what is pending and shut down; returns when the server is gone."""
        if self._child is not None:
            self._child.stop()

    def wait_ready(self, timeout: float) -> bool:
        """Wait until the server serves again after a restart; False when it does not in `timeout` seconds."""
        return self._child is not None and self._child.wait_ready(timeout)

    def _spec(self, program: Path, account: Account) -> ChildSpec:
        settings = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self._data),
            "daemonize": "no",
            "logfile": "",
            "save": "",
            "appendonly": "yes",
            "appendfsync": "everysec",
            # Run logs live here: what is evicted would be a gap in what people see.
            "maxmemory-policy": "noeviction",
        }
        command = [str(program)]
        for name, value in settings.items():
            command += [f"--{name}", value]
        return ChildSpec(
            name="Valkey",
            command=command,
            account=account,
            ready_marker="Ready to accept connections",
            stop_signals=((signal.SIGTERM, 10),),
        )

    def _end_orphans(self) -> None:
        if processes_in(self._data):
            self._report("Ending the Valkey of a service that was killed")
            end_orphans(self._data)

    def _explained(self, reason: str, tail: str) -> SetupFault:
        if "No space left on device" in tail:
            return disk_full(self._data)
        if "Bad file format" in tail or "append only file" in tail or "Fatal error loading" in tail:
            return broken(self._data, f"Valkey {reason}. Its last words:\n{tail}\n")
        return SetupFault(
            f"Valkey {reason}. Its last words:\n{tail or '(nothing)'}",
            hint=f"The whole log is in {self._folder.path / 'logs' / 'valkey.log'}. "
            "To use a server of your own, set REDIS_URL.",
            code="valkey_failed",
        )
