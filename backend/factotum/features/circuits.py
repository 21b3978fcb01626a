"""The circuit breakers for whoever runs the service: which services are left alone, and how to wake them."""

from factotum.bus.circuit_board import CircuitBoard
from factotum.bus.signals import Signals
from factotum.core.breaker import CircuitState
from factotum.core.circuits import Circuits
from factotum.core.errors import NotFound, Unavailable
from factotum.core.frozen import Frozen


class CircuitInfo(Frozen):
    """A breaker of one process. `open`: calls fail at once for `rests_seconds`; `half_open`: one may try.

    `failures` are those in a row, `last` is what the newest of them said.
    """

    name: str
    process: str
    state: CircuitState
    failures: int
    rests_seconds: float
    last: str


class CircuitList(Frozen):
    """The breakers of all processes, of every service that was called."""

    items: tuple[CircuitInfo, ...]


class CircuitService:
    """Tells how the breakers are, and closes them."""

    def __init__(self, circuits: Circuits, board: CircuitBoard, signals: Signals, process: str) -> None:
        self._circuits = circuits
        self._board = board
        self._signals = signals
        self._process = process

    async def list(self) -> CircuitList:
        """Return them by name and process; without Redis, those of this process alone."""
        try:
            told = await self._board.read()
        except Unavailable:
            told = {}
        told[self._process] = self._circuits.list()
        found = [
            CircuitInfo(
                name=circuit.name,
                process=process,
                state=circuit.state,
                failures=circuit.failures,
                rests_seconds=round(circuit.rests_seconds, 1),
                last=circuit.last,
            )
            for process, circuits in told.items()
            for circuit in circuits
        ]
        return CircuitList(items=tuple(sorted(found, key=lambda info: (info.name, info.process))))

    async def reset(self, name: str) -> None:
        """Close the breaker of a service in every process.

        Raises NotFound (`circuit_not_found`), and Unavailable when the other processes cannot be told.
        """
        known = {info.name for info in (await self.list()).items}
        if name not in known:
            raise NotFound(
                f"No process has called a service named {name[:100]!r}.",
                hint="GET /v1/admin/circuits lists the names.",
                code="circuit_not_found",
            )
        self._circuits.reset(name)
        if not await self._signals.send(name, "reset_circuit"):
            raise Unavailable(
                "This process closed it; the others could not be told, since Redis is away.",
                hint="Try again when Redis is back.",
                code="redis_unavailable",
            )
