"""The HTTP API as Python: one method a call, failures as the errors of `factotum.core.errors`."""

import ssl
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, cast
from urllib.parse import quote

import httpx
from pydantic import BaseModel

from factotum.cli.address import NOT_RUNNING, Address
from factotum.core.errors import (
    Conflict,
    FactotumError,
    Forbidden,
    InvalidInput,
    NotFound,
    RateLimited,
    SetupFault,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from factotum.core.frozen import Frozen
from factotum.protocol.approvals import Approval
from factotum.protocol.messages import Message
from factotum.protocol.runs import Delivery, Run, RunOptions
from factotum.protocol.stuck import StuckRuns

_SECONDS = 30.0
_STOP_SECONDS = 20.0
_UPLOAD_SECONDS = 120.0
_CHUNK = 1 << 16
_PAGE = 200
_KINDS: dict[int, type[FactotumError]] = {
    400: InvalidInput,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    422: InvalidInput,
    501: SetupFault,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}

Answer = TypeVar("Answer", bound=BaseModel)


class Thread(BaseModel):
    """A conversation."""

    id: str
    project_id: str
    title: str
    created_at: datetime
    updated_at: datetime


class File(BaseModel):
    """An entry of a thread's workspace; `path` is relative to it."""

    path: str
    kind: Literal["file", "folder", "link", "other"]
    size_bytes: int
    modified_at: datetime


class Listing(BaseModel):
    """The entries of a folder. `truncated`: there are more than are listed."""

    items: list[File]
    truncated: bool


class Model(BaseModel):
    """A model that can be used now. Prices in dollars a million tokens; None: not known."""

    id: str
    provider: str
    context_window: int | None = None
    input_usd_per_million: float | None = None
    output_usd_per_million: float | None = None
    note: str = ""


class Models(BaseModel):
    """The models, and the one that runs get which name none."""

    items: list[Model]
    default: str


class ToolEntry(BaseModel):
    """A tool, and why it is not offered if it is not."""

    name: str
    family: str
    effect: str
    deadline_seconds: float
    offered: bool
    reason: str = ""
    setting: str = ""


class Tools(BaseModel):
    """Every tool of the service."""

    items: list[ToolEntry]


class Part(BaseModel):
    """How one part of the service is."""

    ok: bool
    detail: str = ""


class Readiness(BaseModel):
    """How the service is."""

    status: str
    parts: dict[str, Part]


class Sent(Frozen):
    """What became of a message: `sent` into the run, `answered` its question, or `queued` as its task."""

    outcome: str
    run: Run


class Service:
    """The service at an address; a context, which closes the connections. Threads may share it."""

    def __init__(self, address: Address) -> None:
        self.address = address
        # Loading the authorities takes 30 ms, and a proxy has no business with this machine's own addresses.
        verify = True if address.url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        headers = {"Authorization": f"Bearer {address.token}"}
        if address.account is not None:
            headers["Factotum-Account"] = address.account
        self.http = httpx.Client(
            base_url=address.url,
            headers=headers,
            timeout=httpx.Timeout(_SECONDS, connect=5.0),
            verify=verify,
            trust_env=not address.local,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    def create_thread(self, *, project_id: str | None = None) -> Thread:
        """Make a thread, in a project of its own if none is named. The service gives it its title."""
        body = {"project_id": project_id} if project_id else {}
        return self._call(Thread, "POST", "/v1/threads", json=body)

    def thread(self, thread_id: str) -> Thread:
        """Read one thread. Raises NotFound."""
        return self._call(Thread, "GET", f"/v1/threads/{_in_path(thread_id)}")

    def threads(self, limit: int) -> list[Thread]:
        """Return at most `limit` threads, newest first."""
        return list(self._pages(Thread, "/v1/threads", limit))

    def messages(self, thread_id: str) -> Iterator[Message]:
        """Yield the messages of a thread, oldest first."""
        return self._pages(Message, f"/v1/threads/{_in_path(thread_id)}/messages", None)

    def submit(self, thread_id: str, text: str, *, model: str | None, options: RunOptions, key: str) -> Run:
        """Give the agent a task.

        The same `key` gives the same run, so it can be tried again.
        """
        body: dict[str, Any] = {"input": text, "options": options.model_dump()}
        if model is not None:
            body["model"] = model
        path, headers = f"/v1/threads/{_in_path(thread_id)}/runs", {"Idempotency-Key": key}
        try:
            return self._call(Run, "POST", path, json=body, headers=headers)
        except Unavailable:
            return self._call(Run, "POST", path, json=body, headers=headers)

    def run(self, run_id: str, *, seconds: float = _SECONDS) -> Run:
        """Read one run, within `seconds`. Raises NotFound."""
        return self._call(Run, "GET", f"/v1/runs/{_in_path(run_id)}", timeout=seconds)

    def runs(self, limit: int, *, thread_id: str | None = None) -> list[Run]:
        """Return at most `limit` runs, of a thread or of all, newest first."""
        path = f"/v1/threads/{_in_path(thread_id)}/runs" if thread_id else "/v1/runs"
        return list(self._pages(Run, path, limit))

    def stuck(self, limit: int) -> StuckRuns:
        """Return at most `limit` runs (200 or less) that do not go on, with why."""
        return self._call(StuckRuns, "GET", f"/v1/runs/stuck?limit={min(limit, 200)}")

    def stop(self, run_id: str) -> Run:
        """Stop a run. Returns when it has ended or, after ten seconds, while it is still stopping."""
        return self._call(Run, "POST", f"/v1/runs/{_in_path(run_id)}/stop", timeout=_STOP_SECONDS)

    def send(self, thread_id: str, text: str, delivery: Delivery, key: str) -> Sent:
        """Bring a message to the thread's run, or make one for it.

        The same `key` sends once, so it can be tried again.
        """
        path, headers = f"/v1/threads/{_in_path(thread_id)}/messages", {"Idempotency-Key": key}
        request = {"json": {"text": text, "delivery": delivery}, "headers": headers}
        try:
            return self._call(Sent, "POST", path, **request)
        except Unavailable:
            return self._call(Sent, "POST", path, **request)

    def answer(self, run_id: str, text: str) -> Run:
        """Answer the question of a waiting run. Raises Conflict (`run_not_waiting`)."""
        return self._call(Run, "POST", f"/v1/runs/{_in_path(run_id)}/input", json={"text": text})

    def approvals(self, run_id: str) -> list[Approval]:
        """Return a run's approvals, those that wait and those that are decided."""
        answer = self._json("GET", f"/v1/runs/{_in_path(run_id)}/approvals")
        return [Approval.model_validate(item, extra="ignore") for item in answer["items"]]

    def decide(self, approval: Approval, decision: dict[str, Any]) -> Approval:
        """Decide about a call. Raises Conflict (`approval_decided`, `approval_expired`), InvalidInput."""
        path = f"/v1/runs/{_in_path(approval.run_id)}/approvals/{_in_path(approval.id)}"
        return self._call(Approval, "POST", path, json=decision)

    def files(self, thread_id: str, path: str = ".", *, recursive: bool = False) -> Listing:
        """List a folder of the workspace. Raises NotFound."""
        query = {"path": path, "recursive": "true" if recursive else "false"}
        return self._call(Listing, "GET", f"/v1/threads/{_in_path(thread_id)}/files", params=query)

    def upload(self, thread_id: str, path: str, source: Path) -> File:
        """Send a file. Raises InvalidInput (`file_unreadable`), TooLarge."""
        try:
            with source.open("rb") as handle:
                return self._call(
                    File,
                    "PUT",
                    _file_path(thread_id, path),
                    content=iter(lambda: handle.read(_CHUNK), b""),
                    timeout=_UPLOAD_SECONDS,
                )
        except OSError as error:
            raise InvalidInput(
                f"The file {source} cannot be read: {error.strerror or error}.", code="file_unreadable"
            ) from None

    def download(self, thread_id: str, path: str) -> Iterator[bytes]:
        """Yield a file's content. Raises NotFound, InvalidInput (`not_a_file`)."""
        with self._faults_named(), self.http.stream("GET", _file_path(thread_id, path)) as response:
            _refuse(response)
            yield from response.iter_bytes(_CHUNK)

    def models(self) -> Models:
        """Return the models that can be used."""
        return self._call(Models, "GET", "/v1/models")

    def tools(self, agent_id: str | None = None) -> Tools:
        """Return every tool, and why some are not offered."""
        return self._call(Tools, "GET", "/v1/tools", params={"agent_id": agent_id} if agent_id else None)

    def call(self, kind: type[Answer], method: str, path: str, **request: Any) -> Answer:
        """Send what has no method of its own here, and read the answer as `kind`."""
        return self._call(kind, method, path, **request)

    def remove(self, path: str) -> None:
        """Delete what is at `path`. Raises NotFound."""
        self.order("DELETE", path)

    def order(self, method: str, path: str) -> None:
        """Have something done that answers nothing."""
        with self._faults_named():
            _refuse(self.http.request(method, path))

    def readiness(self) -> Readiness:
        """Ask how the parts are; also when the service says that it is not ready."""
        with self._faults_named():
            response = self.http.get("/readyz")
            if response.status_code not in {200, 503}:
                _refuse(response)
            return _read(Readiness, response)

    def _pages(self, kind: type[Answer], path: str, limit: int | None) -> Iterator[Answer]:
        """Yield the items of a list, page after page, at most `limit`."""
        left, after = limit, None
        while left is None or left > 0:
            query: dict[str, Any] = {"limit": min(left or _PAGE, _PAGE)}
            if after is not None:
                query["after"] = after
            page = self._json("GET", path, params=query)
            items = cast("list[Any]", page["items"])
            yield from (kind.model_validate(item, extra="ignore") for item in items)
            after = page.get("next")
            left = None if left is None else left - len(items)
            if after is None or not items:
                return

    def _json(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        with self._faults_named():
            response = self.http.request(method, path, **request)
            _refuse(response)
            return cast("dict[str, Any]", response.json())

    def _call(self, kind: type[Answer], method: str, path: str, **request: Any) -> Answer:
        with self._faults_named():
            response = self.http.request(method, path, **request)
            _refuse(response)
            return _read(kind, response)

    @contextmanager
    def _faults_named(self) -> Generator[None]:
        """Turn what httpx says of a connection into Unavailable (`service_unreachable`)."""
        try:
            yield
        except httpx.TransportError as error:
            raise unreachable(self.address, error) from error


def unreachable(address: Address, error: Exception) -> Unavailable:
    """Return the fault for a service that does not answer."""
    slow = isinstance(error, httpx.TimeoutException)
    return Unavailable(
        f"The service at {address.url} {'did not answer in time' if slow else 'cannot be reached'}.",
        hint=NOT_RUNNING if address.local else "Check FACTOTUM_URL and the network.",
        code="service_unreachable",
    )


def fault_of(response: httpx.Response) -> FactotumError:
    """Return the failure that a response tells of: problem+json of ours, or what somebody in between says."""
    problem: dict[str, Any] = {}
    try:
        body = response.json()
    except ValueError:
        body = None
    if isinstance(body, dict):
        problem = cast("dict[str, Any]", body)
    detail = str(problem.get("detail") or f"The service answered {response.status_code}.")
    fields = cast("list[dict[str, Any]]", problem.get("errors") or [])
    named = [f"{field.get('field')}: {field.get('problem')}" for field in fields]
    message, hint = "\n  ".join([detail, *named]), str(problem.get("hint") or "")
    status = response.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited(message, retry_after_seconds=retry_after(response, 5.0), hint=hint)
    kind = _KINDS.get(status, FactotumError)
    if kind is Unauthenticated and not hint:
        hint = "Set FACTOTUM_API_TOKEN to the service's token."
    return kind(message, hint=hint, code=str(problem["code"]) if problem.get("code") else None)


def retry_after(response: httpx.Response, otherwise: float) -> float:
    """Return how long a response asks to wait, in seconds, at most a minute."""
    try:
        return min(60.0, max(0.0, float(response.headers.get("Retry-After", otherwise))))
    except ValueError:
        return otherwise


def _refuse(response: httpx.Response) -> None:
    if not response.is_success:
        response.read()
        raise fault_of(response)


def _read(kind: type[Answer], response: httpx.Response) -> Answer:
    """Read an answer, passing over fields of a newer service."""
    try:
        return kind.model_validate_json(response.content, extra="ignore")
    except ValueError as error:
        raise Unavailable(
            f"What answers at {response.url.host} is not Factotum, or another version of it.",
            hint="Check FACTOTUM_URL.",
            code="not_factotum",
        ) from error


def _in_path(text: str) -> str:
    return quote(text, safe="")


def _file_path(thread_id: str, path: str) -> str:
    return f"/v1/threads/{_in_path(thread_id)}/files/{quote(path)}"
