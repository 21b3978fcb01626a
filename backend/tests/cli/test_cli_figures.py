"""What a run used is shown beside what it may use."""

from factotum.cli.figures import figures_of
from factotum.cli.reduce import apply
from factotum.cli.view import View
from factotum.protocol.budgets import Amounts, BudgetUse, Spending
from factotum.protocol.events import Snapshot, UsageRecorded
from factotum.protocol.runs import Usage
from tests.cli.cli_support import make_run

USE = BudgetUse(
    id="p",
    limit=Amounts(cost_usd=0.5, tokens=20_000, steps=50, seconds=60),
    used=Spending(cost_usd=0.01, tokens=1_200, steps=1, seconds=2.5),
)
USAGE = Usage(input_tokens=1_000, output_tokens=200, cost_usd=0.01)


def test_figures_without_and_with_limits() -> None:
    view = View()
    apply(view, UsageRecorded(model="m", usage=USAGE))
    assert figures_of(view) == ["0.0 s", "1 step", "1.2k tokens", "$0.0100"]
    apply(view, UsageRecorded(model="m", usage=USAGE, budget=USE))
    assert figures_of(view) == [
        "0.0 s",
        "2.5 s of 1:00 at work",
        "2 of 50 steps",
        "2.4k of 20.0k tokens",
        "$0.0200 of $0.5000",
    ]


def test_a_snapshot_brings_the_budget() -> None:
    view = View()
    apply(view, Snapshot(seq=3, run=make_run(budget=USE), messages=()))
    assert view.budget == USE
