"""The vendors' APIs on loopback, as their documentation has them: they check the key and the request."""

import json
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import parse_qs

from factotum.testing.provider.http import Answer, HttpRequest
from factotum.testing.web.server import Page, json_answer

RESULTS = (
    {
        "title": "Lisbon",
        "url": "https://example.com/lisbon",
        "text": "Lisbon has 575,739 inhabitants.",
        "published": "2025-03-01T00:00:00.000Z",
    },
    {"title": "Porto", "url": "https://example.com/porto", "text": "Porto is smaller.", "published": ""},
)
"""What a search finds, whatever it is for; nothing for the query `nothing`."""


def tavily(key: str, faults: list[int] | None = None) -> Mapping[str, Page]:
    """https://docs.tavily.com/documentation/api-reference/endpoint/search"""

    async def search(request: HttpRequest, answer: Answer) -> None:
        if faults:
            await json_answer(answer, {"detail": {"error": "Something went wrong."}}, faults.pop(0))
            return
        body = _body(request)
        if request.headers.get("authorization") != f"Bearer {key}":
            error = "Unauthorized: missing or invalid API key."
            await json_answer(answer, {"detail": {"error": error}}, 401)
        elif not _is_text(body, "query") or not 0 <= body.get("max_results", 5) <= 20:
            await json_answer(answer, {"detail": {"error": "Invalid request."}}, 400)
        else:
            found = [
                {
                    "title": hit["title"],
                    "url": hit["url"],
                    "content": hit["text"],
                    "score": 0.9,
                    "raw_content": None,
                }
                for hit in _found(body["query"])[: body.get("max_results", 5)]
            ]
            told = {
                "query": body["query"],
                "answer": None,
                "images": [],
                "results": found,
                "response_time": 0.9,
            }
            await json_answer(answer, told)

    return {"POST /search": search}


def exa(key: str, faults: list[int] | None = None) -> Mapping[str, Page]:
    """https://docs.exa.ai/reference/search"""

    async def search(request: HttpRequest, answer: Answer) -> None:
        if faults:
            await json_answer(answer, {"requestId": "r", "error": "Something went wrong."}, faults.pop(0))
            return
        body = _body(request)
        if request.headers.get("x-api-key") != key:
            await json_answer(
                answer, {"requestId": "r", "error": "Invalid API key", "tag": "INVALID_API_KEY"}, 401
            )
        elif not _is_text(body, "query") or not 1 <= body.get("numResults", 10) <= 100:
            await json_answer(
                answer, {"requestId": "r", "error": "Invalid", "tag": "INVALID_REQUEST_BODY"}, 400
            )
        else:
            most = body["contents"]["text"]["maxCharacters"]
            found = [
                {
                    "id": hit["url"],
                    "title": hit["title"],
                    "url": hit["url"],
                    "publishedDate": hit["published"] or None,
                    "author": None,
                    "text": hit["text"][:most],
                }
                for hit in _found(body["query"])[: body["numResults"]]
            ]
            told = {"requestId": "r", "resolvedSearchType": "neural", "results": found}
            await json_answer(answer, {**told, "costDollars": {"total": 0.005}})

    return {"POST /search": search}


def searxng() -> Mapping[str, Page]:
    """https://docs.searxng.org/dev/search_api.html"""

    async def search(request: HttpRequest, answer: Answer) -> None:
        asked = parse_qs(request.query)
        if asked.get("format") != ["json"]:
            await answer.whole(403, b"Forbidden", {"content-type": "text/html"})
            return
        found = [
            {"title": hit["title"], "url": hit["url"], "content": hit["text"], "engine": "duckduckgo"}
            for hit in _found(asked["q"][0])
        ]
        told = {"query": asked["q"][0], "number_of_results": 0, "results": found, "suggestions": []}
        await json_answer(answer, told)

    return {"GET /search": search}


def rapidapi(key: str, answers: Mapping[str, Any]) -> Mapping[str, Page]:
    """https://docs.rapidapi.com/docs/keys: `answers` by method, host and path, as `GET host/path`."""

    async def ask(request: HttpRequest, answer: Answer) -> None:
        if request.headers.get("x-rapidapi-key") != key:
            message = "Invalid API key. Go to https://docs.rapidapi.com/docs/keys for more info."
            await json_answer(answer, {"message": message}, 401)
            return
        place = f"{request.method} {request.headers.get('x-rapidapi-host')}{request.path}"
        if place not in answers:
            await json_answer(answer, {"message": f"Endpoint '{request.path}' does not exist"}, 404)
            return
        await json_answer(answer, answers[place])

    return {place.split(" ")[0] + " /" + place.split("/", 1)[1]: ask for place in answers}


def _found(query: str) -> list[dict[str, str]]:
    return [] if query == "nothing" else [dict(hit) for hit in RESULTS]


def _body(request: HttpRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except ValueError:
        return {}
    return cast("dict[str, Any]", body) if isinstance(body, dict) else {}


def _is_text(body: Mapping[str, Any], name: str) -> bool:
    return isinstance(body.get(name), str) and bool(body[name])
