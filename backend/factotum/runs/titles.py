"""Gives a thread without a title one, beside the run: the run waits neither to begin nor to end for it."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from typing import Final

from factotum.agent.budget import Extra
from factotum.agent.loop import AgentLoop
from factotum.agent.ports import EventSink
from factotum.agent.spending import Beside
from factotum.core.errors import FactotumError
from factotum.core.tasks import cancelled, whole
from factotum.llm.demo import DEMO_MODEL
from factotum.llm.faults import ModelFault
from factotum.llm.port import FallbackChunk, ModelGateway, TextChunk, UsageChunk
from factotum.llm.prices import Price
from factotum.protocol.events import ThreadTitled, UsageRecorded
from factotum.protocol.runs import Usage
from factotum.runs.journal import PostgresJournal
from factotum.runs.title_words import MOST_READ, MOST_WRITTEN, title_of_answer, title_of_task, title_request
from factotum.store.messages import Messages
from factotum.store.records import ClaimedRun
from factotum.store.runs import Runs
from factotum.store.threads import Threads

log = logging.getLogger(__name__)

_SECONDS: Final = 20.0
_MOST_CHARACTERS: Final = 1_000
"""What is read of the answer; a model that writes on is not asked for a title but does the task."""


Prices = Callable[[str], Price | None]


def _unknown(_: str) -> None:
    return None


def longest_title(price: Price | None) -> Extra:
    """Return what the call for a title takes at the most."""
    nanos = None if price is None else price.ceiling_nanos(MOST_READ, MOST_WRITTEN)
    return Extra(MOST_READ + MOST_WRITTEN, nanos)


class Titler:
    """Makes titles by `model`, else by each run's own model; without `ask` by the task's words alone.

    `price` knows what models cost, so that room for the call can be kept back in the run's budget.
    """

    def __init__(
        self, gateway: ModelGateway, *, model: str | None = None, ask: bool = True, price: Prices = _unknown
    ) -> None:
        self._gateway = gateway
        self._price = price
        self._model = model
        self._ask = ask

    def begin(
        self,
        run: ClaimedRun,
        journal: PostgresJournal,
        events: EventSink,
        loop: AgentLoop,
    ) -> "ThreadTitle":
        """Begin in the background. The call is reserved with the run's next step, and part of its usage."""
        model = self._model or run.model
        asks = self._ask and model != DEMO_MODEL
        beside = loop.beside(longest_title(self._price(model))) if asks else None
        return ThreadTitle(
            self._gateway, model if asks else None, run, journal, events, loop.count_in, beside
        )


class ThreadTitle:
    """The title of one run's thread in the making. End it with `settle` or `give_up`."""

    def __init__(
        self,
        gateway: ModelGateway,
        model: str | None,
        run: ClaimedRun,
        journal: PostgresJournal,
        events: EventSink,
        count_in: Callable[[Usage], None],
        beside: Beside | None,
    ) -> None:
        self._beside = beside
        self._gateway = gateway
        self._model = model
        self._run = run
        self._journal = journal
        self._events = events
        self._count_in = count_in
        self._making = asyncio.create_task(self._make(), name=f"title:{run.id}")

    async def settle(self) -> None:
        """The run is about to end: if the model has not answered yet, the task's words are the title."""
        if self._making.done():
            return
        await cancelled(self._making)
        self._model = None
        await self._make()

    async def give_up(self) -> None:
        """Leave the thread as it is."""
        await cancelled(self._making)

    async def _make(self) -> None:
        """Ask the model, if there is one to ask; no run ends over its thread's title."""
        try:
            task, fallbacks = await self._task()
            if task is not None:
                title = "" if self._model is None else await self._asked(self._model, fallbacks, task)
                await whole(self._store(title or title_of_task(task)))
        except FactotumError as fault:
            log.info("the thread got no title: %s", fault.message)
        finally:
            if self._beside is not None:
                self._beside.end()

    async def _task(self) -> tuple[str | None, tuple[str, ...]]:
        """Return the task of a run whose thread has no title, and the models that its run falls back on."""
        async with self._journal.fenced() as tx:
            if (await Threads(tx).get(self._run.thread_id)).title:
                return None, ()
            first = await Messages(tx).of_run(self._run.id, limit=1)
            options = (await Runs(tx).get(self._run.id)).options
        return (first[0].text if first and first[0].role == "user" else None), options.fallback_models or ()

    async def _asked(self, model: str, fallbacks: tuple[str, ...], task: str) -> str:
        """Return what the model calls it, or nothing when it cannot be used or takes too long.

        Nor is it asked where the run's budget has no room for that beside the next step.
        """
        if self._beside is None or not await self._beside.granted():
            return ""
        text, used, by = "", Usage(), model
        try:
            async with (
                asyncio.timeout(_SECONDS),
                aclosing(self._gateway.stream(title_request(model, fallbacks, task))) as chunks,
            ):
                async for chunk in chunks:
                    match chunk:
                        case TextChunk(text=piece):
                            text += piece
                        case UsageChunk(usage=usage):
                            used = usage
                        case FallbackChunk(model=other):
                            by = other
                        case _:
                            pass
                    if len(text) > _MOST_CHARACTERS:
                        break
        except (ModelFault, TimeoutError) as fault:
            log.info("no model gave the thread a title: %s", fault)
            text = ""
        if used != Usage():
            self._count_in(used)
            await self._events.emit(UsageRecorded(model=by, usage=used, purpose="title"))
        return title_of_answer(text)

    async def _store(self, title: str) -> None:
        """Store the title unless a person gave one meanwhile, and tell it."""
        async with self._journal.fenced() as tx:
            titled = await Threads(tx).title_if_untitled(self._run.thread_id, title)
        if titled:
            await self._events.emit(ThreadTitled(thread_id=self._run.thread_id, title=title))
