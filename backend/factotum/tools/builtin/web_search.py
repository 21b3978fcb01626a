"""Searching the web: the first provider that answers, in a fixed order."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from factotum.clients.faults import ServiceFault
from factotum.tools.builtin.search_providers import Hit, Recency, SearchProvider
from factotum.tools.declare import tool
from factotum.tools.tool import Tool, ToolContext, ToolError, ToolOutput
from factotum.tools.untrusted import as_data


def make_web_search(providers: Sequence[SearchProvider]) -> Tool:
    """Return the tool over `providers`, which are tried in their order."""

    @tool(
        effect="pure",
        family="web",
        subject="query",
        deadline_seconds=60,
        output_limit=25_000,
        example={"query": "population of Lisbon 2025", "count": 5},
    )
    async def web_search(
        context: ToolContext,
        query: Annotated[str, Field(min_length=1, max_length=400)],
        count: Annotated[int, Field(ge=1, le=20)] = 5,
        recency: Recency = "any",
    ) -> ToolOutput:
        """Search the web. Returns titles, addresses and a part of the text; read a page with read_webpage.

        Args:
            query: A few words, as you would type them into a search engine.
            count: How many results.
            recency: Only pages from the last day, week, month or year.
        """
        provider, hits = await _first_answer(providers, query, count, recency)
        if not hits:
            return ToolOutput(f"No results for {query!r} ({provider}). Try other words.")
        listed = "\n\n".join(_written(number, hit) for number, hit in enumerate(hits, start=1))
        return ToolOutput(as_data(listed, f"a search of the web by {provider}", context.call_id))

    return web_search


async def _first_answer(
    providers: Sequence[SearchProvider], query: str, count: int, recency: Recency
) -> tuple[str, Sequence[Hit]]:
    faults: list[ServiceFault] = []
    for provider in providers:
        try:
            return provider.name, await provider.search(query, count, recency)
        except ServiceFault as fault:
            faults.append(fault)
    raise ToolError(
        f"No search provider answered. {' '.join(fault.message for fault in faults)}",
        hint="Try again later, or read a page whose address you know with read_webpage.",
        code="search_unavailable",
    )


def _written(number: int, hit: Hit) -> str:
    published = f" ({hit.published[:10]})" if hit.published else ""
    return f"{number}. {hit.title or '(no title)'}{published}\n{hit.url}\n{hit.text}".rstrip()
