"""One run of the suite: people work, faults are done, and every history is checked."""

import asyncio
import os
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaos.checks import bad_effects, bad_reads, bad_threads, bad_transcript, differing_events, lost_runs
from chaos.cluster import Cluster
from chaos.evidence import keep
from chaos.faults import Chaos
from chaos.fencing import bad_claims, bad_ledger, changed_messages, stale_writes
from chaos.history import Note
from chaos.person import Person
from chaos.plan import Planned, chance_of
from chaos.resumption import resumptions
from chaos.tasks import EFFECTS, LETTERS
from chaos.versions import versions
from factotum.core.tasks import cancelled

_SETTLE_SECONDS = 600.0
_NOTES = (
    'select at, writer, "table", operation, run_id::text, owner, attempt, status, old_owner, old_attempt,'
    " old_status, lease_left, item, change, effect, item_attempt from chaos.notes order by id"
)
_MESSAGES = (
    "select id::text, run_id::text, position, role, parts from factotum.messages"
    " where thread_id = %s order by position"
)
_CALLS = "select * from factotum.tool_calls where run_id = any(%s::uuid[]) order by created_at, call_id"


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is to be: which faults, who is there, and where evidence of a failure goes."""

    seed: int
    faults: Sequence[Planned]
    people: int
    apis: int
    workers: int
    lease_seconds: float
    evidence: Path
    keep: bool = False


class Suite:
    """A run of the suite in a cluster that is up."""

    def __init__(self, cluster: Cluster, options: Options) -> None:
        self._cluster = cluster
        self._options = options
        self._people: list[Person] = []
        self._complaints: list[str] = []
        self._stop = asyncio.Event()
        self._counts: Counter[str] = Counter()
        self._load: list[float] = []

    async def run(self) -> dict[str, Any]:
        """Do everything and return the report."""
        chaos = Chaos(self._cluster, self._people)
        began = time.time()
        # One person works undisturbed first, so that faults begin when everything is up.
        await self._one_person()
        async with self._crowd() as crowd:
            await self._do_faults(chaos, crowd)
            await chaos.settle()
            self._stop.set()
            _, late = await asyncio.wait(crowd, timeout=_SETTLE_SECONDS)
            for task in late:
                self._complain(
                    f"{task.get_name()} did not end within {_SETTLE_SECONDS:.0f} s of the last fault"
                )
        notes = [Note(**row) for row in await self._cluster.rows(_NOTES)]
        await self._check_all(notes)
        resumed = resumptions(chaos.done, notes)
        report: dict[str, Any] = {
            "seed": self._options.seed,
            "versions": versions(),
            "load_average": {"most": max(self._load), "mean": round(sum(self._load) / len(self._load), 2)},
            "options": {
                "people": self._options.people,
                "apis": self._options.apis,
                "workers": self._options.workers,
                "lease_seconds": self._options.lease_seconds,
            },
            "seconds": round(time.time() - began),
            "faults": dict(Counter(planned.kind for planned in self._done(chaos))),
            **self._counts,
            "writes": len(notes),
            "restarts": self._cluster.restarts,
            "takeovers": sum(n.table == "runs" and n.attempt > max(1, n.old_attempt) for n in notes),
            "resumed": [row._asdict() for row in resumed],
            "timeline": [
                {**row._asdict(), "at": row.at - began, "until": row.until - began} for row in chaos.done
            ],
            "unclean": chaos.unclean,
            "complaints": self._complaints,
        }
        if self._options.keep or self._complaints or chaos.unclean:
            report["evidence"] = str(keep(self._options.evidence, self._cluster.folder, report, notes))
        return report

    def _done(self, chaos: Chaos) -> list[Planned]:
        numbers = {done.number for done in chaos.done}
        return [planned for planned in self._options.faults if planned.number in numbers]

    @asynccontextmanager
    async def _crowd(self) -> "AsyncGenerator[set[asyncio.Task[None]]]":
        """People who give tasks, one after another each, until the end; what breaks them is a complaint."""
        tasks = {
            asyncio.create_task(self._keep_busy(), name=f"person {number}")
            for number in range(self._options.people)
        }
        try:
            yield tasks
        finally:
            await cancelled(*tasks)
            for task in tasks:
                if not task.cancelled() and (fault := task.exception()) is not None:
                    self._complain(f"{task.get_name()}: a client broke: {fault!r}")

    async def _keep_busy(self) -> None:
        while not self._stop.is_set():
            await self._one_person()

    async def _one_person(self) -> None:
        number = self._counts["people"]
        self._counts["people"] += 1
        chance: random.Random = chance_of(self._options.seed, number)
        person = Person(self._cluster, chance, slow=number % 4 == 3)
        self._people.append(person)
        try:
            await person.work()
        finally:
            self._people.remove(person)
            await self._check_person(person)

    async def _do_faults(self, chaos: Chaos, crowd: "set[asyncio.Task[None]]") -> None:
        """Do what is planned, or less if somebody cannot work any more."""
        for planned in self._options.faults:
            self._load.append(os.getloadavg()[0])
            if any(task.done() for task in crowd):
                return
            await asyncio.sleep(planned.pause)
            await chaos.do(planned)
            end = "" if sys.stderr.isatty() else "\n"
            sys.stderr.write(f"\r{planned.number} of {len(self._options.faults)}: {planned.kind:<20}{end}")

    async def _check_person(self, person: Person) -> None:
        """Check what a person's clients saw, and forget it."""
        counts = self._counts
        counts["runs"] += len(person.run_ids)
        counts["transcripts"] += len(person.transcripts)
        counts["events"] += sum(len(transcript.seen) for transcript in person.transcripts)
        counts["connects"] += sum(transcript.connects for transcript in person.transcripts)
        counts["resets"] += sum(transcript.resets for transcript in person.transcripts)
        counts["reads"] += len(person.reads)
        if len(person.run_ids) < len(LETTERS):
            return
        letters = dict(zip(person.run_ids, LETTERS, strict=True))
        messages = await self._cluster.rows(_MESSAGES, person.thread_id)
        runs = await self._cluster.rows(
            "select id::text, status, error from factotum.runs where thread_id = %s", person.thread_id
        )
        calls = await self._cluster.rows(_CALLS, person.run_ids)
        told: dict[str, float] = {}
        for transcript in person.transcripts:
            for message_id, at in transcript.acknowledged.items():
                told[message_id] = min(at, told.get(message_id, at))
        effects = self._cluster.workspace_file(person.project_id, EFFECTS)
        complaints = lost_runs(person.run_ids, runs)
        complaints += bad_threads(messages, letters)
        complaints += bad_reads(person.reads, [row["id"] for row in messages], told)
        complaints += bad_effects(calls, effects, letters)
        complaints += differing_events(person.transcripts)
        for transcript in person.transcripts:
            complaints += bad_transcript(transcript, messages)
        if complaints:
            keep(
                self._options.evidence,
                None,
                {"person": person.thread_id, "complaints": complaints},
                [],
                histories={
                    "messages": messages,
                    "runs": runs,
                    "calls": calls,
                    "effects": effects,
                    "reads": person.reads,
                    "transcripts": person.transcripts,
                },
            )
        for complaint in complaints:
            self._complain(f"thread {person.thread_id}: {complaint}")

    async def _check_all(self, notes: Sequence[Note]) -> None:
        """Check every write, and once more that nothing was changed after its run had ended."""
        unfinished = await self._cluster.rows(
            "select id::text, status from factotum.runs where status <> 'finished' order by id"
        )
        for complaint in (
            *stale_writes(notes),
            *bad_claims(notes),
            *bad_ledger(notes),
            *changed_messages(notes),
            *(f"run {row['id']} is {row['status']} in the end" for row in unfinished),
        ):
            self._complain(complaint)

    def _complain(self, complaint: str) -> None:
        self._complaints.append(complaint)
