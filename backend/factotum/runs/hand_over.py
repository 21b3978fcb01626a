"""A person takes over a run's browser, drives it, and hands it back.

Law: while a person has it, nothing that the agent does reaches it; its driver sees to that (decision 20).
What the person does passes through here and is kept nowhere: not stored, not logged, not traced.
"""

import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from pydantic import JsonValue

from factotum.bus.frames import Frames
from factotum.bus.visits import Visits
from factotum.core.errors import Conflict, Forbidden, InvalidInput, Unavailable
from factotum.core.frozen import Frozen
from factotum.core.tasks import whole
from factotum.features.networks import network_of
from factotum.protocol.browsing import (
    HEIGHT,
    WIDTH,
    BrowserDialog,
    BrowserLook,
    BrowserTab,
    InputEvent,
)
from factotum.protocol.network import Network, NetworkLayers
from factotum.protocol.runs import Run
from factotum.runs.person_network import Person, PersonNetwork
from factotum.runs.service import RunService
from factotum.sandbox.browser.client import Browser, BrowserFault
from factotum.sandbox.browser.wire import Done, Frame
from factotum.sandbox.port import SandboxProvider
from factotum.store.accounts import Accounts
from factotum.store.agents import Agents
from factotum.store.database import Database
from factotum.store.records import Caller
from factotum.store.runs import Runs

log = logging.getLogger(__name__)

LEASE_SECONDS = 30.0
"""A person who says nothing for so long has the browser no more."""
_SECONDS = 15.0
_TAKE_SECONDS = 30.0
_NOTE_OF_A_LOOK = "handed it back."


class Taken(Frozen):
    """The browser is in the caller's hands: `token` says so with each input.

    Whoever sends none for `lease_seconds` has lost it. Places are in a window of `width` x `height` pixels.
    """

    token: str
    lease_seconds: float
    width: int = WIDTH
    height: int = HEIGHT
    look: BrowserLook


class HandedBack(Frozen):
    """The agent has its browser again. `run` is as it goes on; `seconds` tells how long the person had it."""

    run: Run
    seconds: float


@dataclass(frozen=True, slots=True)
class HandOver:
    """The person's side of a browser. `reaches`: what workers opened can be asked from this process."""

    database: Database
    sandboxes: SandboxProvider
    runs: RunService
    frames: Frames
    visits: Visits
    ways: PersonNetwork
    network: Network
    reaches: bool

    async def take(self, caller: Caller, run_id: str, url: str) -> Taken:
        """Give the caller the browser of a run's project; one that ended is opened anew, at `url`.

        Raises NotFound (`run_not_found`), Forbidden, Conflict (`browser_taken`, `browser_not_open`),
        Unavailable (`browser_elsewhere`, and when the browser fails).
        """
        run, rules = await self._may_write(caller, run_id)
        if not self.reaches:
            raise Unavailable(
                "The agent's browser runs in a worker, out of reach of this process.",
                hint="Taking over needs Daytona, or API and worker in one process (`factotum serve`).",
                code="browser_elsewhere",
            )
        token = secrets.token_urlsafe(24)
        way = self.ways.make(Person(run.id, run.account_id, caller), rules)
        try:
            done = await self._take(run, token, url, way.environment)
        except BaseException:
            await whole(way.close())
            raise
        await self.ways.give(run.project_id, way)
        log.info("a person took the browser of run %s", run_id)
        return Taken(token=token, lease_seconds=LEASE_SECONDS, look=look_of(done, held=True))

    async def _take(self, run: Run, token: str, url: str, environment: Mapping[str, str]) -> Done:
        browser = Browser(await self.sandboxes.open(run.project_id, environment=environment))
        try:
            if url and not await browser.is_open():
                await browser.do("go_to", {"url": url, "new_tab": False}, seconds=_TAKE_SECONDS, show=_unseen)
            given: dict[str, JsonValue] = {"lease": LEASE_SECONDS}
            return await browser.do_for_person("take", given, token=token, seconds=_TAKE_SECONDS)
        except BrowserFault as fault:
            _refuse(fault)

    async def drive(
        self, caller: Caller, run_id: str, token: str, events: Sequence[InputEvent], seen: str
    ) -> BrowserLook:
        """Do what the person does, in order, and show what came of it; nothing to do is a look that says
        that they are still there. Raises as `take`, and Conflict (`browser_not_taken`), RateLimited."""
        await self.visits.admit(f"browser:{run_id}")
        run = await self._seen(caller, run_id)
        opened = self.ways.renew(run.project_id)
        browser = Browser(await self.sandboxes.open(run.project_id, environment=opened))
        wanted: list[JsonValue] = [event.model_dump(mode="json") for event in events]
        return look_of(await _ask(browser, "drive", {"events": wanted, "seen": seen}, token), held=True)

    async def watch(self, caller: Caller, run_id: str, seen: str) -> BrowserLook:
        """Show the browser as it is now to whoever may see the run. Raises as `drive`."""
        await self.visits.admit(f"browser:{run_id}:{caller.user_id}")
        run = await self._seen(caller, run_id)
        browser = Browser(await self.sandboxes.open(run.project_id))
        done = await _ask(browser, "watch", {"seen": seen}, "")
        return look_of(done, held=done.held)

    async def hand_back(self, caller: Caller, run_id: str, token: str, note: str) -> HandedBack:
        """Give the browser back; a run that waits for it goes on, with `note` and the page as it is now.

        Any other run is told at its next look. Raises as `drive`.
        """
        run, _ = await self._may_write(caller, run_id)
        waits = _waits(run)
        how = "" if waits else _told(note)
        browser = Browser(
            await self.sandboxes.open(run.project_id, environment=self.ways.renew(run.project_id))
        )
        done = await _ask(browser, "hand_back", {"how": how}, token)
        await self.ways.close(run.project_id)
        log.info("a person handed the browser of run %s back", run_id)
        if done.frame is not None:
            await self.frames.keep(run.id, done.frame.picture())
        if waits:
            run = await self._go_on(caller, run, _result(done, note))
        return HandedBack(run=run, seconds=done.seconds)

    async def _go_on(self, caller: Caller, run: Run, result: str) -> Run:
        try:
            return await self.runs.answer(caller, run.id, result)
        except Conflict:
            return await self.runs.get(caller, run.id)  # it was answered, or stopped, meanwhile

    async def _seen(self, caller: Caller, run_id: str) -> Run:
        return await self.runs.get(caller, run_id)

    async def _may_write(self, caller: Caller, run_id: str) -> tuple[Run, NetworkLayers]:
        """Return a run that the caller may change, and what may be reached for it."""
        async with self.database.tenant(caller) as tx:
            run = await Runs(tx).get(run_id)
            if (await Accounts(tx).get(run.account_id)).role == "viewer":
                raise Forbidden(
                    "You may look at this run, but not change it.",
                    hint="Ask an owner or admin of the account for more rights.",
                )
            agent = await Agents(tx).get(run.agent_id) if run.agent_id else None
        own = network_of(agent.settings) if agent else None
        return run, NetworkLayers([self.network, own, run.options.network])


def look_of(done: Done, *, held: bool) -> BrowserLook:
    """Return what the driver showed, as the page is given it."""
    said = done.dialog
    return BrowserLook(
        picture=done.frame.jpeg if done.frame else None,
        mark=done.mark,
        tabs=tuple(
            BrowserTab(title=tab.title, address=tab.address, current=tab.current) for tab in done.tabs
        ),
        dialog=said and BrowserDialog(type=said.type, message=said.message, default=said.default),
        held=held,
    )


async def _ask(browser: Browser, action: str, given: dict[str, JsonValue], token: str) -> Done:
    try:
        return await browser.do_for_person(action, given, token=token, seconds=_SECONDS)
    except BrowserFault as fault:
        _refuse(fault)


def _refuse(fault: BrowserFault) -> NoReturn:
    """Say why the browser refused in the API's terms."""
    code = fault.stable_code
    if code == "browser_taken":
        raise Conflict(
            fault.message,
            hint=f"It is free {LEASE_SECONDS:.0f} s after they stop, or as soon as they hand it back.",
            code=code,
        )
    if code == "browser_not_taken":
        raise Conflict(fault.message, hint="Take it over again.", code=code)
    if code == "browser_not_open":
        raise Conflict(fault.message, hint="Take it over with an address to open.", code=code)
    if code == "address_invalid":
        raise InvalidInput(fault.message, hint=fault.hint, code=code)
    raise Unavailable(fault.message, hint=fault.hint, code=code) from fault


def _waits(run: Run) -> bool:
    return run.question is not None and run.question.reason == "hand_over"


def _told(note: str) -> str:
    return f"handed it back. They say: {note}" if note else _NOTE_OF_A_LOOK


def _result(done: Done, note: str) -> str:
    """Return what the agent reads of it: nothing of what was typed, only where the browser is now."""
    said = f"\nThey say: {note}" if note else ""
    return f"The person had the browser for {done.seconds:.0f} s and handed it back.{said}\n{done.text}"


async def _unseen(_frame: Frame) -> None:
    """Show nothing: who takes over sees it themselves."""
