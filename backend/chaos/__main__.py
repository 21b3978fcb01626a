"""The chaos suite: people give tasks while everything is killed; then every history is checked.

python -m chaos --faults 500 --people 8 --seed 1 --json chaos.json

Exits with 1 when a law was broken. The seed decides which faults come, not what happens to run at that time.
"""

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from rich.console import Console
from rich.table import Table

from chaos.checks import bad_effects, bad_threads, bad_transcript, differing_events, lost_runs
from chaos.cluster import Cluster, as_json
from chaos.faults import KINDS, Chaos, Lost
from chaos.person import Person
from chaos.tasks import EFFECTS, LETTERS
from factotum.core.tasks import cancelled

_PAUSE_SECONDS = (0.5, 3.0)
_SETTLE_SECONDS = 300.0


class Resumed(NamedTuple):
    """A run that a worker was hit with, and after how many seconds another attempt carried it."""

    kind: str
    run_id: str
    at: float
    seconds: float


def main() -> int:
    """Run the suite; return 0 when every law held."""
    arguments = _arguments()
    folder = Path(tempfile.mkdtemp(prefix="ftc-"))
    folder.chmod(0o711)
    try:
        report = asyncio.run(_run(arguments, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if arguments.json:
        Path(arguments.json).write_text(as_json(report))
    return _print(report)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--faults", type=int, default=500)
    parser.add_argument("--people", type=int, default=6, help="how many give tasks at any time")
    parser.add_argument("--apis", type=int, default=2)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--lease", type=float, default=15.0, help="seconds; the service's default is 15")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", help="where to write all that was found")
    return parser.parse_args()


async def _run(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    chance = random.Random(arguments.seed)
    people: list[Person] = []
    async with Cluster(
        folder, apis=arguments.apis, workers=arguments.workers, lease_seconds=arguments.lease
    ) as cluster:
        chaos = Chaos(cluster, people, chance)
        limits = httpx.Limits(max_connections=500)
        async with httpx.AsyncClient(timeout=30, limits=limits) as http:
            await _warm_up(cluster, http, people, chance)
            stop = asyncio.Event()
            crowd = [
                asyncio.create_task(_keep_busy(cluster, http, people, stop, chance))
                for _ in range(arguments.people)
            ]
            resumed: list[Resumed] = []
            watching = asyncio.create_task(_watch(chaos, resumed))
            began = time.monotonic()
            done = await _do_faults(chaos, arguments.faults, crowd)
            stop.set()
            _, late = await asyncio.wait(crowd, timeout=_SETTLE_SECONDS)
            await asyncio.sleep(1)
            await cancelled(watching, *late)
            complaints = [f"a person's clients broke: {_why(task)}" for task in crowd if _why(task)]
            complaints += await _check(cluster, people)
            return {
                "faults": dict(Counter(kind for kind, _ in done)),
                "seconds": round(time.monotonic() - began),
                "runs": sum(len(person.run_ids) for person in people),
                "connects": sum(t.connects for person in people for t in person.transcripts),
                "resets": sum(t.resets for person in people for t in person.transcripts),
                "timeline": [(kind, round(at - began, 1)) for kind, at in done],
                "resumed": [
                    {"after": r.kind, "run": r.run_id, "at": round(r.at - began, 1), "seconds": r.seconds}
                    for r in resumed
                ],
                "unclean": chaos.unclean,
                "complaints": complaints,
                "logs": cluster.logs() if complaints else {},
            }


async def _warm_up(
    cluster: Cluster, http: httpx.AsyncClient, people: list[Person], chance: random.Random
) -> None:
    """Let one person work undisturbed, so that faults begin when everything is up."""
    people.append(Person(cluster, http, chance))
    await people[0].work()


async def _keep_busy(
    cluster: Cluster,
    http: httpx.AsyncClient,
    people: list[Person],
    stop: asyncio.Event,
    chance: random.Random,
) -> None:
    while not stop.is_set():
        person = Person(cluster, http, random.Random(chance.random()), slow=len(people) % 4 == 3)
        people.append(person)
        await person.work()


async def _do_faults(chaos: Chaos, count: int, crowd: list[asyncio.Task[None]]) -> list[tuple[str, float]]:
    """Do `count` faults, or fewer if somebody cannot work any more; return each kind and when it was done."""
    done: list[tuple[str, float]] = []
    weights = [weight for weight, _ in KINDS.values()]
    while len(done) < count and not any(task.done() for task in crowd):
        (kind,) = chaos.chance.choices(list(KINDS), weights)
        await asyncio.sleep(chaos.chance.uniform(*_PAUSE_SECONDS))
        await KINDS[kind][1](chaos)
        done.append((kind, time.monotonic()))
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{len(done)} of {count} faults, the last one: {kind:<20}")
    return done


async def _watch(chaos: Chaos, resumed: list[Resumed]) -> None:
    """Measure how long it takes until another attempt carries each run that a worker was hit with."""
    waiting: list[tuple[Lost, str, int]] = []
    taken = 0
    while True:
        for lost in chaos.lost[taken:]:
            waiting += [(lost, run_id, attempt) for run_id, attempt in lost.runs]
        taken = len(chaos.lost)
        if waiting:
            rows = await chaos.cluster.rows(
                "select id::text, attempt, status from factotum.runs where id = any(%s::uuid[])",
                [run_id for _, run_id, _ in waiting],
            )
            now = {str(row["id"]): (int(row["attempt"]), str(row["status"])) for row in rows}
            left: list[tuple[Lost, str, int]] = []
            for lost, run_id, attempt in waiting:
                newest, status = now.get(run_id, (0, ""))
                if newest > attempt:
                    resumed.append(Resumed(lost.kind, run_id, lost.at, time.monotonic() - lost.at))
                elif status in {"running", "queued", "stopping"}:
                    left.append((lost, run_id, attempt))
            waiting = left
        await asyncio.sleep(0.1)


async def _check(cluster: Cluster, people: list[Person]) -> list[str]:
    runs = await cluster.rows("select id::text, status, error from factotum.runs")
    complaints = lost_runs((run_id for person in people for run_id in person.run_ids), runs)
    for person in people:
        letters = dict(zip(person.run_ids, LETTERS, strict=False))
        if len(letters) < len(LETTERS):
            continue
        messages = await cluster.rows(
            "select id::text, run_id::text, position, role, parts from factotum.messages"
            " where thread_id = %s order by position",
            person.thread_id,
        )
        calls = await cluster.rows(
            "select * from factotum.tool_calls where run_id = any(%s::uuid[]) order by created_at, call_id",
            person.run_ids,
        )
        effects = cluster.workspace_file(person.project_id, EFFECTS)
        complaints += bad_threads(messages, letters)
        complaints += bad_effects(calls, dict.fromkeys(letters, effects), letters)
        for transcript in person.transcripts:
            complaints += bad_transcript(transcript, messages)
    return complaints + differing_events(t for person in people for t in person.transcripts)


def _why(task: asyncio.Task[None]) -> str:
    if task.cancelled() or not task.done():
        return "they did not end in time"
    return repr(task.exception()) if task.exception() else ""


def _print(report: dict[str, Any]) -> int:
    console = Console()
    table = Table(title="Chaos", title_justify="left")
    table.add_column("what was done")
    table.add_column("times", justify="right")
    for kind, times in sorted(report["faults"].items()):
        table.add_row(kind, str(times))
    console.print(table)
    table = Table(title="Runs that went on elsewhere", title_justify="left")
    for column in ("after", "runs", "p50 s", "p99 s", "longest s"):
        table.add_column(column, justify="left" if column == "after" else "right")
    for kind in sorted({row["after"] for row in report["resumed"]}):
        times = sorted(row["seconds"] for row in report["resumed"] if row["after"] == kind)
        p99 = times[min(len(times) - 1, round(0.99 * (len(times) - 1)))]
        row = (str(len(times)), f"{times[len(times) // 2]:.1f}", f"{p99:.1f}", f"{times[-1]:.1f}")
        table.add_row(kind, *row)
    console.print(table)
    console.print(
        f"{report['runs']} runs in {report['seconds']} s; {report['connects']} connections of clients, "
        f"{report['resets']} resets; {len(report['complaints'])} complaints"
    )
    for complaint in [*report["unclean"], *report["complaints"]][:20]:
        console.print(f"- {complaint[:2000]}", markup=False, highlight=False)
    for name, log in report["logs"].items():
        console.rule(name)
        console.print(log, markup=False, highlight=False)
    return 1 if report["complaints"] or report["unclean"] else 0


if __name__ == "__main__":
    sys.exit(main())
