"""What a run has used, beside what it may use where that is limited."""

from factotum.cli import text as write
from factotum.cli.view import View
from factotum.core.wording import count
from factotum.protocol.budgets import Amounts


def figures_of(view: View) -> list[str]:
    """Return how long the run took and what it used: time, steps, tokens, money."""
    work = view.budget.used.seconds if view.budget else 0.0
    seconds = _limits(view).seconds
    return [
        write.duration(view.seconds),
        *([f"{write.duration(work)} of {write.duration(seconds)} at work"] if seconds else []),
        _steps_of(view),
        tokens_of(view),
        cost_of(view),
    ]


def tokens_of(view: View) -> str:
    """Return the tokens used."""
    used, limit = view.usage.input_tokens + view.usage.output_tokens, _limits(view).tokens
    if limit is None:
        return write.tokens(used)
    return f"{write.tokens(used).removesuffix(' tokens')} of {write.tokens(limit)}"


def cost_of(view: View) -> str:
    """Return the money spent."""
    spent, limit = write.money(view.usage.cost_usd), _limits(view).cost_usd
    return spent if limit is None else f"{spent} of {write.money(limit)}"


def _steps_of(view: View) -> str:
    limit = _limits(view).steps
    return count(view.steps, "step") if limit is None else f"{view.steps:,} of {limit:,} steps"


def _limits(view: View) -> Amounts:
    return view.budget.limit if view.budget else Amounts()
