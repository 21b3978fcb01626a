"""Runs the calls of one message, each through the ledger: a crash never repeats an unsafe one unasked."""

import asyncio
import time
from collections.abc import Sequence
from typing import assert_never

from factotum.agent.approvals import Gate, Ready, ask_for, list_calls
from factotum.agent.caller_tools import ask_for_results, given_results, runs_here
from factotum.agent.config import ProcessorConfig
from factotum.agent.outcome import ApprovalRequest, Awaiting, ClosingCall, Finished
from factotum.agent.ports import CallRecord, CallResult, EventSink, RunJournal
from factotum.agent.tool_context import CallContext, KeepFrame, SandboxOpener
from factotum.core.tasks import all_of, whole
from factotum.protocol.events import MessageCreated, ToolFinished, ToolStarted
from factotum.protocol.messages import ToolCallPart
from factotum.protocol.runs import Question
from factotum.tools.arguments import bind
from factotum.tools.execute import ToolResult, error_text, execute
from factotum.tools.registry import Registry
from factotum.tools.tool import Ask, Complete, ToolError

PARALLEL = 8
"""How many calls run side by side at most."""

_SKIPPED = "Not executed: {why}. Call it again if it is still needed."
_INTERRUPTED = "Not finished: {why} while this call ran. Call it again if it is still needed."
_UNKNOWN = (
    "Outcome unknown: {why} while this call ran, so it may or may not have had its effect. "
    "It was not repeated. {more}"
)
_CHOICES = ("Check what happened, then go on", "Run it again", "Leave it and go on")

Ending = Finished | Awaiting


class ToolRunner:
    """Runs calls in order or side by side, stores and shows every result, and tells what ends the run."""

    def __init__(
        self,
        registry: Registry,
        journal: RunJournal,
        events: EventSink,
        open_sandbox: SandboxOpener,
        config: ProcessorConfig,
        gate: Gate,
        keep_frame: KeepFrame | None = None,
    ) -> None:
        self._registry = registry
        self._journal = journal
        self._events = events
        self._open_sandbox = open_sandbox
        self._strategy = config.tool_execution_strategy
        self._executes = config.execute_tools
        self._network = config.network
        self._sees = config.vision
        self._gate = gate
        self._keep_frame = keep_frame

    async def run(self, message_id: str, calls: Sequence[ToolCallPart]) -> Ending | None:
        """Run the calls that have no result. Returns None when the model should go on.

        A call that ends the run leaves its own result to the run's end; those after it are not executed.
        Calls that a person must approve wait together; in order, those after the first of them wait too.
        """
        if not self._executes:
            return await self._leave_to_caller(message_id, calls)
        ledger = await self._journal.ledger()
        unknown = [call for call in calls if _is_unknown(ledger.get(call.call_id))]
        if unknown:
            asked = [each.call for each in await self._gate.sort(unknown)]
            return Awaiting(_ask_about(asked, self._registry))
        ready: list[Ready] = []
        requests: list[ApprovalRequest] = []
        for place in await self._gate.sort(calls):
            if isinstance(place, ApprovalRequest):
                requests.append(place)
            elif self._strategy == "parallel" or not requests:
                ready.append(place)
        ending = await self._run_ready(message_id, ready)
        if ending is not None:
            begun = {each.call.call_id for each in ready}
            await self._close_rest([call for call in calls if call.call_id not in begun], ending)
            return ending
        return ask_for(requests, self._registry) if requests else None

    async def early(self, call: ToolCallPart) -> Ready | None:
        """Return a call that may begin while its message is being written.

        None: it may end the turn, or a person must approve it; then it waits for the message's end.
        """
        if call.fault is None and self._registry.ends_turn(call.name):
            return None
        (place,) = await self._gate.sort([call])
        return place if isinstance(place, Ready) else None

    async def _run_ready(self, message_id: str, ready: Sequence[Ready]) -> Ending | None:
        if self._strategy == "parallel" and len(ready) > 1:
            return await self._run_parallel(message_id, ready)
        return await self._run_in_order(message_id, ready)

    async def _run_in_order(self, message_id: str, ready: Sequence[Ready]) -> Ending | None:
        for number, each in enumerate(ready):
            ending = await self.run_one(message_id, each)
            if ending is not None:
                await self._close_rest([later.call for later in ready[number + 1 :]], ending)
                return ending
        return None

    async def settle(self, calls: Sequence[ToolCallPart], why: str, answer: str = "") -> tuple[str, ...]:
        """Give every call a result without running it. Returns the names of those that never started.

        `why` is a clause; `answer` is what a person said about calls that a dead attempt had started.
        """
        ledger = await self._journal.ledger()
        untouched: list[str] = []
        for call in calls:
            record = ledger.get(call.call_id)
            if record is None or record.state == "pending":
                untouched.append(call.name)
                result = CallResult(_SKIPPED.format(why=why), "stopped")
            else:
                result = _interrupted(record, why, answer)
            await self.finish(call.call_id, call.name, result)
        return tuple(untouched)

    async def take_results(self, answer: str, calls: Sequence[ToolCallPart]) -> None:
        """Store what the caller of the run says its calls gave."""
        theirs = [call for call in calls if not runs_here(call, self._registry)]
        results = given_results(answer, theirs)
        for call in theirs:
            await self.finish(call.call_id, call.name, results[call.call_id])

    async def finish(self, call_id: str, name: str, result: CallResult, started: float | None = None) -> None:
        """Store one result and show it. `started` is the clock's reading (monotonic seconds) at its start.

        A stop waits for both, so that no result is stored and not shown.
        """
        await whole(self._finish(call_id, name, result, started))

    async def _finish(self, call_id: str, name: str, result: CallResult, started: float | None) -> None:
        message = await self._journal.finish_call(call_id, name, result)
        duration = int((time.monotonic() - started) * 1000) if started is not None else 0
        await self._events.emit(
            ToolFinished(
                call_id=call_id,
                name=name,
                outcome=result.outcome,
                output=result.text,
                display=result.display,
                duration_ms=duration,
            )
        )
        await self._events.emit(MessageCreated(message=message))

    async def _leave_to_caller(self, message_id: str, calls: Sequence[ToolCallPart]) -> Ending | None:
        """Let the caller of the run execute its calls, but for those that only talk or cannot run.

        Nobody is asked about them: the caller decides what it executes.
        """
        theirs: list[ToolCallPart] = []
        ours: list[Ready] = []
        for place in await self._gate.sort(calls):
            if isinstance(place, Ready) and (place.result or runs_here(place.call, self._registry)):
                ours.append(place)
            else:
                theirs.append(place.call)
        if not theirs:
            return await self._run_in_order(message_id, ours)
        for each in ours:
            if each.result is not None or each.call.fault is not None:
                await self.run_one(message_id, each)
        return Awaiting(ask_for_results(theirs))

    async def _run_parallel(self, message_id: str, ready: Sequence[Ready]) -> Ending | None:
        room = asyncio.Semaphore(PARALLEL)

        async def bounded(each: Ready) -> Ending | None:
            async with room:
                return await self.run_one(message_id, each)

        endings = await all_of(map(bounded, ready))
        ended = [(each.call, end) for each, end in zip(ready, endings, strict=True) if end is not None]
        if not ended:
            return None
        chosen = next((ending for _, ending in ended if isinstance(ending, Awaiting)), ended[0][1])
        await self._close_rest([call for call, ending in ended if ending is not chosen], chosen)
        return chosen

    async def run_one(self, message_id: str, ready: Ready) -> Ending | None:
        """Run one stored call: the only place where a call begins. Returns the ending that it signals.

        Raises StaleAttempt.
        """
        call, started = ready.call, time.monotonic()
        if ready.result is not None:
            await self.finish(call.call_id, call.name, ready.result)
            return None
        await self._journal.start_call(call.call_id)
        await self._events.emit(
            ToolStarted(
                call_id=call.call_id, message_id=message_id, name=call.name, arguments=dict(call.arguments)
            )
        )
        result = await self._execute(call)
        match result.signal:
            case Ask(question=question):
                return Awaiting(question.model_copy(update={"call_id": call.call_id}))
            case Complete(deliverables=deliverables):
                closing = ClosingCall(call.call_id, call.name, CallResult(result.text, "ok"))
                return Finished("complete", deliverables, closing)
            case None:
                pictures = result.pictures if self._sees else ()
                display = None if result.display is None else ready.note + result.display
                told = CallResult(ready.note + result.text, result.outcome, pictures, display)
                await self.finish(call.call_id, call.name, told, started)
                return None
            case _:
                assert_never(result.signal)

    async def _execute(self, call: ToolCallPart) -> ToolResult:
        if call.fault is not None:
            return ToolResult(call.fault, "error", 0.0)
        try:
            tool = self._registry.get(call.name)
            arguments = bind(tool, call.arguments, "native")
        except ToolError as error:
            return ToolResult(error_text(error), "error", 0.0, code=error.stable_code)
        context = CallContext(
            call.call_id,
            self._open_sandbox,
            self._journal,
            self._events,
            network=self._network,
            keep_frame=self._keep_frame,
        )
        return await execute(tool, context, arguments)

    async def _close_rest(self, rest: Sequence[ToolCallPart], ending: Ending) -> None:
        """Settle the calls that another one's ending outruns: only one can end the run."""
        finished = isinstance(ending, Finished)
        why = "the task was completed first" if finished else "the run waits for an answer first"
        for call in rest:
            await self.finish(call.call_id, call.name, CallResult(_SKIPPED.format(why=why), "stopped"))


def _is_unknown(record: CallRecord | None) -> bool:
    return record is not None and record.state == "started" and record.effect == "unsafe"


def _interrupted(record: CallRecord, why: str, answer: str) -> CallResult:
    """Say truthfully how a call ended that had begun to run and never came back."""
    why = "the service was interrupted" if answer else why
    if record.effect == "pure":
        return CallResult(_INTERRUPTED.format(why=why), "stopped")
    more = (
        "It can safely be called again." if record.effect == "idempotent" else "Check before you repeat it."
    )
    if answer:
        more = f"The person was asked, and says: {answer}"
    return CallResult(_UNKNOWN.format(why=why, more=more), "unknown")


def _ask_about(calls: Sequence[ToolCallPart], registry: Registry) -> Question:
    return Question(
        reason="unknown_outcome",
        text="The service was interrupted while this ran, so its outcome is unknown. It was not repeated.\n"
        f"{list_calls(calls, registry)}\n\nWhat should be done?",
        choices=_CHOICES,
        call_id=calls[0].call_id,
        call_ids=tuple(call.call_id for call in calls),
    )
