"""The events of a run over SSE (WHATWG HTML §9.2), each once, whatever becomes of the connection."""

import random
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from http import HTTPStatus

import httpx
from httpx_sse import EventSource, ServerSentEvent
from pydantic import TypeAdapter, ValidationError

from factotum.cli.client import Service, fault_of, retry_after, unreachable
from factotum.core.errors import FactotumError, RateLimited, Unavailable
from factotum.protocol.events import RUN_EVENT, TERMINAL, RunEvent, Snapshot
from factotum.protocol.newer import read_known
from factotum.protocol.runs import ENDED

# The service sends a sign of life each 15 s; three missed ones are a dead connection.
_SILENCE_SECONDS = 45.0
_FIRST_WAIT = 0.25
_LONGEST_WAIT = 5.0
_PATIENCE = 120.0
_SNAPSHOT = TypeAdapter(Snapshot)

Sleep = Callable[[float], None]
OnState = Callable[[str], None]
"""Is told why the stream waits, and the empty text when it goes on."""


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event: its JSON as it came, and what it says; None for a kind that this version does not know."""

    seq: int
    kind: str
    data: str
    value: RunEvent | Snapshot | None

    @property
    def ends(self) -> bool:
        """Whether nothing comes after it."""
        if isinstance(self.value, Snapshot):
            return self.value.run.status in ENDED
        return self.kind in TERMINAL


@dataclass(slots=True)
class _Cursor:
    """What was given last and what to ask for next, which differ when the log is gone."""

    seen: int
    after: int
    wait: float = _FIRST_WAIT
    connected: bool = False
    progressed: bool = False


class RunStream:
    """Follows one run from `after` on until it has ended.

    A lost connection is taken up again after the last event that was given, for at most `patience` seconds
    without reaching the service. `sleep` waits; `on_state` hears of every wait.
    """

    def __init__(
        self,
        service: Service,
        run_id: str,
        *,
        after: int = 0,
        patience: float = _PATIENCE,
        sleep: Sleep = time.sleep,
        on_state: OnState = lambda _: None,
    ) -> None:
        self._service = service
        self._path = f"/v1/runs/{run_id}/events"
        self._patience = patience
        self._sleep = sleep
        self._on_state = on_state
        self._cursor = _Cursor(after, after)

    def events(self) -> Generator[StreamEvent]:
        """Yield events, dense and in order; a Snapshot replaces all before it.

        Raises NotFound, Unauthenticated, and Unavailable (`service_unreachable`) when patience is over.
        """
        lost_at: float | None = None
        while True:
            self._cursor.connected = self._cursor.progressed = False
            fault: FactotumError | None = None
            try:
                for event in self._connected():
                    yield event
                    if event.ends:
                        return
            except httpx.TransportError as error:
                fault = unreachable(self._service.address, error)
            except (Unavailable, RateLimited) as error:
                fault = error
            if self._cursor.progressed:
                self._cursor.wait = _FIRST_WAIT
            if self._cursor.connected:
                lost_at = None
            lost_at = lost_at or time.monotonic()
            if time.monotonic() - lost_at > self._patience:
                raise fault or Unavailable(
                    "The run's events do not come.",
                    hint="Try `factotum logs -f`.",
                    code="service_unreachable",
                )
            self._wait("the connection was lost, trying again" if fault else "waiting for events", fault)

    def _wait(self, why: str, fault: FactotumError | None) -> None:
        self._on_state(why)
        asked = fault.retry_after_seconds if isinstance(fault, RateLimited) else 0.0
        self._sleep(max(asked, self._cursor.wait * random.uniform(0.7, 1.3)))
        self._cursor.wait = min(_LONGEST_WAIT, self._cursor.wait * 2)

    def _connected(self) -> Generator[StreamEvent]:
        """Yield what one connection brings."""
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        headers["Last-Event-ID"] = str(self._cursor.after)
        timeout = httpx.Timeout(10.0, read=_SILENCE_SECONDS)
        with self._service.http.stream("GET", self._path, headers=headers, timeout=timeout) as response:
            if response.status_code == HTTPStatus.NO_CONTENT:
                self._drained()
                return
            if not response.is_success:
                response.read()
                status = response.status_code
                if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    self._cursor.wait = max(self._cursor.wait, retry_after(response, 0.0))
                    raise _passing(fault_of(response))
                raise fault_of(response)
            self._cursor.connected = True
            self._on_state("")
            for frame in EventSource(response).iter_sse():
                event = self._taken(frame)
                if event is not None:
                    yield event

    def _taken(self, frame: ServerSentEvent) -> StreamEvent | None:
        """Read one frame and move the cursor, or return None for one that was given already."""
        if not frame.data or not frame.id.isdigit():
            return None
        seq, reset = int(frame.id), frame.event == Snapshot.model_fields["type"].default
        cursor = self._cursor
        if seq <= cursor.seen and not reset:
            return None
        # A snapshot alone is no progress: without its log a run is told by snapshots only, one a connection.
        cursor.progressed = cursor.progressed or not reset
        cursor.seen = cursor.after = seq
        return StreamEvent(seq, frame.event, frame.data, _read(frame.data, reset=reset))

    def _drained(self) -> None:
        """There is no more, but no end was seen: the log is gone. Ask for a snapshot."""
        self._cursor.after = 0


def _passing(fault: FactotumError) -> FactotumError:
    """Return a failure of the service as one that is worth another try."""
    if isinstance(fault, (Unavailable, RateLimited)):
        return fault
    return Unavailable(fault.message, hint=fault.hint, code=fault.stable_code)


def _read(data: str, *, reset: bool) -> RunEvent | Snapshot | None:
    try:
        return read_known(_SNAPSHOT, data) if reset else read_known(RUN_EVENT, data)
    except ValidationError:
        return None
