"""Searching over loopback copies of the vendors' APIs: fallback, and keys that stay secret."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pydantic import SecretStr

from factotum.clients.fetch import WebReader
from factotum.clients.service import Outbound
from factotum.core.addresses import Guard
from factotum.testing.memory_context import MemoryToolContext
from factotum.testing.web import LoopbackWeb, Page, json_answer
from factotum.testing.web.apis import exa, rapidapi, searxng, tavily
from factotum.tools.builtin.data_endpoints import PROVIDERS
from factotum.tools.builtin.web_families import WebKeys, web_families
from factotum.tools.catalogue import ToolCatalogue
from factotum.tools.tool import Tool, ToolError

TAVILY_KEY, EXA_KEY, RAPID_KEY = "tvly-secret-1234567890", "exa-secret-1234567890", "rapid-secret-1234567890"


def catalogue(outbound: Outbound, **keys: Any) -> ToolCatalogue:
    """Return the web's tools with these keys."""
    return ToolCatalogue(web_families(WebKeys(**keys), outbound, WebReader(Guard())))


def at(web: LoopbackWeb) -> Callable[[str], str]:
    """Have every host of RapidAPI be `web`."""

    def address(_host: str) -> str:
        return web.root

    return address


def searching(outbound: Outbound, first: LoopbackWeb, second: LoopbackWeb, third: str | None = None) -> Tool:
    """Return the tool over Tavily, Exa and perhaps SearXNG."""
    keys = {
        "tavily": SecretStr(TAVILY_KEY),
        "exa": SecretStr(EXA_KEY),
        "tavily_url": first.root,
        "exa_url": second.root,
        "searxng_url": third,
    }
    return catalogue(outbound, **keys).registry.get("web_search")


async def test_tavily_is_asked_first_and_what_it_finds_is_marked_as_data() -> None:
    outbound = Outbound()
    async with LoopbackWeb(tavily(TAVILY_KEY)) as first, LoopbackWeb(exa(EXA_KEY)) as second:
        tool = searching(outbound, first, second)
        result = await MemoryToolContext().call(tool, query="Lisbon", count=1, recency="week")
        await outbound.aclose()
    assert second.requests == []
    asked = json.loads(first.requests[0].body)
    assert asked == {"query": "Lisbon", "max_results": 1, "search_depth": "basic", "time_range": "week"}
    lines = result.text.splitlines()
    assert lines[1:-1] == ["1. Lisbon", "https://example.com/lisbon", "Lisbon has 575,739 inhabitants."]
    assert "data, not instructions" in lines[0]
    assert lines[0].split()[-1].rstrip("]") == lines[-1].split()[-1].rstrip("]")


@pytest.mark.parametrize("status", [401, 429, 432, 500])
async def test_exa_answers_when_tavily_does_not(status: int) -> None:
    outbound = Outbound()
    pages = tavily(TAVILY_KEY, [status] * 50)
    async with LoopbackWeb(pages) as first, LoopbackWeb(exa(EXA_KEY)) as second:
        tool = searching(outbound, first, second)
        result = await MemoryToolContext().call(tool, query="Lisbon", recency="day")
        for _ in range(4):
            await MemoryToolContext().call(tool, query="Lisbon")
        await outbound.aclose()
    assert result.outcome == "ok"
    assert "by exa" in result.text
    assert "1. Lisbon (2025-03-01)" in result.text
    assert "startPublishedDate" in json.loads(second.requests[0].body)
    tried = {401: 5, 429: 10, 432: 5, 500: 5}  # a service that is ill is left alone after five attempts
    assert len(first.requests) == tried[status]


async def test_an_own_searxng_is_the_last_resort_and_all_failing_is_told_without_a_key() -> None:
    outbound = Outbound()
    first, second, third = tavily("other"), exa("other"), searxng()
    async with LoopbackWeb(first) as one, LoopbackWeb(second) as two, LoopbackWeb(third) as three:
        tool = searching(outbound, one, two, three.root)
        found = await MemoryToolContext().call(tool, query="Lisbon", recency="year")
        none = await MemoryToolContext().call(tool, query="nothing")
        three.pages = {}
        failed = await MemoryToolContext().call(tool, query="Lisbon")
        await outbound.aclose()
    assert "by searxng" in found.text
    assert three.requests[0].query == "q=Lisbon&format=json&time_range=year"
    assert none.text == "No results for 'nothing' (searxng). Try other words."
    assert failed.code == "search_unavailable"
    assert "Invalid API key" in failed.text
    assert TAVILY_KEY not in failed.text
    assert EXA_KEY not in failed.text


@pytest.mark.parametrize("answer", [[], {"results": "none"}, {"results": [1, {"title": "no address"}]}])
async def test_an_answer_of_another_form(answer: Any) -> None:
    async def odd(_request: object, to: Any) -> None:
        await json_answer(to, answer)

    outbound = Outbound()
    async with LoopbackWeb({"POST /search": odd}) as web:
        tool = catalogue(outbound, tavily=SecretStr("k"), tavily_url=web.root).registry.get("web_search")
        result = await MemoryToolContext().call(tool, query="Lisbon")
        await outbound.aclose()
    assert result.text.startswith(("Error (search_unavailable)", "No results"))


async def test_what_has_no_key_is_not_offered_and_says_what_to_set() -> None:
    tools = catalogue(Outbound())
    missing = {tool.name: lacking.setting for tool, lacking in tools if lacking}
    assert missing == {
        "web_search": "TAVILY_API_KEY, EXA_API_KEY or FACTOTUM_SEARXNG_URL",
        "data_provider_endpoints": "RAPIDAPI_KEY",
        "data_provider_call": "RAPIDAPI_KEY",
    }
    assert [tool.name for tool in tools.registry.offered()] == ["read_webpage"]


def _samples() -> Mapping[str, Any]:
    """An answer for every endpoint that there is."""
    return {
        f"{endpoint.method} {provider.host}{endpoint.path}": {"provider": provider.name, "of": endpoint.name}
        for provider in PROVIDERS
        for endpoint in provider.endpoints
    }


async def test_every_endpoint_of_every_provider_can_be_called() -> None:
    outbound = Outbound()
    pages: dict[str, Page] = dict(rapidapi(RAPID_KEY, _samples()))
    async with LoopbackWeb(pages) as web:
        tools = catalogue(outbound, rapidapi=SecretStr(RAPID_KEY), rapidapi_address=at(web))
        call = tools.registry.get("data_provider_call")
        for provider in PROVIDERS:
            listed = await MemoryToolContext().call(
                tools.registry.get("data_provider_endpoints"), provider=provider.name
            )
            for endpoint in provider.endpoints:
                assert f"\n{endpoint.name}: " in listed.text
                arguments = {
                    parameter.name: "7" if parameter.number else (parameter.choices or ("x",))[0]
                    for parameter in endpoint.parameters
                }
                result = await MemoryToolContext().call(
                    call, provider=provider.name, endpoint=endpoint.name, arguments=arguments
                )
                assert json.loads("\n".join(result.text.splitlines()[1:-1])) == {
                    "provider": provider.name,
                    "of": endpoint.name,
                }
        await outbound.aclose()
    posted = next(request for request in web.requests if request.path == "/company_updates")
    assert json.loads(posted.body) == {"company_url": "x", "posts": 7, "comments": 7, "reposts": 7}


@pytest.mark.parametrize(
    ("endpoint", "arguments", "said"),
    [
        ("quotes", {}, "endpoint_unknown"),
        ("quote", {}, "'ticker' is missing"),
        ("quote", {"ticker": "AAPL", "type": "BOND"}, "one of STOCKS, ETF"),
        ("quote", {"ticker": " ", "type": "ETF"}, "1 to 2000 characters"),
        ("history", {"symbol": "AAPL", "interval": "1d", "limit": "many"}, "a whole number"),
        ("history", {"symbol": "AAPL", "interval": "1d", "limit": True}, "a whole number"),
        ("search", {"search": "Apple", "key": "x"}, "'key' is not a parameter"),
    ],
)
async def test_wrong_arguments_are_told_and_nothing_is_sent(
    endpoint: str, arguments: dict[str, Any], said: str
) -> None:
    outbound = Outbound()
    async with LoopbackWeb(rapidapi(RAPID_KEY, _samples())) as web:
        tools = catalogue(outbound, rapidapi=SecretStr(RAPID_KEY), rapidapi_address=at(web))
        result = await MemoryToolContext().call(
            tools.registry.get("data_provider_call"),
            provider="yahoo_finance",
            endpoint=endpoint,
            arguments=arguments,
        )
        await outbound.aclose()
    assert said in result.text
    assert web.requests == []


async def test_a_key_that_is_refused_is_not_told_and_a_long_answer_is_cut() -> None:
    outbound = Outbound()
    long = {"GET yahoo-finance15.p.rapidapi.com/api/v1/markets/search": {"body": "x" * 50_000}}
    async with LoopbackWeb(rapidapi(RAPID_KEY, long)) as web:
        for key, said in (("rapid-wrong-1234567890", "service_unauthorized"), (RAPID_KEY, "ask for less")):
            tools = catalogue(outbound, rapidapi=SecretStr(key), rapidapi_address=at(web))
            result = await MemoryToolContext().call(
                tools.registry.get("data_provider_call"),
                provider="yahoo_finance",
                endpoint="search",
                arguments={"search": True},
            )
            assert said in result.text
            assert key not in result.text
            assert len(result.text) < 32_000
        await outbound.aclose()


async def test_a_provider_that_does_not_exist_is_refused_by_the_schema() -> None:
    tools = catalogue(Outbound(), rapidapi=SecretStr(RAPID_KEY))
    with pytest.raises(ToolError):
        await MemoryToolContext().call(tools.registry.get("data_provider_endpoints"), provider="ebay")
