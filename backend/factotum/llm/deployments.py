"""The ways to one model: the provider's own address and key, and further keys or addresses beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

from factotum.llm.endpoints import Endpoint, provider_of


@dataclass(frozen=True, slots=True)
class Deployment:
    """One way. `name` tells it from the others; no endpoint: where and with which key LiteLLM would call."""

    name: str
    endpoint: Endpoint | None


class Deployments:
    """`endpoints` take the place of a provider's own; `further` stand beside it, by prefix or model."""

    def __init__(
        self, endpoints: Mapping[str, Endpoint], further: Mapping[str, Sequence[Endpoint]] | None = None
    ) -> None:
        self._endpoints = dict(endpoints)
        self._further = {name: tuple(some) for name, some in (further or {}).items()}

    def of(self, model: str, cache_key: str | None = None) -> list[Deployment]:
        """Return all ways to a model, at least one.

        Which is first follows from `cache_key`: threads are spread over the ways, and each keeps to its own,
        since every one has a prompt cache of its own.
        """
        prefix = provider_of(model)
        ways = [Deployment(prefix, self._endpoints.get(prefix))]
        for name in dict.fromkeys((prefix, model)):
            for number, endpoint in enumerate(self._further.get(name, ()), start=2):
                ways.append(Deployment(f"{name} (key {number})", endpoint))
        first = crc32(cache_key.encode()) % len(ways) if cache_key else 0
        return ways[first:] + ways[:first]

    def endpoint(self, model: str) -> Endpoint | None:
        """Return the endpoint that takes the place of the provider's own, if one does."""
        return self._endpoints.get(provider_of(model))
