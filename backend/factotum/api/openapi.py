"""The description of the API: typed events, one shape of every error, the bearer token."""

import re
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

import factotum
from factotum.api.errors import Problem

_SHARED = ("get_shared", "list_shared_messages", "download_shared_file")
_PUBLIC = frozenset({"get_index", "get_health", "get_readiness", "exchange_code", *_SHARED})
_STREAM = "text/event-stream"
_REFERENCE = re.compile(r"#/components/schemas/([\w.-]+)")
_SPARSE = frozenset({"Problem"})
"""Answers that leave out what is empty."""
_METHODS = frozenset({"get", "post", "put", "patch", "delete"})
PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {"model": Problem, "description": "What went wrong, and what to do."}
}
"""Every route may answer with a problem."""


def install_openapi(app: FastAPI) -> None:
    """Make `/openapi.json` say what the framework cannot know; it is made when it is first asked for."""

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app)
        return app.openapi_schema

    app.openapi = describe


def _described(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title="Factotum",
        version=factotum.__version__,
        summary="Give an agent a task, watch every step, get files and answers.",
        routes=app.routes,
    )
    document["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"bearer": []}]
    for operation in _operations(document):
        if operation["operationId"] in _PUBLIC:
            operation["security"] = []
        for status, response in operation["responses"].items():
            _correct(status, response)
    _require_what_always_comes(document)
    return document


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from (operation for method, operation in path.items() if method in _METHODS)


def _correct(status: str, response: dict[str, Any]) -> None:
    """Give problems their media type, and take the framework's guess off streams."""
    content = response.get("content", {})
    if status == "default":
        response["content"] = {"application/problem+json": next(iter(content.values()))}
    elif _STREAM in content:
        content[_STREAM]["schema"].pop("type", None)


def _require_what_always_comes(document: dict[str, Any]) -> None:
    """Mark every field of an answer as present: a default makes a field optional for its sender only."""
    schemas = document["components"]["schemas"]
    taken = _reachable(schemas, [operation.get("requestBody") for operation in _operations(document)])
    for name in schemas.keys() - taken - _SPARSE:
        if "properties" in schemas[name]:
            schemas[name]["required"] = list(schemas[name]["properties"])


def _reachable(schemas: dict[str, Any], start: list[Any]) -> set[str]:
    found: set[str] = set()
    waiting = _REFERENCE.findall(repr(start))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _REFERENCE.findall(repr(schemas[name]))
    return found
