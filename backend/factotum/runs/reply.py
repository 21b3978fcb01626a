"""What a person sent to a waiting run, as the run's row keeps it: words, and amounts for its budget."""

from dataclasses import dataclass

from pydantic import JsonValue, TypeAdapter

from factotum.core.errors import Conflict
from factotum.protocol.budgets import Budget
from factotum.protocol.runs import Run

_ASKS_FOR_BUDGET = frozenset({"budget", "limit"})


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. Words alone are kept as a plain text, as they always were."""

    text: str
    budget: Budget | None = None

    @property
    def value(self) -> JsonValue:
        """The answer as JSON."""
        return self.text if self.budget is None else _REPLY.dump_python(self, mode="json")

    @classmethod
    def of(cls, value: JsonValue) -> "Reply":
        """Read it back."""
        return _REPLY.validate_python(value) if isinstance(value, dict) else cls(str(value))


_REPLY = TypeAdapter(Reply)


def check_asks_for_budget(run: Run) -> None:
    """Raise Conflict (`run_asks_no_budget`) for a run that waits for something else."""
    if run.question is not None and run.question.reason not in _ASKS_FOR_BUDGET:
        raise Conflict(
            "The run asks for something else than budget.",
            hint="Answer it with `text`; a budget is extended when the run asks for it.",
            code="run_asks_no_budget",
        )
