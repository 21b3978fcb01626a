"""Runs the service as its user would, in a process of its own, and talks to it over HTTP."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.programs import unmeasured

JsonObject = dict[str, Any]

START_SECONDS = 90.0
RUN_SECONDS = 90.0
_MAIN = "from factotum.cli.main import main; main()"


@dataclass(frozen=True, slots=True)
class SseEvent:
    """One event as it came: its number, its type, its data, and its exact bytes."""

    seq: int
    type: str
    data: JsonObject
    raw: bytes


class Service:
    """`factotum serve` on a data folder. It may be started, killed and started again.

    With `measured`, its coverage counts when it ends as a person would end it.
    """

    def __init__(self, folder: Path, script: Path, *, measured: bool = False, **environment: str) -> None:
        self.folder = folder
        self._script = script
        inherited = os.environ if measured else unmeasured()
        self._environment = {
            **{name: value for name, value in inherited.items() if not name.startswith("FACTOTUM_")},
            "FACTOTUM_DATA_FOLDER": str(folder),
            "FACTOTUM_PORT": "0",
            "FACTOTUM_LEASE_SECONDS": "3",
            "FACTOTUM_SANDBOX_PYTHON": "",
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._client = httpx.Client(timeout=30)

    def start(self) -> None:
        """Start it and wait until it is ready."""
        note = self.folder / "server.json"
        note.unlink(missing_ok=True)
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _MAIN, "serve", "--script", str(self._script)],
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready(note):
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.1)
        token = (self.folder / "token").read_text().strip()
        self._client.close()
        self._client = httpx.Client(
            base_url=json.loads(note.read_text())["url"],
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )

    def _is_ready(self, note: Path) -> bool:
        try:
            url = json.loads(note.read_text())["url"]
            return httpx.get(f"{url}/readyz", timeout=5).is_success
        except (OSError, ValueError, httpx.HTTPError):
            return False

    @property
    def is_running(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """kill -9 the whole service, its embedded servers and whatever its sandboxes run."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(30)

    def kill_alone(self) -> list[int]:
        """kill -9 its process alone; return the ids of its children, which must see that themselves."""
        assert self._process is not None
        threads = Path(f"/proc/{self._process.pid}/task").iterdir()
        children = [int(child) for thread in threads for child in (thread / "children").read_text().split()]
        self._process.kill()
        self._process.wait(30)
        return children

    def stop(self) -> int:
        """End it as a person would; return its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(60)

    def close(self) -> None:
        """End it, if it runs."""
        self._client.close()
        if self._process is not None and self.is_running:
            self._process.terminate()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()

    def log(self) -> str:
        """What it said on its terminal."""
        return (self.folder.parent / f"{self.folder.name}.log").read_text(errors="replace")[-5000:]

    def call(self, method: str, path: str, **options: Any) -> JsonObject:
        """Make one request under /v1 and return its JSON."""
        response = self._client.request(method, f"/v1{path}", **options)
        assert response.is_success, response.text
        return response.json()

    def file(self, thread_id: str, path: str) -> bytes:
        """Download one file of a thread's workspace."""
        response = self._client.get(f"/v1/threads/{thread_id}/files/{path}")
        assert response.is_success, response.text
        return response.content

    def thread(self) -> str:
        """Make a thread."""
        return str(self.call("POST", "/threads", json={})["id"])

    def submit(self, thread_id: str, text: str, **body: Any) -> str:
        """Start a run; return its id."""
        return str(self.call("POST", f"/threads/{thread_id}/runs", json={"input": text, **body})["id"])

    def events(self, run_id: str, after: int = 0) -> Iterator[SseEvent]:
        """Follow a run from a cursor; the stream ends with the run, or when the iterator is closed."""
        headers = {"Last-Event-ID": str(after)} if after else {}
        with self._client.stream(
            "GET", f"/v1/runs/{run_id}/events", headers=headers, timeout=RUN_SECONDS
        ) as response:
            assert response.is_success, response.read()
            buffer = b""
            for chunk in response.iter_bytes():
                buffer += chunk
                while b"\n\n" in buffer:
                    block, _, buffer = buffer.partition(b"\n\n")
                    event = _parse(block)
                    if event is not None:
                        yield event

    def until(self, run_id: str, *types: str) -> list[SseEvent]:
        """Follow a run up to the first event of one of `types`."""
        seen: list[SseEvent] = []
        for event in self.events(run_id):
            seen.append(event)
            if event.type in types:
                return seen
        raise AssertionError(f"the stream ended without {types}: {seen[-1].data} {self.log()}")

    def wait(self, run_id: str, *statuses: str) -> JsonObject:
        """Wait until the run has one of `statuses`."""
        deadline = time.monotonic() + RUN_SECONDS
        while True:
            run = self.call("GET", f"/runs/{run_id}")
            if run["status"] in statuses:
                return run
            assert time.monotonic() < deadline, (run, self.log())
            time.sleep(0.1)

    def messages(self, thread_id: str) -> list[JsonObject]:
        """All messages of a thread."""
        return list(self.call("GET", f"/threads/{thread_id}/messages", params={"limit": 200})["items"])


def _parse(block: bytes) -> SseEvent | None:
    fields: dict[str, str] = {}
    for line in block.decode().split("\n"):
        name, _, value = line.partition(": ")
        fields[name] = value
    if "data" not in fields:
        return None
    return SseEvent(int(fields["id"]), fields["event"], json.loads(fields["data"]), block)
