"""The steps of one attempt: each streams one response into a draft, stores it, and counts what it used.

An answer that its limit of length cut is gone on with in the same draft, one call of the model after another,
and stored when it is whole: it reads as if it had come in one piece. If its process dies it is done again.
"""

import asyncio
from dataclasses import replace

from factotum.agent.budget import Extra
from factotum.agent.config import ProcessorConfig
from factotum.agent.draft import Draft, Response
from factotum.agent.on_stream import EarlyCalls
from factotum.agent.ports import EventSink, RunJournal
from factotum.agent.rendering import render_cut
from factotum.agent.response_processor import OnCall, ResponseProcessor
from factotum.agent.spending import Beside, Spending
from factotum.agent.state import RunState
from factotum.agent.tool_runner import ToolRunner
from factotum.agent.window import Meter
from factotum.core.ids import derived_id
from factotum.core.tasks import side_by_side, whole
from factotum.llm.faults import ModelFault
from factotum.llm.port import ModelRequest
from factotum.protocol.budgets import BudgetUse
from factotum.protocol.events import MessageCreated, MessageDiscarded, RunEvent, UsageRecorded
from factotum.protocol.messages import TextPart, ToolCallPart
from factotum.protocol.pieces import rest_id
from factotum.protocol.runs import Question, Usage


class Steps:
    """`count` is the number of steps stored so far and `usage` what the run used, over all its attempts."""

    def __init__(
        self,
        state: RunState,
        processor: ResponseProcessor,
        runner: ToolRunner,
        journal: RunJournal,
        events: EventSink,
        config: ProcessorConfig,
        meter: Meter,
    ) -> None:
        self.count = state.step
        self.usage: Usage = state.usage
        self._state = state
        self._processor = processor
        self._runner = runner
        self._journal = journal
        self._events = events
        self._config = config
        self._meter = meter
        self._draft: Draft | None = None
        self._request: ModelRequest | None = None
        self._continues = 0
        self._spending = Spending(journal, config)

    @property
    def is_open(self) -> bool:
        """Whether an answer is to be gone on with that its limit of length has cut."""
        return self._draft is not None

    def rest(self) -> ModelRequest | None:
        """Return the request for the rest of the answer that was cut last, or None when none is open."""
        if self._draft is None or self._request is None:
            return None
        said = render_cut(self._draft.said, self._config, self._draft.model)
        return replace(self._request, messages=[*self._request.messages, *said])

    async def take(self, request: ModelRequest, continues: int) -> bool | Question:
        """Stream the response to `request` and store it. A stop waits for the storing.

        Returns False when the limit of length has cut an answer that goes on with `rest`; `continues` is how
        often it may, counted from its beginning. Returns what to ask when the budget leaves no room. Raises
        ModelFault when the model cannot be used.
        """
        if self._draft is None:
            self._draft = self._processor.draft(self._draft_id(self._state.attempt), self._state.model)
            self._request, self._continues = request, continues
        async with side_by_side() as group:
            responded = await self._respond(self._draft, request, self._on_call(group))
            if isinstance(responded, Question):
                return responded
            draft, response, fault = responded
            budget = self._spending.after(request, draft.newest_usage)
            if self._goes_on(draft, response):
                return False
            await whole(self._store(draft, response, budget))
        if fault is not None and not fault.may_retry:
            raise fault
        return True

    def count_in(self, usage: Usage) -> None:
        """Count what the run used beside its steps; it is stored with the next step, or the end."""
        self.usage = self.usage.plus(usage)

    def beside(self, extra: Extra) -> Beside:
        """Keep room back in the budget for a call beside the steps, from the next one on."""
        return self._spending.beside(extra)

    async def reserve(self, request: ModelRequest) -> ModelRequest | Question:
        """Reserve room in the budget for a call beside the steps; see `Spending.reserve`."""
        return await self._spending.reserve(request, self.usage)

    async def keep_partial(self) -> None:
        """Store what came of a response that was stopped in the middle; withdraw it if that is nothing."""
        draft = self._draft
        if draft is None:
            return
        partial = draft.interrupted()
        if partial.is_empty and not draft.in_pieces:
            await self._discard(draft)
        else:
            await self._store(draft, partial)

    async def withdraw_old(self, last_said: str | None) -> None:
        """Withdraw the draft that the attempt before may have left, and those before it if it died.

        `last_said` is the id of the run's last message of the model: a dead attempt may have written on it.
        """
        newest = self._state.attempt - 1
        for dead in range(1 if self._state.took_over else max(newest, 1), newest + 1):
            await self._events.emit(MessageDiscarded(message_id=self._draft_id(dead)))
        if newest and last_said is not None and self._config.runs_on_stream:
            await self._events.emit(MessageDiscarded(message_id=rest_id(last_said)))

    def _on_call(self, group: asyncio.TaskGroup) -> OnCall | None:
        """Return what is done with a call that has ended while the model still talks, if anything is."""
        if not self._config.runs_on_stream:
            return None
        early = EarlyCalls(self._runner, group, self._config.tool_execution_strategy)

        async def store_and_begin(draft: Draft, call: int) -> None:
            await whole(self._store_piece(draft, call))
            await early.begin(*draft.placed[call])

        return store_and_begin

    async def _respond(
        self, draft: Draft, request: ModelRequest, on_call: OnCall | None
    ) -> tuple[Draft, Response, ModelFault | None] | Question:
        """Stream one response. A stream that breaks in the middle is discarded and tried again.

        Where calls have begun already it is not: what was stored stays, and the fault is given back.
        """
        retries_left = self._config.max_stream_retries
        while True:
            granted = await self._spending.reserve(request, self.usage.plus(draft.usage))
            if isinstance(granted, Question):
                await self._leave(draft)
                return granted
            draft.goes_on = self._continues > 0
            try:
                return draft, await self._processor.process(granted, draft, on_call), None
            except ModelFault as fault:
                if draft.in_pieces:
                    return draft, draft.broken(), fault
                if not (fault.partial and fault.may_retry and retries_left):
                    await self._leave(draft)
                    raise
            await self._discard(draft)
            draft, said = self._processor.again(draft, self._state.model)
            self._draft = draft
            await self._processor.show(draft, said)
            retries_left -= 1

    def _goes_on(self, draft: Draft, response: Response) -> bool:
        """Tell whether the limit of length has cut an answer that goes on; calls lead on themselves."""
        if response.stop != "length" or draft.in_pieces or response.calls or not self._continues:
            return False
        self._continues -= 1
        draft.go_on()
        return True

    async def _leave(self, draft: Draft) -> None:
        """Give up a draft: what the limit of length had left of it is kept, the rest is withdrawn."""
        if any(isinstance(part, TextPart) for part in draft.kept):
            await whole(
                self._store(draft, Response(draft.kept, draft.usage, "length", "length", draft.model))
            )
        else:
            await self._discard(draft)

    async def _discard(self, draft: Draft) -> None:
        """Withdraw a draft that will not be stored; what it cost was spent."""
        self._draft = None
        self.usage = self.usage.plus(draft.usage)
        await self._events.emit(MessageDiscarded(message_id=draft.message_id))

    async def _store_piece(self, draft: Draft, call: int) -> None:
        """Store what was written up to the end of a call, which is about to begin."""
        parts = draft.take(call)
        if not parts:
            return
        planned = self._processor.planned([part for part in parts if isinstance(part, ToolCallPart)])
        count = self._count_with(draft)
        message = await self._journal.store_step(
            draft.message_id, parts, planned, count, self.usage, draft.model
        )
        self.count = count
        draft.next_piece()
        await self._events.emit(MessageCreated(message=message))

    async def _store(self, draft: Draft, response: Response, budget: BudgetUse | None = None) -> None:
        told = self._meter.told(draft.newest_usage)
        used = response.usage.model_copy(update={"context": told.context})
        count, usage = self._count_with(draft), self.usage.plus(used)
        if draft.in_pieces and response.is_empty:
            await self._journal.save_usage(count, usage)
            shown: RunEvent = MessageDiscarded(message_id=draft.message_id)
        else:
            planned = self._processor.planned(response.calls)
            message = await self._journal.store_step(
                draft.message_id, response.parts, planned, count, usage, response.model
            )
            shown = MessageCreated(message=message)
        self._draft, self.count, self.usage = None, count, self.usage.plus(used)
        await self._events.emit(shown)
        await self._events.emit(
            UsageRecorded(model=response.model, usage=used, finish_reason=response.finish, budget=budget)
        )

    def _count_with(self, draft: Draft) -> int:
        """Return the number of steps with the one that `draft` is; its first piece counts it."""
        return self.count if draft.in_pieces else self.count + 1

    def _draft_id(self, attempt: int) -> str:
        return derived_id(self._state.run_id, self.count, attempt)
