"""Shows what `make load` has measured."""

from typing import Any

from rich.console import Console
from rich.table import Table


def steady(console: Console, found: dict[str, Any]) -> None:
    """Show the steady load beside what it aims at."""
    title = (
        f"{found['idle_clients']} idle clients and {found['live_runs']} live runs on two processes,"
        f" {found['seconds']:.0f} s measured"
    )
    table = _table(title, "what", "measured", "aim")
    table.add_row("requests (put off by a 503)", f"{found['requests']} ({found['requests_put_off']})", "")
    table.add_row(
        "a request, p50 / p99 ms", _pair(found["request_p50_ms"], found["request_p99_ms"]), "p99 < 150"
    )
    table.add_row("events", f"{found['events']} ({found['events_a_second']:.0f} a second)", "")
    table.add_row("an event late, p50 / p99 ms", _pair(found["late_p50_ms"], found["late_p99_ms"]), "")
    table.add_row(
        "the latest, ms", f"{found['late_most_ms']:.0f} ({found['late_over_250']} over 250)", "< 250"
    )
    table.add_row("idle clients still there", f"{found['idle_clients_left']}", f"{found['idle_clients']}")
    for name, sizes in found["rss"].items():
        told = [f"{size:.0f}" for size in sizes["told_mb"]]
        grown = f"{told[0]} to {told[-1]} ({sizes['percent_an_hour']:+.1f} % an hour)"
        table.add_row(f"memory of the {name}, MB", grown, "< 5 % an hour")
        table.add_row("  on the way", " ".join(told), "")
    for name, used in found["cpu_s"].items():
        table.add_row(f"CPU of {name}", f"{used:.1f} s ({found['us_an_event'][name]:.0f} us an event)", "")
    console.print(table)


def fan_out(console: Console, found: list[dict[str, Any]]) -> None:
    """Show fan-out beside the bare socket server."""
    table = _table(
        "One run's events over HTTP beside a bare socket server, in the same run",
        *("clients", "us a delivery", "bare", "x", "a core-second", "p50 / p99 ms", "bare"),
    )
    for row in found:
        we, they = row["ours"], row["bare"]
        table.add_row(
            f"{row['clients']} {row['kind']}",
            f"{we['us_a_delivery']:.1f}",
            f"{they['us_a_delivery']:.1f}",
            f"{we['us_a_delivery'] / they['us_a_delivery']:.1f}" if they["us_a_delivery"] else "",
            f"{we['a_core_second']:,.0f}",
            _pair(we["late_p50_ms"], we["late_p99_ms"]),
            _pair(they["late_p50_ms"], they["late_p99_ms"]),
        )
    console.print(table)


def runs(console: Console, found: list[dict[str, Any]]) -> None:
    """Show how the cost of an event goes with the number of live runs."""
    parts = ("api", "worker", "postgres", "valkey")
    columns = [f"{part} us an event" for part in parts]
    table = _table("More live runs", "runs", "events a second", *columns, "late p50 / p99 ms")
    for row in found:
        table.add_row(
            str(row["live_runs"]),
            f"{row['events_a_second']:.0f}",
            *(f"{row['us_an_event'][part]:.0f}" for part in parts),
            _pair(row["late_p50_ms"], row["late_p99_ms"]),
        )
    console.print(table)


def lengths(console: Console, found: list[dict[str, Any]]) -> None:
    """Show how the cost of a run goes with the length of its thread."""
    parts = ("api", "worker", "postgres")
    columns = [f"{part} CPU ms" for part in parts]
    table = _table(
        "Longer threads: a run of one short answer",
        "messages",
        "first text ms",
        "run ms",
        *columns,
        "read ms",
    )
    for row in found:
        table.add_row(
            f"{row['messages']:,}",
            f"{row['first_text_ms']:.0f}",
            f"{row['run_ms']:.0f}",
            *(f"{row['cpu_ms_a_run'][part]:.0f}" for part in parts),
            f"{row['read_ms']:.1f}",
        )
    console.print(table)


def _pair(first: float, second: float) -> str:
    return f"{first:.1f} / {second:.1f}"


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
    return table
