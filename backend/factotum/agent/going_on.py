"""Takes in what a person said to a run that asked whether to go on: more budget, another way, or the end."""

from factotum.agent.budget import says_stop, wish_in
from factotum.agent.config import ProcessorConfig
from factotum.agent.outcome import Finished
from factotum.agent.ports import EventSink, RunJournal
from factotum.agent.state import RunState
from factotum.agent.stuck import told_to_change
from factotum.core.ids import derived_id
from factotum.core.tasks import whole
from factotum.protocol.budgets import Amounts
from factotum.protocol.events import MessageCreated
from factotum.protocol.runs import Question


async def go_on(
    state: RunState,
    question: Question,
    answer: str,
    *,
    journal: RunJournal,
    events: EventSink,
    config: ProcessorConfig,
) -> Finished | None:
    """End the run, or let it go on. The row keeps the answer until what follows from it is stored."""
    stuck = question.reason == "stuck"
    if says_stop(answer):
        return Finished("stuck" if stuck else "budget", steerable=False)
    wish = told_to_change(question, answer) if stuck else wish_in(answer)
    if wish:
        # One answer at one step: what is stored twice, by an attempt that died, is one message.
        message_id = derived_id(state.run_id, "answer", state.step, question.reason, wish)
        await whole(_tell(message_id, wish, journal, events))
    if stuck:
        await journal.clear_question()
    else:
        by = state.extension or question.budget or Amounts(steps=config.budget.steps)
        await journal.extend(config.budget, by)
    return None


async def _tell(message_id: str, wish: str, journal: RunJournal, events: EventSink) -> None:
    """Store what the model shall read, and show it: a stop waits for both."""
    message = await journal.take_answer(message_id, wish)
    await events.emit(MessageCreated(message=message))
