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
from factotum.agent.thread_manager import ThreadManager
from factotum.agent.tool_runner import ToolRunner
from factotum.core.ids import derived_id
from factotum.llm.faults import ModelFault
from factotum.protocol.events import MessageCreated, MessageDiscarded, UsageRecorded
from factotum.protocol.messages import ToolCallPart
from factotum.protocol.runs import Question, Usage

_GO_ON, _STOP_HERE = "Go on", "Stop here"


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
        self._limit = _next_limit(state.step, config.step_limit)
        self._continues = 0
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
                return Awaiting(_ask_to_go_on(self._step))
            outcome = await self._one_step()
        return outcome

    async def settle_stopped(self) -> tuple[str, ...]:
        """Leave the log whole after `run` was cancelled by a stop: keep the partial text, close every call.

        Returns the names of the calls that were not executed.
        """
        if self._draft is not None:
            draft, self._draft = self._draft, None
            parts = draft.parts()
            if parts:
                await self._store(draft.message_id, Response(parts, draft.usage, "stop"))
            else:
                await self._events.emit(MessageDiscarded(message_id=draft.message_id))
        await self._thread.refresh()
        _, calls = self._thread.unanswered()
        return await self._runner.settle(calls, "the run was stopped")

    async def _resume(self) -> RunOutcome | None:
        state = self._state
        if state.took_over:
            for dead in range(1, state.attempt):
                await self._events.emit(MessageDiscarded(message_id=self._draft_id(dead)))
        await self._thread.refresh()
        message_id, calls = self._thread.unanswered()
        if state.question is not None and state.answer is not None:
            return await self._take_answer(state.question, state.answer, calls)
        return await self._runner.run(message_id, calls) if calls else None

    async def _take_answer(
        self, question: Question, answer: str, calls: Sequence[ToolCallPart]
    ) -> RunOutcome | None:
        if question.reason == "question":
            for call in calls:
                if call.call_id == question.call_id:
                    await self._runner.finish(call.call_id, call.name, CallResult(answer, "ok"))
            calls = [call for call in calls if call.call_id != question.call_id]
        await self._runner.settle(calls, "the run waited for an answer", answer)
        if question.reason == "limit":
            if answer.strip().lower() == _STOP_HERE.lower():
                await self._journal.clear_question()
                return Finished("answered")
            self._limit = self._step + self._config.step_limit
            if answer.strip().lower() != _GO_ON.lower():
                message_id = derived_id(self._state.run_id, "answer", self._step)
                message = await self._journal.take_answer(message_id, answer)
                await self._events.emit(MessageCreated(message=message))
        await self._journal.clear_question()
        return None

    async def _one_step(self) -> RunOutcome | None:
        await self._thread.refresh()
        response = await self._respond()
        message_id = self._draft_id(self._state.attempt)
        await self._store(message_id, response)
        self._draft = None
        calls = response.calls
        if calls:
            self._continues = 0
            await self._thread.refresh()
            return await self._runner.run(message_id, calls)
        if response.stop == "content_filter":
            raise ModelFault("content_filtered", "The provider's filter cut the answer off.")
        if response.stop == "length" and self._continues < self._config.native_max_auto_continues:
            self._continues += 1
            return None
        return Finished("answered")

    async def _respond(self) -> Response:
        """Stream one response. A stream that breaks in the middle is discarded and asked for again, a few times."""
        request = self._thread.request(was_cut=self._continues > 0)
        for retries_left in range(self._config.max_stream_retries, -1, -1):
            self._draft = self._processor.draft(self._draft_id(self._state.attempt))
            try:
                return await self._processor.process(request, self._draft)
            except ModelFault as fault:
                await self._events.emit(MessageDiscarded(message_id=self._draft.message_id))
                self._draft = None
                if not (fault.partial and fault.may_retry and retries_left):
                    raise
        raise AssertionError("the last try returns or raises")

    async def _store(self, message_id: str, response: Response) -> None:
        step, usage = self._step + 1, self._usage.plus(response.usage)
        planned = self._processor.planned(response.calls)
        message = await self._journal.store_step(message_id, response.parts, planned, step, usage)
        self._step, self._usage = step, usage
        await self._events.emit(MessageCreated(message=message))
        await self._events.emit(UsageRecorded(model=self._state.model, usage=response.usage))

    def _draft_id(self, attempt: int) -> str:
        return derived_id(self._state.run_id, self._step, attempt)


def _next_limit(step: int, every: int) -> int:
    """Return the step at which a person is asked: the next multiple, which a run that waits already stands on."""
    return step if step and step % every == 0 else (step // every + 1) * every


def _ask_to_go_on(steps: int) -> Question:
    return Question(
        reason="limit", text=f"{steps} steps are used. Shall the run go on?", choices=(_GO_ON, _STOP_HERE)
    )
