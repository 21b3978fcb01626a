"""Search APIs: what each is asked, and what it answers, as its vendor documents it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol, cast

from pydantic import JsonValue, SecretStr

from factotum.clients.faults import ServiceFault
from factotum.clients.service import Bounds, Outbound, Request, Service

Recency = Literal["any", "day", "week", "month", "year"]

_BOUNDS = Bounds(total_seconds=15, answer_bytes=2_000_000, attempts=2)
_MOST_OF_A_HIT = 1_000
_DAYS: Mapping[Recency, int] = {"day": 1, "week": 7, "month": 31, "year": 366}


@dataclass(frozen=True, slots=True)
class Hit:
    """One result: `text` is what the provider shows of the page."""

    title: str
    url: str
    text: str
    published: str = ""


class SearchProvider(Protocol):
    """Searches the web."""

    @property
    def name(self) -> str:
        """Its name, also of its breaker."""
        ...

    async def search(self, query: str, count: int, recency: Recency) -> Sequence[Hit]:
        """Return the best results. Raises ServiceFault."""
        ...


class Tavily:
    """https://docs.tavily.com/documentation/api-reference/endpoint/search"""

    name = "tavily"

    def __init__(self, outbound: Outbound, key: SecretStr, base_url: str = "https://api.tavily.com") -> None:
        self._outbound = outbound
        token = SecretStr(f"Bearer {key.get_secret_value()}")
        self._service = Service(self.name, base_url, {"Authorization": token}, _BOUNDS)

    async def search(self, query: str, count: int, recency: Recency) -> Sequence[Hit]:
        """Return the best results."""
        body: dict[str, JsonValue] = {"query": query, "max_results": count, "search_depth": "basic"}
        if recency != "any":
            body["time_range"] = recency
        reply = await self._outbound.call(
            self._service, Request("POST", "/search", body=body, idempotent=True)
        )
        return _hits(self.name, reply.json(), "content", "published_date", count)


class Exa:
    """https://docs.exa.ai/reference/search"""

    name = "exa"

    def __init__(self, outbound: Outbound, key: SecretStr, base_url: str = "https://api.exa.ai") -> None:
        self._outbound = outbound
        self._service = Service(self.name, base_url, {"x-api-key": key}, _BOUNDS)

    async def search(self, query: str, count: int, recency: Recency) -> Sequence[Hit]:
        """Return the best results."""
        body: dict[str, JsonValue] = {
            "query": query,
            "numResults": count,
            "type": "auto",
            "contents": {"text": {"maxCharacters": _MOST_OF_A_HIT}},
        }
        if recency != "any":
            since = datetime.now(UTC) - timedelta(days=_DAYS[recency])
            body["startPublishedDate"] = f"{since:%Y-%m-%dT%H:%M:%S.000Z}"
        reply = await self._outbound.call(
            self._service, Request("POST", "/search", body=body, idempotent=True)
        )
        return _hits(self.name, reply.json(), "text", "publishedDate", count)


class SearXNG:
    """An own instance, whose settings allow JSON: https://docs.searxng.org/dev/search_api.html"""

    name = "searxng"

    def __init__(self, outbound: Outbound, base_url: str) -> None:
        self._outbound = outbound
        self._service = Service(self.name, base_url, bounds=_BOUNDS)

    async def search(self, query: str, count: int, recency: Recency) -> Sequence[Hit]:
        """Return the best results."""
        asked: dict[str, str | int | float | bool] = {"q": query, "format": "json"}
        if recency != "any":
            asked["time_range"] = recency
        reply = await self._outbound.call(self._service, Request("GET", "/search", asked, idempotent=True))
        return _hits(self.name, reply.json(), "content", "publishedDate", count)


def _hits(name: str, answer: JsonValue, text: str, published: str, count: int) -> Sequence[Hit]:
    results = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(results, list):
        raise ServiceFault(name, "bad_answer", f"{name} answered without results.")
    found = [cast("dict[str, object]", each) for each in results if isinstance(each, dict)]
    hits = [
        Hit(_line(each, "title"), _line(each, "url"), _line(each, text), _line(each, published))
        for each in found
    ]
    return [hit for hit in hits if hit.url][:count]


def _line(result: Mapping[str, object], name: str) -> str:
    value = result.get(name)
    return " ".join(value.split())[:_MOST_OF_A_HIT] if isinstance(value, str) else ""
