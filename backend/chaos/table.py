"""Shows a report on the terminal."""

from typing import Any

from rich.console import Console
from rich.table import Table

from chaos.resumption import AIMS, percentile

_MOST_COMPLAINTS = 20
_LONGEST_COMPLAINT = 1_000


def show(report: dict[str, Any]) -> None:
    """Print the tables: what was done, how runs went on, and what was found."""
    console = Console()
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    load = report["load_average"]
    console.print(
        f"seed {report['seed']}; {versions}; load {load['mean']} (most {load['most']:.1f})", style="dim"
    )
    table = Table("fault", title="What was done", title_justify="left", box=None)
    table.add_column("times", justify="right")
    for kind, times in sorted(report["faults"].items()):
        table.add_row(kind, str(times))
    table.add_row("in all", str(sum(report["faults"].values())), style="bold")
    console.print(table)
    console.print(_resumptions(report["resumed"]))
    streams = f"{report['connects']} connections, {report['resets']} resets"
    console.print(
        f"{report['seconds']} s, {report['people']} people, {report['runs']} runs,"
        f" {report['takeovers']} times another attempt; {report['writes']} writes;"
        f" {report['transcripts']} transcripts with {report['events']} events over {streams};"
        f" {report['reads']} reads"
    )
    found = [*report["unclean"], *report["complaints"]]
    console.print(f"{len(found)} complaints", style="bold red" if found else "bold green")
    for complaint in found[:_MOST_COMPLAINTS]:
        console.print(f"- {complaint[:_LONGEST_COMPLAINT]}", markup=False, highlight=False)
    if "evidence" in report:
        console.print(f"The evidence is in {report['evidence']}", markup=False, highlight=False)


def _resumptions(resumed: list[dict[str, Any]]) -> Table:
    title = "Seconds in which nobody worked on a run (s since the fault)"
    table = Table("after", title=title, title_justify="left", box=None)
    for column in ("runs", "p50", "p99", "longest", "aim of p99", "since p50", "since p99"):
        table.add_column(column, justify="right")
    for kind in sorted({row["kind"] for row in resumed}):
        rows = [row for row in resumed if row["kind"] == kind]
        paused, since = [row["seconds"] for row in rows], [row["since_fault"] for row in rows]
        aim = AIMS.get(kind)
        p99 = percentile(paused, 0.99)
        table.add_row(
            kind,
            str(len(rows)),
            f"{percentile(paused, 0.5):.2f}",
            f"{p99:.2f}",
            f"{max(paused):.2f}",
            "" if aim is None else f"{aim:.0f}: {'met' if p99 <= aim else 'missed'}",
            f"({percentile(since, 0.5):.2f})",
            f"({percentile(since, 0.99):.2f})",
        )
    return table
