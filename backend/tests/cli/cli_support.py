"""What the tests of the command line share: event lists, and a small API of a service that plays them."""

import fcntl
import io
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import chdir, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TextIO
from unittest.mock import patch

from factotum.cli.main import main
from factotum.protocol.approvals import Approval
from factotum.protocol.events import (
    MessageCreated,
    PlanUpdated,
    ReasoningDelta,
    RunEvent,
    RunFinished,
    RunQueued,
    RunStarted,
    RunStopped,
    TextDelta,
    ToolArgumentsDelta,
    ToolFinished,
    ToolOutputDelta,
    ToolStarted,
    UsageRecorded,
)
from factotum.protocol.messages import Message, Part, Role, TextPart, ToolCallPart, ToolResultPart
from factotum.protocol.runs import Plan, PlanItem, Question, Run, RunStatus, Usage
from factotum.settings import settings

RUN_ID = "0190a0a0-0000-7000-8000-000000000001"
THREAD_ID = "0190a0a0-0000-7000-8000-000000000002"
SNAPSHOTS = "/v1/projects/p/snapshots"
TOKEN = "t" * 40
KEY = "fct_" + "k" * 43
MEMBER = {"user_id": RUN_ID, "name": "Ada", "role": "owner", "created_at": "2026-11-22T09:00:00Z"}
INVITATION = {
    "id": RUN_ID,
    "role": "member",
    "note": None,
    "created_at": "2026-11-22T09:00:00Z",
    "expires_at": "2026-11-29T09:00:00Z",
}
USED = {
    "runs": 2,
    "steps": 5,
    "input_tokens": 12_345,
    "cached_tokens": 600,
    "output_tokens": 100,
    "cost_usd": 0.25,
}
BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def message(message_id: str, role: Role, *parts: Part) -> Message:
    """Make a stored message of the run."""
    return Message(
        id=message_id,
        thread_id=THREAD_ID,
        run_id=RUN_ID,
        position=1,
        role=role,
        parts=parts,
        created_at=BEGAN,
    )


def make_run(status: RunStatus = "running", **changes: Any) -> Run:
    """Make the run as the API answers it."""
    return Run(
        id=RUN_ID,
        thread_id=THREAD_ID,
        project_id="p",
        account_id="a",
        status=status,
        model="openai/scripted",
        attempt=1,
        step=1,
        created_at=BEGAN,
    ).model_copy(update=changes)


def stamped(events: Sequence[RunEvent]) -> list[RunEvent]:
    """Give events their envelope: dense numbers from 1, half a second apart."""
    return [
        event.model_copy(update={"run_id": RUN_ID, "seq": seq, "at": BEGAN + timedelta(seconds=seq / 2)})
        for seq, event in enumerate(events, 1)
    ]


def a_whole_run() -> list[RunEvent]:
    """Return the events of a run that thinks, plans, runs a command, and completes."""
    usage = Usage(input_tokens=1000, output_tokens=200, cost_usd=0.01)
    plan = Plan(items=(PlanItem(text="Count", status="active"), PlanItem(text="Tell")))
    call = ToolCallPart(call_id="c1", name="shell", arguments={"command": "ls -l"})
    done = ToolCallPart(call_id="c2", name="complete", arguments={"summary": "There are **two** files."})
    return stamped(
        [
            RunQueued(thread_id=THREAD_ID),
            MessageCreated(message=message("m0", "user", TextPart(text="Count the files"))),
            RunStarted(attempt=1, model="openai/scripted"),
            ReasoningDelta(message_id="m1", text="Let me see."),
            TextDelta(message_id="m1", text="I will "),
            TextDelta(message_id="m1", text="look."),
            ToolArgumentsDelta(message_id="m1", call_id="c1", name="shell", text='{"command": "ls'),
            MessageCreated(message=message("m1", "assistant", TextPart(text="I will look."), call)),
            UsageRecorded(model="openai/scripted", usage=usage),
            PlanUpdated(plan=plan),
            ToolStarted(call_id="c1", message_id="m1", name="shell", arguments=call.arguments),
            ToolOutputDelta(call_id="c1", stream="stdout", text="a.txt\n"),
            ToolFinished(
                call_id="c1",
                name="shell",
                outcome="ok",
                output="a.txt\nb.txt\n[exit code 0]",
                duration_ms=320,
            ),
            MessageCreated(
                message=message(
                    "m2", "tool", ToolResultPart(call_id="c1", name="shell", output="a.txt\nb.txt")
                )
            ),
            MessageCreated(message=message("m3", "assistant", done)),
            UsageRecorded(model="openai/scripted", usage=usage),
            ToolStarted(call_id="c2", message_id="m3", name="complete", arguments=done.arguments),
            ToolFinished(call_id="c2", name="complete", outcome="ok", output="", duration_ms=0),
            RunFinished(reason="complete", usage=usage.plus(usage), deliverables=("out/a.txt",)),
        ]
    )


def a_slow_run() -> list[RunEvent]:
    """Return the first events of a run that is in the middle of a command."""
    return a_whole_run()[:12]


def frame(event: RunEvent) -> bytes:
    """Write one event as the service does."""
    return f"id: {event.seq}\nevent: {event.type}\ndata: {event.model_dump_json()}\n\n".encode()


@dataclass
class Api:
    """The small service. What it was asked stands in `asked`, bodies in `bodies`."""

    events: list[RunEvent]
    cut_every_event: bool = False
    stays_open: bool = False
    refuse_stop: bool = False
    hold_stop: bool = False
    refuse_input: bool = False
    approvals: list[Approval] = field(default_factory=list[Approval])
    refuse_decisions: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    """What the first decisions are answered in place of being taken."""
    first_answers: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    """What connections to the event stream are answered first, in place of events."""
    status: RunStatus = "running"
    asked: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    bodies: list[Any] = field(default_factory=list[Any])
    cursors: list[int] = field(default_factory=list[int])
    accounts: list[str | None] = field(default_factory=list[str | None])
    more: threading.Event = field(default_factory=threading.Event)
    uploads: dict[str, bytes] = field(default_factory=dict[str, bytes])
    secrets: dict[str, dict[str, object]] = field(default_factory=dict[str, dict[str, object]])
    versions: list[dict[str, object]] | None = field(default_factory=list[dict[str, object]])
    """None: the service's sandboxes keep none."""
    raw_frames: list[bytes] | None = None
    url: str = ""

    def end(self, event: RunEvent, status: RunStatus) -> None:
        """Add a last event and let open streams go on."""
        last = event.model_copy(update={"run_id": RUN_ID, "seq": len(self.events) + 1, "at": BEGAN})
        self.events.append(last)
        self.status = status
        self.more.set()


class Request(BaseHTTPRequestHandler):
    """Answers as the real API does; `server.api` says how."""

    api: Api

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer a GET."""
        path, _, query = self.path.partition("?")
        if not self._allowed("GET", path):
            return
        if path == f"/v1/runs/{RUN_ID}/events":
            self._stream()
        elif path == f"/v1/threads/{THREAD_ID}/files/out/a.txt":
            self._bytes(200, b"two\n", "text/plain")
        elif path in (answers := self._answers("out/" if "path=out" in query else "")):
            self._json(200, answers[path])
        else:
            self._problem(404, "not_found", "There is nothing at this address.")

    def _answers(self, folder: str) -> dict[str, object]:
        """Return what is answered at which path; `folder` is the one whose files are listed."""
        waits = Question(reason="approval", text="May I?") if self.api.approvals else None
        run = make_run(self.api.status, question=waits).model_dump(mode="json")
        stored = [event.message for event in self.api.events if isinstance(event, MessageCreated)]
        model = {"id": "demo", "provider": "factotum", "context_window": 1000, "note": "A script."}
        part = {"ok": True, "detail": ""}
        offered: dict[str, object] = {"name": "shell", "family": "shell", "effect": "unsafe"}
        offered |= {"deadline_seconds": 660, "offered": True}
        lacking = {**offered, "name": "search", "offered": False, "reason": "No key.", "setting": "A_KEY"}
        thread = f"/v1/threads/{THREAD_ID}"
        return {
            f"/v1/runs/{RUN_ID}": run,
            "/v1/runs": {"items": [run], "next": None},
            "/v1/runs/stuck": {"items": [{"run": run, "why": "no_room", "seconds": 90.0, "hint": "Wait."}]},
            f"/v1/runs/{RUN_ID}/approvals": {
                "items": [approval.model_dump(mode="json") for approval in self.api.approvals]
            },
            f"{thread}/runs": {"items": [run], "next": None},
            thread: _thread(),
            "/v1/threads": {"items": [_thread()], "next": None},
            f"{thread}/messages": {"items": [m.model_dump(mode="json") for m in stored], "next": None},
            f"{thread}/files": {"items": [_file(f"{folder}a.txt")], "truncated": False},
            "/v1/models": {"items": [model], "default": "demo"},
            "/v1/tools": {"items": [offered, lacking]},
            "/v1/keys": {"items": [_key()]},
            "/v1/me": {"user_id": RUN_ID},
            "/v1/members": {"items": [MEMBER, {**MEMBER, "user_id": THREAD_ID, "name": None}]},
            "/v1/invitations": {"items": [INVITATION]},
            "/v1/usage": {"items": [{**USED, "key": "m", "name": "m"}], "total": USED},
            "/v1/secrets": {"items": list(self.api.secrets.values())},
            SNAPSHOTS: {"items": self.api.versions or [], "supported": self.api.versions is not None},
            "/readyz": {"status": "ok", "parts": {"postgres": part}},
        }

    def do_POST(self) -> None:
        """Answer a POST."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.api.bodies.append(json.loads(body) if body else None)
        if not self._allowed("POST", self.path):
            return
        if self.path == "/v1/threads":
            self._json(201, _thread())
        elif self.path == f"/v1/threads/{THREAD_ID}/runs":
            self._json(202, make_run("queued").model_dump(mode="json"))
        elif self.path in {"/v1/keys", "/v1/invitations"}:
            made = {
                "/v1/keys": {**_key(), "key": KEY},
                "/v1/invitations": {**INVITATION, "token": "fci_token"},
            }
            self._json(201, {**made[self.path], **self.api.bodies[-1]})
        elif self.path == f"/v1/runs/{RUN_ID}/stop":
            self._stop()
        elif self.path == f"/v1/threads/{THREAD_ID}/messages":
            self._json(202, {"outcome": "sent", "run": make_run("running").model_dump(mode="json")})
        elif self.path == f"/v1/runs/{RUN_ID}/input":
            self.api.end(a_whole_run()[-1], "finished")
            if self.api.refuse_input:
                self._problem(409, "run_not_waiting", "The run asks nothing.")
                return
            self._json(202, make_run("queued").model_dump(mode="json"))
        elif self.path.startswith(f"/v1/runs/{RUN_ID}/approvals/"):
            self._decide(self.path.rpartition("/")[2], self.api.bodies[-1])
        else:
            self._snapshot()

    def _snapshot(self) -> None:
        """Keep a version, or put one back, if that is asked."""
        if self.path == f"{SNAPSHOTS}/v1/restore":
            self._bytes(204, b"", "application/json")
            return
        if self.path != SNAPSHOTS:
            self._problem(404, "not_found", "There is nothing at this address.")
            return
        taken = _version(str(self.api.bodies[-1]["note"]))
        self.api.versions = [taken, *(self.api.versions or [])]
        self._json(201, taken)

    def _stop(self) -> None:
        """Stop the run, or not, as the test wants."""
        if self.api.refuse_stop:
            self._problem(503, "unavailable", "The database is down.")
            threading.Timer(0.5, self.api.end, (a_whole_run()[-1], "finished")).start()
            return
        if self.api.hold_stop:
            self.api.more.wait(20)
            return
        self.api.end(RunStopped(not_executed=("create_file",), usage=Usage()), "stopped")
        self._json(200, make_run("stopped").model_dump(mode="json"))

    def _decide(self, approval_id: str, body: dict[str, Any]) -> None:
        """Take a decision; the last one lets the run end."""
        if self.api.refuse_decisions:
            status, code = self.api.refuse_decisions.pop(0)
            self._problem(status, code, "Not so.")
            return
        number = next(n for n, each in enumerate(self.api.approvals) if each.id == approval_id)
        status = "approved" if body["decision"] == "approve" else "denied"
        decided = self.api.approvals[number].model_copy(update={"status": status})
        self.api.approvals[number] = decided
        if all(each.status != "pending" for each in self.api.approvals):
            self.api.end(a_whole_run()[-1], "finished")
        self._json(200, decided.model_dump(mode="json"))

    def do_PUT(self) -> None:
        """Take a file, or a secret."""
        if self.path.startswith("/v1/secrets/"):
            self._put_secret(self.path.rpartition("/")[2])
            return
        content = b""
        while size := int(self.rfile.readline(), 16):
            content += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        if self._allowed("PUT", self.path):
            name = self.path.rpartition("/files/")[2]
            self.api.uploads[name] = content
            self._json(201, _file(name))

    def _put_secret(self, name: str) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.api.bodies.append(body)
        if self._allowed("PUT", self.path):
            at = BEGAN.isoformat()
            kept = {"name": name, "hosts": body["hosts"], "created_at": at, "updated_at": at}
            self.api.secrets[name] = {**kept, "last_used_at": at if body["value"] is None else None}
            self._json(200, self.api.secrets[name])

    def do_PATCH(self) -> None:
        """Change a member."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.api.bodies.append(body)
        if self._allowed("PATCH", self.path):
            self._json(200, {**MEMBER, **body})

    def do_DELETE(self) -> None:
        """Forget a secret, or end a key."""
        if not self._allowed("DELETE", self.path):
            return
        if self.path.startswith(("/v1/keys/", "/v1/members/", "/v1/invitations/", SNAPSHOTS)):
            self._bytes(204, b"", "application/json")
        elif self.api.secrets.pop(self.path.rpartition("/")[2], None) is None:
            self._problem(404, "secret_not_found", "There is no such secret.")
        else:
            self._bytes(204, b"", "application/json")

    def _allowed(self, method: str, path: str) -> bool:
        self.api.asked.append((method, path))
        self.api.accounts.append(self.headers.get("Factotum-Account"))
        if self.headers.get("Authorization") == f"Bearer {TOKEN}":
            return True
        self._problem(401, "unauthenticated", "This token is not valid.")
        return False

    def _stream(self) -> None:
        after = int(self.headers.get("Last-Event-ID") or 0)
        self.api.cursors.append(after)
        if self.api.first_answers:
            status, code = self.api.first_answers.pop(0)
            if code:
                self._problem(status, code, "Not now.")
            else:
                self.send_response(status)
                self.end_headers()
            return
        left = [event for event in self.api.events if event.seq > after]
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b"retry: 1000\n\n")
        if self.api.raw_frames is not None:
            self.wfile.write(self.api.raw_frames.pop(0))
            return
        if self.api.cut_every_event:
            # One event, and the beginning of the next.
            self.wfile.write(frame(left[0]) + b"".join(frame(event)[:37] for event in left[1:2]))
            return
        self.wfile.write(b"".join(map(frame, left)))
        if self.api.stays_open and self.api.more.wait(20):
            sent = left[-1].seq if left else after
            self.wfile.write(b"".join(frame(event) for event in self.api.events if event.seq > sent))

    def _problem(self, status: int, code: str, detail: str) -> None:
        problem = {"title": "", "status": status, "detail": detail, "code": code, "hint": "Do this."}
        self._bytes(status, json.dumps(problem).encode(), "application/problem+json")

    def _json(self, status: int, body: object) -> None:
        self._bytes(status, json.dumps(body).encode(), "application/json")

    def _bytes(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _version(note: str) -> dict[str, object]:
    told = {"id": "v1", "made_at": BEGAN.isoformat(), "size_bytes": 1_500, "run_id": None}
    return {**told, "reason": "asked", "note": note}


def _thread() -> dict[str, object]:
    at = BEGAN.isoformat()
    return {"id": THREAD_ID, "project_id": "p", "title": "Files", "created_at": at, "updated_at": at}


def _file(path: str) -> dict[str, object]:
    return {"path": path, "kind": "file", "size_bytes": 4, "modified_at": BEGAN.isoformat()}


@contextmanager
def serving(api: Api) -> Generator[Api]:
    """Serve `api` on a free loopback port; its address is put into it."""
    handler = type("Handler", (Request,), {"api": api})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = False
    server.block_on_close = True
    api.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield api
    finally:
        api.more.set()
        server.shutdown()
        thread.join()
        server.server_close()


def environment(api: Api | None, home: Path, **more: str) -> dict[str, str]:
    """Return the environment of a command that talks to `api`."""
    base = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
    own = {"FACTOTUM_DATA_FOLDER": str(home), "PYTHONWARNINGS": "error", "PYTHONIOENCODING": "utf-8"}
    if api is not None:
        own |= {"FACTOTUM_URL": api.url, "FACTOTUM_API_TOKEN": TOKEN}
    return base | own | more


def start(api: Api | None, home: Path, *arguments: str, **more: str) -> subprocess.Popen[bytes]:
    """Start a command as a program of its own, in a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "factotum.cli", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=home,
        env=environment(api, home, **more) | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


def command(api: Api | None, home: Path, *arguments: str, stdin: str = "", **more: str) -> Done:
    """Run a command to its end in this process, in the folder `home`, with a pipe as stdin."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w", encoding="utf-8") as pipe:
        pipe.write(stdin)
    out, err = io.BytesIO(), io.BytesIO()
    with os.fdopen(reading, encoding="utf-8") as given:
        text = [io.TextIOWrapper(stream, "utf-8", write_through=True) for stream in (out, err)]
        code = _run(environment(api, home, **more), home, arguments, given, *text)
    return Done(code, out.getvalue().decode(), err.getvalue().decode())


def at_terminal(api: Api, home: Path, *arguments: str, typed: Sequence[tuple[str, str]]) -> tuple[int, str]:
    """Run a command at a terminal; return its exit code and all that was shown.

    `typed` are pairs: once the first shows up, the second is typed.
    """
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 35, 100, 0, 0))
    said = bytearray()

    def person() -> None:
        left, read_until = list(typed), 0
        while True:
            try:
                chunk = os.read(master, 4096)
            except OSError:
                return
            if not chunk:
                return
            said.extend(chunk)
            place = said.find(left[0][0].encode(), read_until) if left else -1
            if place >= 0:
                read_until = len(said)
                os.write(master, left.pop(0)[1].encode())

    typist = threading.Thread(target=person)
    typist.start()
    with (
        open(slave, encoding="utf-8", closefd=False) as given,
        open(slave, "w", encoding="utf-8", closefd=False) as out,
    ):
        env = environment(api, home, TERM="xterm-256color")
        code = _run(env, home, arguments, given, out, out)
    os.close(slave)
    typist.join(10)
    os.close(master)
    return code, said.decode()


@contextmanager
def pressing_ctrl_c(api: Api, times: int = 1) -> Generator[None]:
    """Press Ctrl-C in this process, `times` times, once a run is watched and while the block lasts.

    The main thread gets it, as at a terminal: in another thread it would not end a blocking read.
    """
    main = threading.main_thread().ident
    over = threading.Event()

    def press() -> None:
        deadline = time.monotonic() + 30
        while not api.cursors and time.monotonic() < deadline and not over.wait(0.02):
            pass
        for _ in range(times):
            if not over.wait(0.5) and main is not None:
                signal.pthread_kill(main, signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    try:
        yield
    finally:
        over.set()
        # One that was pressed at the very end must not end the test process.
        with suppress(KeyboardInterrupt):
            thread.join(60)


def _run(
    env: dict[str, str],
    home: Path,
    arguments: Sequence[str],
    stdin: TextIO,
    stdout: TextIO,
    stderr: TextIO,
) -> int:
    settings.cache_clear()
    with (
        patch.dict(os.environ, env, clear=True),
        patch.multiple(sys, argv=["factotum", *arguments], stdin=stdin, stdout=stdout, stderr=stderr),
        chdir(home),
    ):
        try:
            main()
        except SystemExit as end:
            return int(end.code or 0)
        finally:
            settings.cache_clear()


def _key() -> dict[str, object]:
    times = {"created_at": BEGAN.isoformat(), "expires_at": None, "last_used_at": BEGAN.isoformat()}
    return {"id": RUN_ID, "name": "Robot", "prefix": KEY[:12], "scope": "read", **times}
