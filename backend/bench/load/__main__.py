"""`make load`: what the service takes as two processes (an API process and a worker), on one machine.

    python -m bench.load [--warm-up 5] [--minutes 30] [--idle 500] [--live 100] [--json FILE]
    python -m bench.load --warm-up 0 --minutes 0.5 --idle 100 --live 20 --lengths 10 100       (a short form)

The model is a loopback server; Postgres and Valkey are embedded ones. Everything shares the machine, so its
load is printed: what else it does makes every figure worse.
"""

import argparse
import json
import os
from pathlib import Path
from typing import Any

import uvloop
from rich.console import Console

from bench.__main__ import machine
from bench.load import fanout, growth, tables
from bench.load.service import served
from bench.load.steady import Steady

_WIDTH = 110


def main() -> None:
    """Measure all and print it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30.0, help="how long the steady load is measured")
    parser.add_argument("--warm-up", type=float, default=5.0, help="minutes of it before that")
    parser.add_argument("--idle", type=int, default=500, help="clients that wait")
    parser.add_argument("--live", type=int, default=100, help="runs that work")
    parser.add_argument("--pause", type=int, default=50, help="milliseconds between a model's chunks")
    parser.add_argument(
        "--seconds", type=float, default=10.0, help="how long each smaller figure is measured"
    )
    parser.add_argument("--clients", type=int, nargs="*", default=[1, 10, 100, 1_000])
    parser.add_argument("--runs", type=int, nargs="*", default=list(growth.RUNS))
    parser.add_argument("--lengths", type=int, nargs="*", default=list(growth.LENGTHS))
    parser.add_argument("--json", type=Path, help="where to write every figure")
    options = parser.parse_args()
    report = uvloop.run(_measure(options, Console(width=_WIDTH)))
    if options.json:
        options.json.write_text(json.dumps(report, indent=1))


async def _measure(options: argparse.Namespace, console: Console) -> dict[str, Any]:
    report: dict[str, Any] = {"machine": machine(), "load_before": os.getloadavg()}
    console.print(f"{report['machine']}; load {report['load_before'][0]:.1f} before", style="dim")
    async with served() as service:
        if options.clients:
            report["fan_out"] = await fanout.measure(service, options.clients, options.seconds)
            tables.fan_out(console, report["fan_out"])
        if options.lengths:
            report["lengths"] = await growth.with_length(service, options.lengths)
            tables.lengths(console, report["lengths"])
        if options.runs:
            report["runs"] = await growth.with_runs(service, options.seconds, options.pause, options.runs)
            tables.runs(console, report["runs"])
        if options.minutes:
            load = Steady(service, idle=options.idle, live=options.live, pause_ms=options.pause)
            report["steady"] = await load.measure(options.minutes * 60, options.warm_up * 60)
            tables.steady(console, report["steady"])
    report["load_after"] = os.getloadavg()
    console.print(f"load {report['load_after'][0]:.1f} after", style="dim")
    return report


if __name__ == "__main__":
    main()
