"""The loop: resume, then step after step, until a tool, an answer, a person or a limit ends it.

Every step leaves the log whole, so that any worker can go on from it (law 1). The end is an explicit signal:
the `complete` or `ask` tool, an answer without calls, a limit, or a stop. Never a guess from who spoke last.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from factotum.agent.config import ProcessorConfig
from factotum.agent.draft import Draft, Response
from factotum.agent.outcome import Awaiting, Finished, HandedOver, RunOutcome
from factotum.agent.ports import CallResult, EventSink, RunJournal
from factotum.agent.response_processor import ResponseProcessor
from factotum.agent.step_limit import ask_to_go_on, next_limit, says_more, says_stop
from factotum.agent.thread_manager import ThreadManager
from factotum.agent.tool_runner import ToolRunner
from factotum.agent.verdict import verdict
from factotum.core.ids import derived_id
from factotum.core.tasks import whole
from factotum.llm.faults import ModelFault
from factotum.protocol.events import MessageCreated, MessageDiscarded, UsageRecorded
from factotum.protocol.messages import Message, ToolCallPart
from factotum.protocol.runs import Question, Usage


@dataclass(frozen=True, slots=True)
class RunState:
    """The run as its row says when an attempt begins. `took_over`: the attempt before this one died."""

    run_id: str
    model: str
    attempt: int
    step: int
    usage: Usage
    took_over: bool = False
    question: Question | None = None
    answer: str | None = None


class AgentLoop:
    """One attempt at one run."""

    def __init__(
        self,
        state: RunState,
        *,
        thread: ThreadManager,
        processor: ResponseProcessor,
        runner: ToolRunner,
        journal: RunJournal,
        events: EventSink,
        config: ProcessorConfig,
    ) -> None:
        self._state = state
        self._thread = thread
        self._processor = processor
        self._runner = runner
        self._journal = journal
        self._events = events
        self._config = config
        self._step = state.step
        self._usage = state.usage
        self._limit = next_limit(state.step, config.step_limit)
        self._permitted = False
        self._draft: Draft | None = None
        self._handover = False

    @property
    def usage(self) -> Usage:
        """What the run used so far, over all its attempts."""
        return self._usage

    def hand_over(self) -> None:
        """Ask the loop to end at the next step boundary, for another worker to go on."""
        self._handover = True

    async def run(self) -> RunOutcome:
        """Work until the run ends, waits or is handed over.

        Raises ModelFault when the model cannot be used, StaleAttempt when a newer attempt owns the run.
        """
        outcome = await self._resume()
        while outcome is None:
            if self._handover:
                return HandedOver()
            if self._step >= self._limit:
                return Awaiting(ask_to_go_on(self._step))
            outcome = await self._one_step()
        return outcome

    async def settle_stopped(self) -> tuple[str, ...]:
        """Leave the log whole after `run` was cancelled by a stop: keep the partial text, close every call.

        Returns the names of the calls that were not executed.
        """
        if self._draft is not None:
            partial = Response(self._draft.parts(), self._draft.usage, "stop")
            if partial.is_empty:
                await self._discard(self._draft)
            else:
                await self._store(self._draft.message_id, partial)
        await self._thread.refresh()
        _, calls = self._thread.unanswered()
        return await self._runner.settle(calls, "the run was stopped")

    async def _resume(self) -> RunOutcome | None:
        state = self._state
        await self._thread.refresh()
        await self._clear_up()
        question, answer = state.question, state.answer
        if question is not None and answer is not None:
            if question.reason != "limit":
                return await self._take_answer(question, answer)
            if question == ask_to_go_on(self._step):
                return await self._take_permission(answer)
            await self._journal.clear_question()  # The step that it allowed is stored.
        message_id, calls = self._thread.unanswered()
        return await self._work_off(message_id, calls)

    async def _clear_up(self) -> None:
        """Withdraw the draft that the attempt before may have left; of a dead one, tell what it stored last.

        What is told twice replaces itself.
        """
        newest = self._state.attempt - 1
        for dead in range(1 if self._state.took_over else max(newest, 1), newest + 1):
            await self._events.emit(MessageDiscarded(message_id=self._draft_id(dead)))
        for message in self._thread.last_step() if self._state.took_over else ():
            await self._events.emit(MessageCreated(message=message))

    async def _take_answer(self, question: Question, answer: str) -> None:
        """Make the answer the result of the call that asked, or of those whose outcome is unknown."""
        _, calls = self._thread.unanswered()
        asked = [c for c in calls if question.reason == "question" and c.call_id == question.call_id]
        for call in asked:
            await self._runner.finish(call.call_id, call.name, CallResult(answer, "ok"))
        rest = [call for call in calls if call not in asked]
        await self._runner.settle(rest, "the run waited for an answer", answer)
        await self._journal.clear_question()

    async def _take_permission(self, answer: str) -> RunOutcome | None:
        """Go on for as many steps again, or end. The row keeps the answer until either is stored."""
        if says_stop(answer):
            return Finished("answered")
        self._limit = self._step + self._config.step_limit
        self._permitted = True
        if says_more(answer):
            message_id = derived_id(self._state.run_id, "answer", self._step)
            message = await self._journal.take_answer(message_id, answer)
            await self._events.emit(MessageCreated(message=message))
        return None

    async def _one_step(self) -> RunOutcome | None:
        await self._thread.refresh()
        response = await self._respond()
        message = await whole(self._store(self._draft_id(self._state.attempt), response))
        await self._thread.refresh()
        return await self._work_off(message.id, message.calls)

    async def _work_off(self, message_id: str, calls: Sequence[ToolCallPart]) -> RunOutcome | None:
        if calls:
            return await self._runner.run(message_id, calls)
        return verdict(self._thread, self._config.native_max_auto_continues)

    async def _respond(self) -> Response:
        """Stream one response. A stream that breaks in the middle is discarded and tried again."""
        request = self._thread.request()
        retries_left = self._config.max_stream_retries
        while True:
            draft = self._draft = self._processor.draft(self._draft_id(self._state.attempt))
            try:
                return await self._processor.process(request, draft)
            except ModelFault as fault:
                await self._discard(draft)
                if not (fault.partial and fault.may_retry and retries_left):
                    raise
            retries_left -= 1

    async def _discard(self, draft: Draft) -> None:
        """Withdraw a draft that will not be stored; what it cost was spent."""
        self._draft = None
        self._usage = self._usage.plus(draft.usage)
        await self._events.emit(MessageDiscarded(message_id=draft.message_id))

    async def _store(self, message_id: str, response: Response) -> Message:
        step, usage = self._step + 1, self._usage.plus(response.usage)
        planned = self._processor.planned(response.calls)
        message = await self._journal.store_step(message_id, response.parts, planned, step, usage)
        self._draft, self._step, self._usage = None, step, usage
        if self._permitted:
            await self._journal.clear_question()
            self._permitted = False
        await self._events.emit(MessageCreated(message=message))
        await self._events.emit(UsageRecorded(model=self._state.model, usage=response.usage))
        return message

    def _draft_id(self, attempt: int) -> str:
        return derived_id(self._state.run_id, self._step, attempt)
