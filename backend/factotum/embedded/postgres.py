"""The embedded Postgres: made once, started as a child of ours on a private socket, restarted when it dies.

Killed without warning, its data is safe (fsync is on); what a killed service left running is ended before a
new start, because two servers on one folder would destroy it.
"""

import contextlib
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final, LiteralString
from urllib.parse import quote

import psycopg
from psycopg import sql

from factotum.core.errors import SetupFault
from factotum.embedded.account import Account, service_account
from factotum.embedded.data_folder import DataFolder, broken, disk_full
from factotum.embedded.log import BoundedLog
from factotum.embedded.orphans import end_orphans, processes_can_be_seen, processes_in
from factotum.embedded.supervisor import Child, ChildFailed, ChildSpec, Report, quiet, run_once
from factotum.embedded.wheels import postgres_programs

MAJOR_VERSION: Final = "18"
ADMIN_ROLE: Final = "postgres"
SERVICE_ROLE: Final = "factotum_app"
DATABASE: Final = "factotum"
_START_SECONDS: Final = 60.0

# For a laptop: little memory when idle, no loss of data.
_CONFIGURATION: Final[Mapping[str, str]] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "work_mem": "8MB",
    "fsync": "on",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "io_method": "sync",
    "jit": "off",
    "autovacuum_max_workers": "2",
    "timezone": "UTC",
    # Statements hold people's data and stay out of the log.
    "log_min_error_statement": "panic",
    "log_line_prefix": "%m [%p] ",
    "log_timezone": "UTC",
    "logging_collector": "off",
}

_DAMAGE: Final = re.compile("PANIC|checkpoint record|invalid data in file|incompatible|could not open file")


class EmbeddedPostgres:
    """A Postgres of our own in `folder`. Blocking: on an event loop, call `start` and `stop` in a thread.

    `configuration` overrides server settings; `report` is told each step that takes time.
    """

    def __init__(
        self,
        folder: DataFolder,
        *,
        configuration: Mapping[str, str] | None = None,
        report: Report = quiet,
    ) -> None:
        self._folder = folder
        self._configuration = {**_CONFIGURATION, **(configuration or {})}
        self._report = report
        self._log = BoundedLog(folder.path / "logs" / "postgres.log")
        self._data = folder.path / "postgres" / "data"
        self._socket = Path()
        self._passwords: dict[str, str] = {}
        self._child: Child | None = None

    @property
    def pid(self) -> int | None:
        """The postmaster's process id; None while there is none."""
        return self._child.pid if self._child is not None else None

    @property
    def restarts(self) -> int:
        """How often the server died and was started again since `start`."""
        return self._child.restarts if self._child is not None else 0

    def admin_url(self, database: str = DATABASE) -> str:
        """Return the superuser's address, for migrations and tests. Holds a password."""
        return self._url(ADMIN_ROLE, database)

    def service_url(self, database: str = DATABASE) -> str:
        """Return the service's address; the migration makes its role. Holds a password."""
        return self._url(SERVICE_ROLE, database)

    def _url(self, role: str, database: str) -> str:
        host = quote(str(self._socket), safe="")
        return f"postgresql://{role}:{self._passwords[role]}@/{quote(database)}?host={host}&port=5432"

    def start(self) -> None:
        """Take the folder, make the database if there is none, start, and wait until it serves.

        Raises SetupFault: `data_folder_in_use`, `data_folder_broken`, `data_folder_unreachable`, `disk_full`,
        `no_service_account`, `embedded_server_missing` or `postgres_failed` (with the server's last words).
        """
        self._folder.lock()
        account = service_account(self._folder.path / "postgres")
        self._folder.room("postgres", account)
        self._socket = self._folder.socket_room("postgres/socket", account)
        programs = postgres_programs(account, self._folder.path / "programs")
        self._check_data()
        for role in (ADMIN_ROLE, SERVICE_ROLE):
            self._passwords[role] = self._folder.secret(f"password-{role}")
        if not self._data.exists():
            self._make(programs, account)
        self._report("Starting Postgres")
        self._child = Child(self._spec(programs, account), self._log, before_start=self._end_orphans)
        try:
            self._child.start(_START_SECONDS)
        except ChildFailed as failure:
            raise self._explained(failure.reason, failure.tail) from failure
        self._ensure_database()

    def stop(self) -> None:
        """Shut down in order; returns when the server is gone."""
        if self._child is not None:
            self._child.stop()

    def wait_ready(self, timeout: float) -> bool:
        """Wait until the server serves again after a restart; False when it does not in `timeout` seconds."""
        return self._child is not None and self._child.wait_ready(timeout)

    def _spec(self, programs: Path, account: Account) -> ChildSpec:
        settings = {**self._configuration, "unix_socket_directories": str(self._socket)}
        command = [str(programs / "postgres"), "-D", str(self._data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return ChildSpec(
            name="Postgres",
            command=command,
            account=account,
            ready_marker="database system is ready to accept connections",
            # Fast: clients are cut off, all is written. Immediate: the log is replayed at the next start.
            stop_signals=((signal.SIGINT, 15), (signal.SIGQUIT, 5)),
        )

    def _check_data(self) -> None:
        if not self._data.exists():
            return
        try:
            version = (self._data / "PG_VERSION").read_text(encoding="ascii").strip()
            (self._data / "global" / "pg_control").stat()
        except (OSError, UnicodeDecodeError) as error:
            raise broken(self._data, "it is not a whole Postgres folder") from error
        if version != MAJOR_VERSION:
            raise broken(self._data, f"it was made by Postgres {version[:10]}, and this is {MAJOR_VERSION}")
        if not (self._folder.path / f"password-{ADMIN_ROLE}").exists():
            raise broken(self._data, f"the file password-{ADMIN_ROLE} that belongs to it is missing")

    def _make(self, programs: Path, account: Account) -> None:
        """Run initdb beside the final place, so that an interrupted one leaves nothing that looks whole."""
        self._report("Making the database (once)")
        unfinished = self._data.with_name("data.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        password = self._data.with_name("password")
        password.touch(mode=0o600)
        password.write_text(self._passwords[ADMIN_ROLE], encoding="ascii")
        account.own(password)
        command = [str(programs / "initdb"), "-D", str(unfinished), "-U", ADMIN_ROLE, "-E", "UTF8"]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += ["--auth=scram-sha-256", f"--pwfile={password}"]
        try:
            code, output = run_once(command, account, timeout=_START_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise self._explained(f"was not made within {_START_SECONDS:g} seconds", "") from error
        finally:
            password.unlink()
        if code != 0:
            raise self._explained(f"could not be made (initdb ended with {code})", output)
        unfinished.rename(self._data)

    def _end_orphans(self) -> None:
        leader: list[int] = []
        with contextlib.suppress(OSError, ValueError):
            leader.append(int((self._data / "postmaster.pid").read_text(encoding="ascii").split("\n")[0]))
        if processes_in(self._data):
            self._report("Ending the Postgres of a service that was killed")
            end_orphans(self._data, leader)
        if processes_can_be_seen() and not processes_in(self._data):
            # The process id in them may be somebody else's by now, or that of a zombie which a container's
            # first process never collects: Postgres would take either for a living postmaster, and refuse.
            for stale in (self._data / "postmaster.pid", self._socket / ".s.PGSQL.5432.lock"):
                stale.unlink(missing_ok=True)

    def _ensure_database(self) -> None:
        with psycopg.connect(self.admin_url("postgres"), autocommit=True, connect_timeout=10) as connection:
            query: LiteralString = "select 1 from pg_database where datname = %s"
            if connection.execute(query, [DATABASE]).fetchone() is None:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))

    def _explained(self, reason: str, tail: str) -> SetupFault:
        if "No space left on device" in tail or "Disk quota exceeded" in tail:
            return disk_full(self._data)
        if other := re.search(r"Is another (?:postmaster|postgres) \(PID (\d+)\) running", tail):
            return SetupFault(
                f"A Postgres of another service, process {other[1]}, works on {self._data}.",
                hint=f"Stop it (`kill -INT {other[1]}`) and start again.",
                code="data_folder_in_use",
            )
        if _DAMAGE.search(tail):
            return broken(self._data, f"Postgres {reason}. Its last words:\n{tail}\n")
        return SetupFault(
            f"Postgres {reason}. Its last words:\n{tail or '(nothing)'}",
            hint=f"The whole log is in {self._folder.path / 'logs' / 'postgres.log'}. "
            "To use a server of your own, set DATABASE_URL.",
            code="postgres_failed",
        )
