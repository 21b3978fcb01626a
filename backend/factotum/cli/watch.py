"""Watches one run: a thread reads its events, the main thread shows them and listens to Ctrl-C.

The first Ctrl-C asks the service to stop the run and waits until all has ended; the second leaves.
"""

import threading
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, Full, Queue
from typing import Literal

from factotum.cli.client import Service
from factotum.cli.interrupts import Interrupts
from factotum.cli.reduce import apply
from factotum.cli.render import Screen
from factotum.cli.stream import RunStream, StreamEvent
from factotum.cli.view import View
from factotum.core.errors import FactotumError
from factotum.protocol.events import Snapshot
from factotum.protocol.runs import ENDED

Pause = Literal["ended", "asks", "left"]
"""Why watching paused: the run ended, waits for an answer, or the person left."""

_TICK_SECONDS = 0.1
_QUEUE = 1_000
_MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _State:
    """Why nothing comes; empty when it does."""

    text: str


@dataclass(frozen=True, slots=True)
class _Note:
    """Something to say."""

    text: str


class _Closed(Exception):
    """Nobody watches any more."""


class Watch:
    """One run on one screen. `stops`: Ctrl-C stops the run; otherwise it only leaves."""

    def __init__(self, service: Service, run_id: str, screen: Screen, *, stops: bool = True) -> None:
        self.view = View(run_id=run_id)
        self._service = service
        self._screen = screen
        self._stops = stops
        self._stopping = False
        self._state = ""
        self._asked_seq = self._answered_seq = -1
        self._queue: Queue[StreamEvent | _State | _Note | FactotumError] = Queue(_QUEUE)
        self._closing = threading.Event()
        threading.Thread(target=self._read, name="events", daemon=True).start()

    def close(self) -> None:
        """Let the reading thread end."""
        self._closing.set()

    def answered(self) -> None:
        """The question that was shown is answered: the next pause is for something new."""
        self._answered_seq = self._asked_seq

    def until_pause(self, interrupts: Interrupts) -> Pause:
        """Show the run until it ends, asks or is left. Raises what the service refuses, and Unavailable."""
        while True:
            self._take_all()
            if interrupts.take():
                if self._stopping or not self._stops:
                    self._screen.pause(self.view)
                    return "left"
                self._stop()
            self._screen.show(self.view, "stopping" if self._stopping and not self._state else self._state)
            if self.view.ended:
                self._screen.pause(self.view)
                return "ended"
            if self._asks():
                self._screen.pause(self.view)
                return "asks"

    def _asks(self) -> bool:
        waits = self.view.status == "awaiting_input" and not self._stopping
        return waits and self._asked_seq != self._answered_seq

    def _take_all(self) -> None:
        """Wait a moment for something, then take all that is there."""
        with suppress(Empty):
            self._take(self._queue.get(timeout=_TICK_SECONDS))
            for _ in range(_MOST_AT_ONCE):
                self._take(self._queue.get_nowait())

    def _take(self, item: StreamEvent | _State | _Note | FactotumError) -> None:
        match item:
            case _State():
                self._state = item.text
            case _Note():
                self._screen.note(item.text)
            case FactotumError():
                self._screen.pause(self.view)
                raise item
            case StreamEvent():
                self._take_event(item)

    def _take_event(self, event: StreamEvent) -> None:
        self._screen.event(event)
        if event.value is not None:
            asked_before = self.view.status == "awaiting_input" and not isinstance(event.value, Snapshot)
            apply(self.view, event.value)
            if self.view.status == "awaiting_input" and not asked_before:
                self._asked_seq = event.seq
        if event.ends and not self.view.ended:
            # An end of a kind that this version does not know.
            apply(self.view, snapshot(self._service, self.view.run_id, event.seq))

    def _stop(self) -> None:
        self._stopping = True
        self._screen.note("Stopping the run. Press Ctrl-C again to leave without waiting.")
        threading.Thread(target=self._ask_to_stop, name="stop", daemon=True).start()

    def _ask_to_stop(self) -> None:
        """Stop the run; the body of a thread of its own, for the service takes up to ten seconds."""
        with suppress(_Closed):
            try:
                run = self._service.stop(self.view.run_id)
            except FactotumError as fault:
                self._stopping = False
                self._put(_Note(f"The run could not be stopped: {fault.message} It goes on."))
                return
            if run.status not in ENDED:
                self._put(_Note("The run is still stopping; waiting for its tools to end."))

    def _read(self) -> None:
        """Put all events into the queue; the body of the reading thread."""

        def sleep(seconds: float) -> None:
            if self._closing.wait(seconds):
                raise _Closed

        stream = RunStream(
            self._service, self.view.run_id, sleep=sleep, on_state=lambda text: self._put(_State(text))
        )
        try:
            for event in stream.events():
                self._put(event)
        except FactotumError as fault:
            with suppress(_Closed):
                self._put(fault)
        except _Closed:
            return

    def _put(self, item: StreamEvent | _State | _Note | FactotumError) -> None:
        """Put something into the queue, waiting while it is full. Raises _Closed."""
        while not self._closing.is_set():
            with suppress(Full):
                self._queue.put(item, timeout=_TICK_SECONDS)
                return
        raise _Closed


def snapshot(service: Service, run_id: str, seq: int = 0) -> Snapshot:
    """Read the whole state of a run without its event log."""
    run = service.run(run_id)
    messages = tuple(m for m in service.messages(run.thread_id) if m.run_id == run.id)
    waits = run.question is not None and run.question.reason == "approval"
    pending = [each for each in service.approvals(run_id) if each.status == "pending"] if waits else ()
    return Snapshot(seq=seq, run=run, messages=messages, approvals=tuple(pending))
