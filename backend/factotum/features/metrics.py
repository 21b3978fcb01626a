"""What the service measures of itself, as Prometheus reads it (text exposition format 0.0.4)."""

from collections.abc import Sequence
from typing import NamedTuple

from factotum.bus.counters import Counters
from factotum.core.errors import FactotumError
from factotum.store.activity import Activity
from factotum.store.database import Database
from factotum.store.stuck import Stuck

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_STATES = ("queued", "running", "stopping", "awaiting_input")
OUTBOUND = "outbound:"
"""How counts of calls of other services are named: with this before `service:outcome`."""
_ENDS = {"run.finished": "finished", "run.failed": "failed", "run.stopped": "stopped"}


class _Metric(NamedTuple):
    name: str
    kind: str
    help: str
    samples: Sequence[tuple[str, float]]


class MetricsService:
    """Gathers figures when it is asked: gauges from Postgres, counts of all processes from Redis."""

    def __init__(self, database: Database, counters: Counters) -> None:
        self._database = database
        self._counters = counters

    async def text(self, *, streams: int) -> str:
        """Return all metrics; `streams` are those that this process serves.

        A part that is away is told by `factotum_up` and left out, so that a reader sees the rest.
        """
        metrics = [_gauge("streams", "Event streams that the process that answers serves.", streams)]
        up: list[tuple[str, float]] = []
        for part, gather in (("postgres", self._from_postgres), ("redis", self._from_redis)):
            try:
                metrics.extend(await gather())
                up.append((f'{{part="{part}"}}', 1))
            except FactotumError:
                up.append((f'{{part="{part}"}}', 0))
        metrics.append(_Metric("up", "gauge", "Whether a part answers.", up))
        return "".join(map(_written, metrics))

    async def _from_postgres(self) -> list[_Metric]:
        async with self._database.system() as tx:
            found = await Stuck(tx).figures()
            takers = await Activity(tx).live_workers()
        states = [(f'{{status="{state}"}}', found[state]) for state in _STATES]
        return [
            _Metric("runs", "gauge", "Runs that have not ended, by status.", states),
            _gauge("runs_without_room", "Queued runs whose account is at its limit.", found["no_room"]),
            _gauge("runs_without_worker", "Runs whose worker went silent.", found["no_worker"]),
            _gauge(
                "queue_oldest_seconds",
                "Age of the oldest run that a worker could begin.",
                found["oldest_queued"],
            ),
            _gauge("awaiting_oldest_seconds", "Age of the oldest question.", found["oldest_awaiting"]),
            _gauge("job_takers", "Takers of jobs heard of lately: two a worker.", takers),
        ]

    async def _from_redis(self) -> list[_Metric]:
        counts = await self._counters.read()
        ended = [(f'{{status="{status}"}}', counts.get(kind, 0)) for kind, status in _ENDS.items()]
        called = [
            (f'{{service="{service}",outcome="{outcome}"}}', number)
            for name, number in sorted(counts.items())
            if name.startswith(OUTBOUND)
            for service, _, outcome in [name.removeprefix(OUTBOUND).rpartition(":")]
        ]
        return [
            _Metric("outbound_calls_total", "counter", "Calls of other services, by how they ended.", called),
            _Metric("attempts_total", "counter", "Attempts begun.", [("", counts.get("attempts", 0))]),
            _Metric(
                "takeovers_total",
                "counter",
                "Attempts that took a run over from a worker that went silent.",
                [("", counts.get("takeovers", 0))],
            ),
            _Metric("runs_ended_total", "counter", "Runs that ended, by how.", ended),
        ]


def _gauge(name: str, text: str, value: float) -> _Metric:
    return _Metric(name, "gauge", text, [("", value)])


def _written(metric: _Metric) -> str:
    name = f"factotum_{metric.name}"
    head = f"# HELP {name} {metric.help}\n# TYPE {name} {metric.kind}\n"
    return head + "".join(f"{name}{labels} {value:g}\n" for labels, value in metric.samples)
