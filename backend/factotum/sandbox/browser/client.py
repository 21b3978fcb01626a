"""One request to a sandbox's browser; what its driver says is not believed.

No state is kept here: the driver, started when there is none, is a session of the sandbox, found by its name,
so it ends with the sandbox and outlives a run. A driver that breaks the protocol, or does not answer in time,
is ended; the next request starts another.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import NoReturn
from weakref import WeakValueDictionary

from pydantic import JsonValue

from factotum.core.errors import FactotumError, Unavailable
from factotum.core.ids import new_id
from factotum.core.tasks import whole
from factotum.sandbox.browser.bundle import archive, command
from factotum.sandbox.browser.wire import Confused, Done, Frame, Lines, Said
from factotum.sandbox.port import Sandbox, SessionOutput

SESSION = "factotum-browser"
"""The session that the driver runs in; a person and the agent see it as any other."""

START_SECONDS = 45.0
GRACE_SECONDS = 5.0
FRAMES_A_SECOND = 5.0
_PIECE = 256_000
_POLL_SECONDS = 20.0
_CANCEL_SECONDS = 3.0
_NEWEST = 2**62
_FIRST_FRAMES = 2

_ANEW = "[The browser is a new one: tabs and sign-ins of the one before are gone.]\n"

Show = Callable[[Frame], Awaitable[None]]


class BrowserFault(FactotumError):
    """The browser could not do it; the message and the hint are for the model."""

    code = "browser_failed"


class Browser:
    """The browser of a project's sandbox. Its requests wait for each other, also those of other runs."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Raises Unavailable (`not_supported`) for a sandbox that has no sessions."""
        if not sandbox.capabilities.sessions:
            raise Unavailable(
                "This sandbox has no sessions, so it can have no browser.", code="not_supported"
            )
        self.sandbox = sandbox
        self._turns = _TURNS.setdefault(sandbox.project_id, asyncio.Lock())

    async def do(
        self, action: str, arguments: Mapping[str, JsonValue], *, seconds: float, show: Show
    ) -> Done:
        """Have an action done within `seconds`, showing what the page looks like meanwhile.

        A start takes up to START_SECONDS more. When this is cancelled the action has ended.
        Raises BrowserFault, and what the sandbox's sessions raise.
        """
        async with self._turns:
            request = new_id()
            cursor, is_new, was_there = await self._driver()
            seconds += START_SECONDS if is_new else 0
            deadline = time.monotonic() + seconds + GRACE_SECONDS
            try:
                await self._order(request, action, arguments, seconds)
                done = await self._answer(request, cursor, deadline, show)
            except asyncio.CancelledError:
                await whole(self._cancel(request))
                raise
            return done.model_copy(update={"text": _ANEW + done.text}) if is_new and was_there else done

    async def is_open(self) -> bool:
        """Whether a driver of this version is there to be asked."""
        found = await self.sandbox.sessions.list()
        wanted = await asyncio.to_thread(command)
        return any(one.name == SESSION and one.alive and one.busy and one.command == wanted for one in found)

    async def do_for_person(
        self, action: str, arguments: Mapping[str, JsonValue], *, token: str = "", seconds: float
    ) -> Done:
        """Have something done for a person who has the browser, by their token, or who looks on.

        It waits for no turn, since the driver lets nobody else in, and never starts a browser. Raises
        BrowserFault (`browser_not_open`), and what the sandbox's sessions raise.
        """
        if not await self.is_open():
            raise BrowserFault(
                "The browser is not open.", hint="It ended, or was never opened.", code="browser_not_open"
            )
        request = new_id()
        cursor = (await self.sandbox.sessions.poll(SESSION, limit=0, cursor=_NEWEST)).cursor
        await self._order(request, action, arguments, seconds, token)
        return await self._answer(request, cursor, time.monotonic() + seconds + GRACE_SECONDS, _unseen)

    async def _driver(self) -> tuple[int, bool, bool]:
        """Return where the driver's next output begins, whether it had to be started, and whether there was
        one before."""
        sessions = self.sandbox.sessions
        driver = await asyncio.to_thread(archive)
        wanted = command()
        was_there = False
        for info in await sessions.list():
            was_there = was_there or info.name == SESSION
            if info.name == SESSION and info.alive:
                if info.busy and info.command == wanted:
                    return (await sessions.poll(SESSION, limit=0, cursor=_NEWEST)).cursor, False, True
                await sessions.kill(SESSION)
        await sessions.start(SESSION)
        cursor = await sessions.run(SESSION, wanted)
        await sessions.write(SESSION, driver)
        return cursor, True, was_there

    async def _order(
        self, request: str, action: str, arguments: Mapping[str, JsonValue], seconds: float, token: str = ""
    ) -> None:
        await self._write(
            {
                "id": request,
                "do": action,
                "seconds": seconds,
                "with": dict(arguments),
                "token": token,
                "proxy": self.sandbox.environment.get("https_proxy", ""),
            }
        )

    async def _write(self, order: Mapping[str, object]) -> None:
        await self.sandbox.sessions.write(SESSION, json.dumps(order).encode() + b"\n", timeout=GRACE_SECONDS)

    async def _answer(self, request: str, cursor: int, deadline: float, show: Show) -> Done:
        lines = Lines()
        began, shown = time.monotonic(), 0
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                await self._give_up("browser_timeout", "The browser did not answer in time and was ended.")
            output = await self.sandbox.sessions.poll(
                SESSION, cursor=cursor, limit=_PIECE, wait=min(left, _POLL_SECONDS)
            )
            cursor = output.cursor
            for said in await self._read(lines, output):
                if said.id != request:
                    continue  # the end of one that was stopped
                if said.ok is not None:
                    return said.ok
                if said.error is not None:
                    raise BrowserFault(said.error.message, hint=said.error.hint, code=said.error.known_code())
                room = _FIRST_FRAMES + FRAMES_A_SECOND * (time.monotonic() - began)
                if said.frame is not None and shown < room:
                    shown += 1
                    await show(said.frame)
            if not output.info.busy and not output.data:
                await self._ended(lines)

    async def _read(self, lines: Lines, output: SessionOutput) -> list[Said]:
        try:
            if output.missed_bytes:
                raise Confused
            found = lines.feed(output.data)
            for said in found:
                for frame in (said.frame, said.ok and said.ok.frame):
                    if frame is not None:
                        frame.picture()
        except Confused:
            await self._give_up(
                "browser_confused", "The browser's driver said what it never says; it was ended."
            )
        return found

    async def _ended(self, lines: Lines) -> NoReturn:
        said = lines.noise.decode(errors="replace").strip().splitlines()
        why = f" It said: {said[-1][:300]}" if said else ""
        await self._give_up("browser_ended", f"The browser ended.{why}")

    async def _give_up(self, code: str, message: str) -> NoReturn:
        with suppress(FactotumError):
            await self.sandbox.sessions.kill(SESSION)
        raise BrowserFault(
            message, hint="The next call starts a new one; its tabs and sign-ins are gone.", code=code
        )

    async def _cancel(self, request: str) -> None:
        """End a request inside; a driver that does not end it in time is ended itself."""
        with suppress(FactotumError):
            cursor = (await self.sandbox.sessions.poll(SESSION, limit=0, cursor=_NEWEST)).cursor
            try:
                await self._write({"id": request, "do": "cancel"})
                await self._answer(request, cursor, time.monotonic() + _CANCEL_SECONDS, _unseen)
            except BrowserFault:
                return
            except FactotumError:
                await self.sandbox.sessions.kill(SESSION)


async def _unseen(_frame: Frame) -> None:
    """Show nothing: nobody waits any more."""


_TURNS: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
"""Whose turn it is in each project's browser, while somebody uses it."""
