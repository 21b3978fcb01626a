"""`make bench`: what a token costs, side by side in one run, and what the parser costs alone.

    python -m bench [--rounds 3] [--runs 1 100 500] [--only NAME ...] [--json FILE]

One loopback model (server.py) serves every client from a process of its own, and each measurement is a
process too, so that its CPU can be told. Rounds are interleaved, so that what else the machine does hits all
alike, and the tables hold medians. `x` is the ratio to the bare socket, which does the least there is to do.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import parser, sandbox
from bench.clients import CLIENTS, LOOPS, PEERS

TURNS = 200
REPEATS = 3
_PEERS_PYTHON = Path(__file__).resolve().parent.parent / ".venv-bench" / "bin" / "python"
_LONGEST_SECONDS = 900
_SANDBOX_ROUNDS = 50

Figures = dict[str, float]
Found = dict[str, list[Figures]]


def main() -> None:
    """Measure all and print it."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--runs", type=int, nargs="*", default=[1, 100, 500])
    arguments.add_argument("--only", nargs="*", choices=[*CLIENTS, "sandbox"])
    arguments.add_argument("--json", type=Path, help="write every figure of every round to this file")
    options = arguments.parse_args()
    console = Console()
    if options.only == ["sandbox"]:
        console.print(sandbox.table(sandbox.figures(_SANDBOX_ROUNDS)))
        return
    names = [
        name
        for name in options.only or CLIENTS
        if name in CLIENTS and (name not in PEERS or _PEERS_PYTHON.exists())
    ]
    report: dict[str, Any] = {"machine": machine(), "load_before": os.getloadavg()}
    console.print(f"{report['machine']}; load {report['load_before'][0]:.1f} before", style="dim")
    with subprocess.Popen(
        [sys.executable, "-m", "bench.server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        base = server.stdout.readline().strip()
        report["chunk"] = rounds(names, base, "chunk", REPEATS, options.rounds, console)
        console.print(chunk_table(report["chunk"]))
        loops = [name for name in names if name in LOOPS]
        report["turn"] = rounds(loops, base, "turn", TURNS, options.rounds, console)
        console.print(turn_table(report["turn"]))
        for runs in options.runs:
            found = rounds(names, base, "live", runs, options.rounds, console)
            report[f"live_{runs}"] = found
            console.print(live_table(found, runs))
        server.stdin.close()
    if not options.only:
        report["parser"] = parser.figures(options.rounds)
        console.print(parser.table(report["parser"]))
        report["sandbox"] = sandbox.figures(_SANDBOX_ROUNDS)
        console.print(sandbox.table(report["sandbox"]))
    report["load_after"] = os.getloadavg()
    console.print(f"load {report['load_after'][0]:.1f} after", style="dim")
    if options.json:
        options.json.write_text(json.dumps(report, indent=1))


def rounds(
    names: Sequence[str], base: str, kind: str, amount: int, count: int, console: Console
) -> dict[str, list[Figures]]:
    """Measure every client once a round; one that fails is told of and left out."""
    found: Found = {}
    failed: set[str] = set()
    for number in range(count):
        for name in names:
            if name in failed:
                continue
            with console.status(f"{kind} {amount}, round {number + 1} of {count}: {name}"):
                figures = child(name, base, kind, amount)
            if figures is None:
                failed.add(name)
                console.print(f"{name}: no figures for {kind} {amount}", style="red")
            else:
                found.setdefault(name, []).append(figures)
    return found


def child(name: str, base: str, kind: str, amount: int) -> Figures | None:
    """Measure one client in a process of its own."""
    python = str(_PEERS_PYTHON) if name in PEERS else sys.executable
    command = [python, "-m", "bench.child", name, base, kind, str(amount)]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=_LONGEST_SECONDS, text=True)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        sys.stderr.write(done.stderr[-400:])
        return None
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def chunk_table(found: Found) -> Table:
    """Show the CPU of a chunk in a burst."""
    table = _table("CPU of one streamed chunk, 20 characters, as fast as they come", "us", "x socket")
    first = 0.0
    for name, rows in found.items():
        cost = _middle(rows, "chunk_us")
        first = first or cost
        table.add_row(name, f"{cost:.1f}", f"{cost / first:.1f}")
    return table


def turn_table(found: Found) -> Table:
    """Show the CPU of a turn."""
    title = "CPU of one turn of an agent: a word, a call of a tool, its result"
    table = _table(title, "ms at turn 20", "ms at turn 200", "growth")
    for name, rows in found.items():
        early, late = _middle(rows, "turn_20_ms"), _middle(rows, "turn_200_ms")
        table.add_row(name, f"{early:.2f}", f"{late:.2f}", f"{late / early:.1f}")
    return table


def live_table(found: Found, runs: int) -> Table:
    """Show what many runs at once cost."""
    title = f"{runs} live runs in one process, 20 chunks a second each"
    table = _table(title, "of a core", "us a chunk", "x socket", "added p50 ms", "added p99 ms", "MB")
    first = 0.0
    for name, rows in found.items():
        core, cost, p50, p99, mb = (
            _middle(rows, key) for key in ("core", "chunk_us", "p50_ms", "p99_ms", "mb")
        )
        first = first or cost
        table.add_row(
            name, f"{core:.0%}", f"{cost:.0f}", f"{cost / first:.1f}", f"{p50:.1f}", f"{p99:.1f}", f"{mb:.0f}"
        )
    return table


def machine() -> str:
    """Say where this is measured."""
    return (
        f"{os.cpu_count()} CPUs, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    )


def _middle(rows: Sequence[Figures], key: str) -> float:
    return median(row[key] for row in rows)


def _table(title: str, *columns: str) -> Table:
    table = Table(caption=title, caption_justify="left", box=None, pad_edge=False, min_width=100)
    table.add_column("client", min_width=20)
    for column in columns:
        table.add_column(column, justify="right")
    return table


if __name__ == "__main__":
    main()
