"""A bounded journal of what was asked and what became of it, for tests and for the curious."""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

import orjson
from pydantic import JsonValue

_SECRET = ("authorization", "x-api-key", "api-key", "cookie", "proxy-authorization")
_BODY_LIMIT = 1024 * 1024

Outcome = Literal["open", "complete", "refused", "client_gone", "broken_by_script"]
"""`open`: still being answered. `client_gone`: the client closed before the end."""


@dataclass(slots=True)
class Exchange:
    """One request and its answer. `body` is the request's JSON (None: no JSON, or over 1 MiB); `turn` and
    `attempt` count from 1; `chunks`: HTTP chunks sent so far."""

    number: int
    method: str
    path: str
    headers: dict[str, str]
    body: JsonValue
    scenario: str | None = None
    turn: int | None = None
    attempt: int | None = None
    status: int | None = None
    chunks: int = 0
    outcome: Outcome = "open"
    problem: str | None = None


@dataclass(slots=True)
class Journal:
    """The last `limit` exchanges, oldest first."""

    limit: int = 100
    exchanges: deque[Exchange] = field(init=False)
    _numbers: "itertools.count[int]" = field(init=False, default_factory=lambda: itertools.count(1))
    _changed: asyncio.Event = field(init=False, default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.exchanges = deque(maxlen=self.limit)

    def begin(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Exchange:
        """Note a request. Keys and cookies are not kept."""
        kept = {name: "(not kept)" if name in _SECRET else value for name, value in headers.items()}
        exchange = Exchange(next(self._numbers), method, path, kept, _json(body))
        self.exchanges.append(exchange)
        self._wake()
        return exchange

    def end(self, exchange: Exchange, outcome: Outcome, problem: str | None = None) -> None:
        """Note what became of it."""
        exchange.outcome = outcome
        exchange.problem = problem
        self._wake()

    async def until(self, condition: Callable[["Journal"], bool], *, timeout: float = 5.0) -> None:
        """Wait until `condition` holds; it is asked when an exchange begins or ends. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            while not condition(self):
                await self._changed.wait()

    def clear(self) -> None:
        """Forget all."""
        self.exchanges.clear()
        self._wake()

    def as_json(self) -> bytes:
        """Return `{"requests": [...]}`, oldest first."""
        return orjson.dumps({"requests": [asdict(exchange) for exchange in self.exchanges]})

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def _json(body: bytes) -> JsonValue:
    if not body or len(body) > _BODY_LIMIT:
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
