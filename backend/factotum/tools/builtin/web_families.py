"""The families that go to the web: put together from what the operator has set."""

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import SecretStr

from factotum.clients.fetch import WebReader
from factotum.clients.service import Outbound
from factotum.tools.builtin.data_providers import make_data_providers, rapid_address
from factotum.tools.builtin.read_webpage import make_read_webpage
from factotum.tools.builtin.search_providers import Exa, SearchProvider, SearXNG, Tavily
from factotum.tools.builtin.web_search import make_web_search
from factotum.tools.catalogue import Family, Missing

_NO_SEARCH = Missing("No search provider is set up.", "TAVILY_API_KEY, EXA_API_KEY or FACTOTUM_SEARXNG_URL")
_NO_DATA = Missing("There is no key for RapidAPI.", "RAPIDAPI_KEY")


@dataclass(frozen=True, slots=True)
class WebKeys:
    """What the operator has set. None: not set. The addresses are the vendors' own, but in tests."""

    tavily: SecretStr | None = None
    exa: SecretStr | None = None
    searxng_url: str | None = None
    rapidapi: SecretStr | None = None
    tavily_url: str = "https://api.tavily.com"
    exa_url: str = "https://api.exa.ai"
    rapidapi_address: Callable[[str], str] = rapid_address


def web_families(keys: WebKeys, outbound: Outbound, reader: WebReader) -> tuple[Family, ...]:
    """Return the families of the web, with what each lacks."""
    searching = search_providers(keys, outbound)
    data = make_data_providers(outbound, keys.rapidapi or SecretStr(""), keys.rapidapi_address)
    return (
        Family((make_read_webpage(reader),)),
        Family((make_web_search(searching),), None if searching else _NO_SEARCH),
        Family(data, None if keys.rapidapi else _NO_DATA),
    )


def search_providers(keys: WebKeys, outbound: Outbound) -> list[SearchProvider]:
    """Return those that can be used, the first choice first."""
    found: list[SearchProvider] = []
    if keys.tavily is not None:
        found.append(Tavily(outbound, keys.tavily, keys.tavily_url))
    if keys.exa is not None:
        found.append(Exa(outbound, keys.exa, keys.exa_url))
    if keys.searxng_url is not None:
        found.append(SearXNG(outbound, keys.searxng_url))
    return found
