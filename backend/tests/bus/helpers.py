"""A Valkey that a test may kill, and short ways to write and read logs."""

import asyncio
import shutil
import signal
import subprocess
import tempfile
from contextlib import aclosing
from pathlib import Path

from factotum.bus.entries import Entry
from factotum.bus.redis import Redis
from factotum.bus.run_log import RunLog
from factotum.bus.tail import LiveTail
from factotum.bus.writer import RunLogWriter
from factotum.core.ids import new_id
from factotum.embedded.account import service_account
from factotum.embedded.wheels import valkey_program
from factotum.protocol.events import RUN_EVENT, FileChanged, RunFinished, TextDelta
from factotum.protocol.runs import Usage

END = RunFinished(reason="complete", usage=Usage())


class KillableValkey:
    """A Valkey of one test. It keeps each write on disk, unless it is started again without its data."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ft-"))
        self.url = f"unix://{self.folder}/v.sock"
        account = service_account(self.folder / "account")
        self._program = valkey_program(account, self.folder / "programs")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it answers."""
        options = [
            "--port",
            "0",
            "--unixsocket",
            f"{self.folder}/v.sock",
            "--dir",
            str(self.folder),
            "--save",
            "",
        ]
        options += ["--appendonly", "yes", "--appendfsync", "always"]
        self._process = subprocess.Popen(
            [str(self._program), *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if b"Ready to accept connections" in line:
                return
        raise AssertionError("Valkey did not start")

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the server."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self, *, lose_data: bool = False) -> None:
        """Kill -9 it, and perhaps its data with it."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None
        if lose_data:
            shutil.rmtree(self.folder / "appendonlydir")

    async def restart(self, *, lose_data: bool = False, away_seconds: float = 0.0) -> None:
        """Kill -9, wait, start again."""
        await asyncio.to_thread(self.kill, lose_data=lose_data)
        await asyncio.sleep(away_seconds)
        await asyncio.to_thread(self.start)


class Bus:
    """All parts of the bus over one address, closed together."""

    def __init__(self, url: str, *, max_entries: int = 20_000, poll_seconds: float = 5.0) -> None:
        self.redis = Redis(url)
        self.log = RunLog(self.redis, max_entries=max_entries)
        self.tail = LiveTail(self.redis, self.log, poll_seconds=poll_seconds)

    async def writer(
        self, run_id: str | None = None, attempt: int = 1, floor: int = 0
    ) -> tuple[str, RunLogWriter]:
        """Open a log and make its writer."""
        run_id = run_id or new_id()
        return run_id, self.log.writer(run_id, attempt, await self.log.open(run_id, attempt, floor))

    async def stored(self, run_id: str) -> list[Entry]:
        """Read a whole log by the stream."""
        entries: list[Entry] = []
        while True:
            page = await self.log.read(run_id, entries[-1].seq if entries else 0)
            entries += page.entries
            if page.caught_up:
                return entries

    async def collect(
        self, run_id: str, after: int = 0, *, count: int | None = None, into: list[Entry] | None = None
    ) -> list[Entry]:
        """Read by the live tail to the end, or `count` entries; `into` has each as soon as it came."""
        entries: list[Entry] = [] if into is None else into
        async with aclosing(self.tail.subscribe(run_id, after)) as tail:
            async for entry in tail:
                entries.append(entry)
                if len(entries) == count:
                    break
        return entries

    async def aclose(self) -> None:
        """Close everything."""
        await self.tail.aclose()
        await self.log.aclose()
        await self.redis.aclose()


def text(words: str, message_id: str = "m1") -> TextDelta:
    """Make a delta."""
    return TextDelta(message_id=message_id, text=words)


def durable(number: int) -> FileChanged:
    """Make a durable event that tells its number."""
    return FileChanged(path=f"file-{number}", action="created", size_bytes=number)


def paths(entries: list[Entry]) -> list[str]:
    """Return what durable events of `durable` say, in order."""
    events = [RUN_EVENT.validate_json(entry.data) for entry in entries]
    return [event.path for event in events if isinstance(event, FileChanged)]


def assert_dense(entries: list[Entry], first: int = 1) -> None:
    """Check that numbers are dense and that each event carries its own."""
    assert [entry.seq for entry in entries] == list(range(first, first + len(entries)))
    for entry in entries:
        event = RUN_EVENT.validate_json(entry.data)
        assert (event.seq, event.type) == (entry.seq, entry.type)
