"""What an attempt begins from."""

from dataclasses import dataclass

from factotum.protocol.budgets import Budget
from factotum.protocol.runs import Question, Usage


@dataclass(frozen=True, slots=True)
class RunState:
    """The run as its row says when an attempt begins. `took_over`: the attempt before this one died.

    `extension` is what a person adds to the budget, besides or instead of words.
    """

    run_id: str
    model: str
    attempt: int
    step: int
    usage: Usage
    took_over: bool = False
    question: Question | None = None
    answer: str | None = None
    extension: Budget | None = None
