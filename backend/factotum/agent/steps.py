"""The steps of one attempt: each streams one response into a draft, stores it, and counts what it used."""

from factotum.agent.config import ProcessorConfig
from factotum.agent.draft import Draft, Response
from factotum.agent.ports import EventSink, RunJournal
from factotum.agent.response_processor import ResponseProcessor
from factotum.agent.spending import Spending
from factotum.agent.state import RunState
from factotum.core.ids import derived_id
from factotum.core.tasks import whole
from factotum.llm.faults import ModelFault
from factotum.llm.port import ModelRequest
from factotum.protocol.budgets import BudgetUse
from factotum.protocol.events import MessageCreated, MessageDiscarded, UsageRecorded
from factotum.protocol.messages import Message
from factotum.protocol.runs import Question, Usage


class Steps:
    """`count` is the number of steps stored so far and `usage` what the run used, over all its attempts."""

    def __init__(
        self,
        state: RunState,
        processor: ResponseProcessor,
        journal: RunJournal,
        events: EventSink,
        config: ProcessorConfig,
    ) -> None:
        self.count = state.step
        self.usage: Usage = state.usage
        self._state = state
        self._processor = processor
        self._journal = journal
        self._events = events
        self._config = config
        self._draft: Draft | None = None
        self._spending = Spending(journal, config)

    async def take(self, request: ModelRequest) -> Message | Question:
        """Stream the response to `request` and store it. A stop waits for the storing.

        Returns what to ask when the budget leaves no room. Raises ModelFault when the model cannot be used.
        """
        response = await self._respond(request)
        if isinstance(response, Question):
            return response
        budget = self._spending.after(request, response.usage)
        return await whole(self._store(self._draft_id(self._state.attempt), response, budget))

    async def keep_partial(self) -> None:
        """Store what came of a response that was stopped in the middle; withdraw it if that is nothing."""
        draft = self._draft
        if draft is None:
            return
        partial = Response(draft.parts(), draft.usage, "stop")
        if partial.is_empty:
            await self._discard(draft)
        else:
            await self._store(draft.message_id, partial)

    async def withdraw_old(self) -> None:
        """Withdraw the draft that the attempt before may have left, and those before it if it died."""
        newest = self._state.attempt - 1
        for dead in range(1 if self._state.took_over else max(newest, 1), newest + 1):
            await self._events.emit(MessageDiscarded(message_id=self._draft_id(dead)))

    async def _respond(self, request: ModelRequest) -> Response | Question:
        """Stream one response. A stream that breaks in the middle is discarded and tried again."""
        retries_left = self._config.max_stream_retries
        while True:
            granted = await self._spending.reserve(request, self.usage)
            if isinstance(granted, Question):
                return granted
            draft = self._draft = self._processor.draft(self._draft_id(self._state.attempt))
            try:
                return await self._processor.process(granted, draft)
            except ModelFault as fault:
                await self._discard(draft)
                if not (fault.partial and fault.may_retry and retries_left):
                    raise
            retries_left -= 1

    async def _discard(self, draft: Draft) -> None:
        """Withdraw a draft that will not be stored; what it cost was spent."""
        self._draft = None
        self.usage = self.usage.plus(draft.usage)
        await self._events.emit(MessageDiscarded(message_id=draft.message_id))

    async def _store(self, message_id: str, response: Response, budget: BudgetUse | None = None) -> Message:
        count, usage = self.count + 1, self.usage.plus(response.usage)
        planned = self._processor.planned(response.calls)
        message = await self._journal.store_step(message_id, response.parts, planned, count, usage)
        self._draft, self.count, self.usage = None, count, usage
        await self._events.emit(MessageCreated(message=message))
        await self._events.emit(UsageRecorded(model=self._state.model, usage=response.usage, budget=budget))
        return message

    def _draft_id(self, attempt: int) -> str:
        return derived_id(self._state.run_id, self.count, attempt)
