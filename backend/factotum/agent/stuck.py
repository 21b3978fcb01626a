"""Finds a run that repeats itself without progress, by the last few messages of its log. Pure.

Steps are compared by what was called, with which arguments, and what came back, word for word: ids and times
do not count, and a poll whose answer changes is no repetition. Counting begins anew after each word of a
person.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from factotum.agent.budget import STOP_HERE
from factotum.protocol.messages import Message, Outcome, ToolResultPart
from factotum.protocol.runs import Question

SAME_RESULT = 4
"""Times in a row that the same calls gave the same results."""
SAME_ERROR = 3
SAME_WORDS = 3
"""Times in a row that the model said the same and called nothing."""
ALTERNATING = 6
"""Steps in a row of two kinds that take turns."""
FAULTY = 4
"""Steps in a row whose calls could not run, whatever they were."""

_LONGEST = max(SAME_RESULT, SAME_ERROR, SAME_WORDS, ALTERNATING, FAULTY)
_ANOTHER_WAY = "Try another way"


@dataclass(frozen=True, slots=True)
class _Call:
    name: str
    arguments: dict[str, JsonValue]
    fault: str | None
    outcome: Outcome | None
    output: str


@dataclass(frozen=True, slots=True)
class _Step:
    """One answer of the model, with what its calls gave back."""

    words: str
    calls: tuple[_Call, ...]

    def repeats(self, other: "_Step") -> bool:
        """Whether both did the same with the same result; without calls, whether both said the same."""
        if self.calls or other.calls:
            return self.calls == other.calls
        return self.words.strip() == other.words.strip()

    @property
    def failed(self) -> bool:
        """Whether it called something, and all of it failed."""
        return bool(self.calls) and all(call.outcome == "error" for call in self.calls)

    @property
    def faulty(self) -> bool:
        """Whether it called something, and none of it could even run."""
        return bool(self.calls) and all(call.fault is not None for call in self.calls)

    @property
    def names(self) -> str:
        """What it called, in words."""
        return " and ".join(dict.fromkeys(call.name for call in self.calls))


def repetition(newest_first: Iterable[Message]) -> str | None:
    """Return in plain words what a run repeats, or None when it gets on.

    `newest_first` are its own messages from the last one back; only as many are read as the patterns need.
    """
    steps = _last_steps(newest_first)
    if not steps:
        return None
    last = steps[0]
    same = _count(steps, last)
    if not last.calls:
        return f"the same words {same} times, without calling a tool" if same >= SAME_WORDS else None
    if same >= SAME_RESULT:
        return f"the same call of {last.names} {same} times, with the same result"
    if last.failed and same >= SAME_ERROR:
        return f"the same call of {last.names} {same} times, with the same error"
    if _alternates(steps):
        return (
            f"the same two steps in turn, {last.names} and {steps[1].names or 'words'}, with the same results"
        )
    if len(steps) >= FAULTY and all(step.faulty for step in steps[:FAULTY]):
        return f"{FAULTY} calls in a row that could not run, the last one of {last.names}"
    return None


def ask_for_help(repeated: str) -> Question:
    """Return the question of a run that repeats itself. Its first line says what."""
    return Question(
        reason="stuck",
        text=f"The agent repeats itself: {repeated}.\nWhat should it do?",
        choices=(_ANOTHER_WAY, STOP_HERE),
    )


def told_to_change(question: Question, answer: str) -> str:
    """Return what the model reads of the answer: the person's own words, or what it should stop repeating."""
    if answer.strip().lower() != _ANOTHER_WAY.lower():
        return answer
    repeated = question.text.partition("\n")[0]
    return f"{repeated} Think about why that leads nowhere, and try another way; if there is none, ask."


def _last_steps(newest_first: Iterable[Message]) -> list[_Step]:
    """Return the last steps since a person spoke, newest first; one more than the longest pattern needs."""
    steps: list[_Step] = []
    results: dict[str, ToolResultPart] = {}
    for message in newest_first:
        if message.role == "user" or len(steps) == _LONGEST:
            break
        if message.role == "assistant":
            steps.append(_step(message, results))
        else:
            results |= {part.call_id: part for part in message.parts if isinstance(part, ToolResultPart)}
    return steps


def _step(message: Message, results: dict[str, ToolResultPart]) -> _Step:
    calls: list[_Call] = []
    for call in message.calls:
        result = results.get(call.call_id)
        outcome, output = (result.outcome, result.output) if result else (None, "")
        calls.append(_Call(call.name, call.arguments, call.fault, outcome, output))
    return _Step(message.text, tuple(calls))


def _count(steps: Sequence[_Step], last: _Step) -> int:
    """Return how many of the newest steps are like the last one."""
    return next((n for n, step in enumerate(steps) if not step.repeats(last)), len(steps))


def _alternates(steps: Sequence[_Step]) -> bool:
    if len(steps) < ALTERNATING or steps[0].repeats(steps[1]):
        return False
    return all(steps[n].repeats(steps[n % 2]) for n in range(ALTERNATING))
