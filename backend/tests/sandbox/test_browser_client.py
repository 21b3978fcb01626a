"""A request to the browser when its driver lies, falls silent, floods, dies or was there before."""

import asyncio
import base64
import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest

from factotum.sandbox.browser.bundle import archive, command
from factotum.sandbox.browser.client import SESSION, Browser, BrowserFault
from factotum.sandbox.browser.wire import Frame
from factotum.sandbox.port import Capabilities, SessionInfo, SessionOutput, TerminalSize
from factotum.testing.memory_sandbox import MemorySandbox
from factotum.testing.no_sessions import NoSessions
from tests.waiting import until

JPEG = base64.b64encode(b"\xff\xd8\xff" + bytes(100)).decode()
FRAME = {"jpeg": JPEG, "address": "https://a.test/", "title": "A"}


class Driven(NoSessions):
    """Sessions with one shell in it, whose program answers requests as the test says."""

    def __init__(self, answer: Callable[["Driven", dict[str, object]], None]) -> None:
        self.answer = answer
        self.output = bytearray()
        self.missed = 0
        self.started = self.killed = 0
        self.alive = self.busy = False
        self.command = ""
        self.requests: list[dict[str, object]] = []

    def say(self, *lines: object) -> None:
        """Write lines of JSON."""
        self.output += b"".join(json.dumps(line).encode() + b"\n" for line in lines)

    def info(self) -> SessionInfo:
        """Describe the session."""
        return SessionInfo(SESSION, self.alive, self.busy, None, False, datetime.now(UTC), self.command)

    async def start(
        self,
        name: str,
        *,
        folder: str = ".",
        environment: Mapping[str, str] | None = None,
        terminal: TerminalSize | None = None,
    ) -> SessionInfo:
        self.started += 1
        self.alive = True
        return self.info()

    async def run(self, name: str, command: str) -> int:
        self.busy, self.command = True, command
        return len(self.output)

    async def write(self, name: str, data: bytes, *, timeout: float = 60) -> None:
        if data != archive():
            self.requests.append(json.loads(data))
            self.answer(self, self.requests[-1])

    async def poll(
        self, name: str, *, cursor: int = 0, limit: int = 100_000, wait: float = 0
    ) -> SessionOutput:
        if cursor >= len(self.output) and self.busy and limit:
            await asyncio.sleep(min(wait, 0.02))
        data = bytes(self.output[cursor : cursor + limit])
        end = len(self.output) if cursor > len(self.output) else cursor + len(data)
        return SessionOutput(data, end, self.missed if data else 0, self.info())

    async def kill(self, name: str) -> SessionInfo:
        self.killed += 1
        self.alive = self.busy = False
        return self.info()

    async def list(self) -> list[SessionInfo]:
        return [self.info()] if self.alive else []


class Machine(MemorySandbox):
    """A sandbox in memory that has sessions."""

    driven: Driven

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities()

    @property
    def sessions(self) -> Driven:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.driven


def browser(answer: Callable[[Driven, dict[str, object]], None]) -> tuple[Browser, Driven]:
    machine = Machine()
    machine.driven = Driven(answer)
    return Browser(machine), machine.driven


async def ask(one: Browser, seconds: float = 0.2) -> tuple[str, list[Frame]]:
    frames: list[Frame] = []

    async def show(frame: Frame) -> None:
        frames.append(frame)

    done = await one.do("look", {"a": 1}, seconds=seconds, show=show)
    return done.text, frames


def good(driven: Driven, request: dict[str, object]) -> None:
    driven.say({"id": request["id"], "ok": {"text": "fine"}})


async def test_a_driver_is_started_once_and_asked_again() -> None:
    one, driven = browser(good)
    assert (await ask(one))[0] == "fine"
    assert (await ask(one))[0] == "fine"
    assert driven.started == 1
    assert driven.requests[1] == {
        "id": driven.requests[1]["id"],
        "do": "look",
        "seconds": 0.2,
        "with": {"a": 1},
        "token": "",
        "proxy": "",
    }
    assert driven.requests[0]["id"] != driven.requests[1]["id"]


async def test_a_session_of_that_name_that_is_no_driver_is_ended() -> None:
    one, driven = browser(good)
    driven.alive, driven.busy, driven.command = True, True, "cat"
    text, _ = await ask(one)
    assert text == "[The browser is a new one: tabs and sign-ins of the one before are gone.]\nfine"
    assert (driven.killed, driven.started, driven.command) == (1, 1, command())


async def test_pictures_are_shown_and_a_flood_of_them_is_not() -> None:
    def flood(driven: Driven, request: dict[str, object]) -> None:
        driven.say({"id": "another", "ok": {"text": "old"}})
        driven.say(*[{"id": request["id"], "frame": FRAME} for _ in range(50)])
        good(driven, request)

    text, frames = await ask(browser(flood)[0])
    assert text == "fine"
    assert 2 <= len(frames) <= 5


async def test_a_fault_keeps_its_words() -> None:
    def fail(driven: Driven, request: dict[str, object]) -> None:
        driven.say(
            {"id": request["id"], "error": {"code": "element_gone", "message": "No.", "hint": "Look."}}
        )

    with pytest.raises(BrowserFault, match=r"No\.") as caught:
        await ask(browser(fail)[0])
    assert (caught.value.stable_code, caught.value.hint) == ("element_gone", "Look.")


def _garbage(driven: Driven, request: dict[str, object]) -> None:
    driven.output += b'{"id": "1", "run": "rm"}\n'


def _no_picture(driven: Driven, request: dict[str, object]) -> None:
    driven.say({"id": request["id"], "frame": FRAME | {"jpeg": "AAAA"}})


def _overrun(driven: Driven, request: dict[str, object]) -> None:
    driven.missed = 5
    good(driven, request)


@pytest.mark.parametrize("answer", [_garbage, _no_picture, _overrun])
async def test_a_driver_that_lies_is_ended(answer: Callable[[Driven, dict[str, object]], None]) -> None:
    one, driven = browser(answer)
    with pytest.raises(BrowserFault) as caught:
        await ask(one)
    assert (caught.value.stable_code, driven.alive) == ("browser_confused", False)


async def test_a_driver_that_ends_tells_why() -> None:
    def end(driven: Driven, request: dict[str, object]) -> None:
        driven.output += b"ModuleNotFoundError: No module named 'playwright'\n"
        driven.busy = False

    with pytest.raises(BrowserFault, match="No module named 'playwright'") as caught:
        await ask(browser(end)[0])
    assert caught.value.stable_code == "browser_ended"


def _silence(driven: Driven, request: dict[str, object]) -> None:
    """Say nothing."""


async def test_a_silent_driver_is_ended_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("factotum.sandbox.browser.client.START_SECONDS", 0)
    monkeypatch.setattr("factotum.sandbox.browser.client.GRACE_SECONDS", 0.1)
    one, driven = browser(_silence)
    with pytest.raises(BrowserFault) as caught:
        await ask(one)
    assert (caught.value.stable_code, driven.alive) == ("browser_timeout", False)


@pytest.mark.parametrize("listens", [True, False])
async def test_a_stopped_request_has_ended(listens: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("factotum.sandbox.browser.client._CANCEL_SECONDS", 0.2)

    def answer(driven: Driven, request: dict[str, object]) -> None:
        if listens and request["do"] == "cancel":
            driven.say({"id": request["id"], "error": {"code": "browser_stopped", "message": ""}})

    one, driven = browser(answer)
    call = asyncio.create_task(ask(one, seconds=60))
    await until(lambda: bool(driven.requests))
    began = time.monotonic()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert time.monotonic() - began < 5
    assert driven.requests[-1] == {"id": driven.requests[0]["id"], "do": "cancel"}
    assert driven.alive is listens
