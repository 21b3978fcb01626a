"""The loop: resume, then step after step, until a tool, an answer, a person or a limit ends it.

Every step leaves the log whole, so that any worker can go on from it (law 1). The end is an explicit signal:
the `complete` or `ask` tool, an answer without calls, a limit, or a stop. Never a guess from who spoke last.
"""

import asyncio
from collections.abc import Sequence

from factotum.agent.budget import Extra
from factotum.agent.config import ProcessorConfig
from factotum.agent.going_on import go_on
from factotum.agent.outcome import Awaiting, HandedOver, RunOutcome
from factotum.agent.ports import CallResult, EventSink, RunJournal
from factotum.agent.response_processor import ResponseProcessor
from factotum.agent.room import Room
from factotum.agent.spending import Beside
from factotum.agent.state import RunState
from factotum.agent.steering import NEW_MESSAGE, take_in
from factotum.agent.steps import Steps
from factotum.agent.stuck import ask_for_help, repetition
from factotum.agent.summariser import Summariser
from factotum.agent.thread_manager import ThreadManager
from factotum.agent.tool_runner import ToolRunner
from factotum.agent.verdict import verdict
from factotum.agent.window import Meter
from factotum.protocol.events import MessageCreated
from factotum.protocol.messages import ToolCallPart
from factotum.protocol.runs import Question, Usage


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
        meter: Meter,
        summariser: Summariser,
    ) -> None:
        self._state = state
        self._thread = thread
        self._runner = runner
        self._journal = journal
        self._events = events
        self._config = config
        self._steps = Steps(state, processor, runner, journal, events, config, meter)
        self._room = Room(state, thread, self._steps, journal, events, meter, summariser)
        self._resumed = False
        self._ending: HandedOver | asyncio.CancelledError | None = None

    @property
    def usage(self) -> Usage:
        """What the run used so far, over all its attempts."""
        return self._steps.usage

    def count_in(self, usage: Usage) -> None:
        """Count what the run used beside its steps."""
        self._steps.count_in(usage)

    def beside(self, extra: Extra) -> Beside:
        """Keep room back in the budget for a model call beside the run's steps, from the next one on."""
        return self._steps.beside(extra)

    def hand_over(self) -> None:
        """Ask the loop to end at the next step boundary, for another worker to go on."""
        self._ending = self._ending or HandedOver()

    def cut_off(self) -> None:
        """Make sure that no further step begins: said with a cancellation, which can get lost on its way."""
        self._ending = asyncio.CancelledError()

    async def run(self) -> RunOutcome:
        """Work until the run ends, waits or is handed over; after `make_way` it can be called again.

        Raises ModelFault when the model cannot be used, StaleAttempt when a newer attempt owns the run.
        """
        outcome = await self._resume() or await self._work_off(*self._thread.unanswered())
        while outcome is None:
            if isinstance(self._ending, asyncio.CancelledError):
                raise self._ending
            if self._ending is not None:
                await self._steps.keep_partial()
                return self._ending
            outcome = await self._one_step()
        return outcome

    async def settle_stopped(self) -> tuple[str, ...]:
        """Leave the log whole after `run` was cancelled by a stop: keep the partial text, close every call.

        Returns the names of the calls that were not executed.
        """
        return await self._settle("the run was stopped")

    async def make_way(self) -> None:
        """Leave the log whole for a message that the run reads next, and take it in.

        `run` was cancelled for it, or has returned an end that the message forbids.
        """
        await self._resume()
        await self._settle(NEW_MESSAGE)
        await take_in(self._journal, self._events)
        await self._thread.refresh()

    async def _settle(self, why: str) -> tuple[str, ...]:
        await self._steps.keep_partial()
        await self._thread.refresh()
        _, calls = self._thread.unanswered()
        return await self._runner.settle(calls, why)

    async def _resume(self) -> RunOutcome | None:
        """Take up the run where the log and its row say that it stands, once."""
        if self._resumed:
            return None
        outcome = await self._take_up()
        self._resumed = outcome is None
        return outcome

    async def _take_up(self) -> RunOutcome | None:
        state = self._state
        await self._thread.refresh()
        await self._steps.withdraw_old(self._thread.last_said())
        for message in self._thread.last_step() if state.took_over else ():
            # The dead attempt may not have told what it stored last; what is told twice replaces itself.
            await self._events.emit(MessageCreated(message=message))
        question, answer = state.question, state.answer
        if question is not None and answer is not None:
            if question.reason in {"limit", "budget", "stuck"}:
                ending = await go_on(
                    state, question, answer, journal=self._journal, events=self._events, config=self._config
                )
                await self._thread.refresh()
                return ending
            if question.reason == "tool_results":
                await self._take_results(answer)
            else:
                await self._take_answer(question, answer)
        return None

    async def _take_answer(self, question: Question, answer: str) -> None:
        """Make the answer the result of the call that asked, or of those whose outcome is unknown."""
        _, calls = self._thread.unanswered()
        asks = question.reason in {"question", "hand_over"}
        asked = [call for call in calls if asks and call.call_id == question.call_id]
        for call in asked:
            await self._runner.finish(call.call_id, call.name, CallResult(answer, "ok"))
        rest = [call for call in calls if call not in asked]
        await self._runner.settle(rest, "the run waited for an answer", answer)
        await self._journal.clear_question()
        await self._thread.refresh()

    async def _take_results(self, answer: str) -> None:
        """Make the caller's outputs the results of the calls that it has run."""
        _, calls = self._thread.unanswered()
        await self._runner.take_results(answer, calls)
        await self._journal.clear_question()
        await self._thread.refresh()

    async def _one_step(self) -> RunOutcome | None:
        if not self._steps.is_open:
            await take_in(self._journal, self._events)
            await self._thread.refresh()
            repeated = repetition(self._thread.newest_first())
            if repeated is not None:
                return Awaiting(ask_for_help(repeated))
        taken = await self._room.step()
        if isinstance(taken, Question):
            return Awaiting(taken)
        if not taken:
            return None
        await self._thread.refresh()
        return await self._work_off(*self._thread.unanswered())

    async def _work_off(self, message_id: str, calls: Sequence[ToolCallPart]) -> RunOutcome | None:
        if calls:
            return await self._runner.run(message_id, calls)
        return verdict(self._thread, self._config.native_max_auto_continues)
