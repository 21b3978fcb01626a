"""How failures are answered: problem+json (RFC 9457) with a stable code; what is inside stays inside."""

import json
import logging
import math
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Scope

from factotum.api.headers import request_id, standard_headers
from factotum.core.errors import (
    Conflict,
    FactotumError,
    Forbidden,
    InvalidInput,
    NotFound,
    RateLimited,
    SetupFault,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from factotum.core.frozen import Frozen
from factotum.core.redaction import redact
from factotum.llm.faults import ModelFault

_log = logging.getLogger(__name__)

_STATUSES: tuple[tuple[type[FactotumError], int], ...] = (
    (TooLarge, 413),
    (InvalidInput, 422),
    (Unauthenticated, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (RateLimited, 429),
    (ModelFault, 502),
    (Unavailable, 503),
    (SetupFault, 501),
)
"""The first class that fits decides: a class stands before its base."""

_RETRY_AFTER_SECONDS = 5
_MOST_FIELDS = 20
_MOST_TEXT = 300
_CLIENT_CLOSED_REQUEST = 499


class FieldProblem(Frozen):
    """What is wrong with one field; `field` is its path, such as `options.step_limit`."""

    field: str
    problem: str


class Problem(Frozen):
    """A failure. `code` is stable and meant for programs, `hint` says what to do."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    hint: str = ""
    request_id: str
    errors: tuple[FieldProblem, ...] = ()


def status_of(fault: FactotumError) -> int:
    """Return the HTTP status that a failure is answered with."""
    return next((status for kind, status in _STATUSES if isinstance(fault, kind)), 500)


def problem_response(
    fault: FactotumError, scope: Scope, *, status: int | None = None, errors: Sequence[FieldProblem] = ()
) -> Response:
    """Return the answer for a failure of ours."""
    status = status or status_of(fault)
    problem = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=redact(fault.message),
        code=fault.stable_code,
        hint=redact(fault.hint),
        request_id=request_id(scope),
        errors=tuple(errors),
    )
    content = problem.model_dump(exclude=set() if errors else {"errors"})
    headers = _extra_headers(fault, status)
    # ASCII only: a caller's text may hold lone surrogates, which UTF-8 cannot.
    return Response(
        json.dumps(content).encode(), status, headers=headers, media_type="application/problem+json"
    )


def install_error_handlers(app: FastAPI) -> None:
    """Make the application answer every failure as a problem."""
    app.add_exception_handler(FactotumError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _unexpected)


def _extra_headers(fault: FactotumError, status: int) -> dict[str, str]:
    if status == HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(fault, RateLimited):
        return {"Retry-After": str(max(1, math.ceil(fault.retry_after_seconds)))}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return {"Retry-After": str(_RETRY_AFTER_SECONDS)}
    return {}


async def _ours(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, FactotumError)
    status = status_of(fault)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.warning("request %s: %s (%s)", request_id(request.scope), fault.message, fault.stable_code)
    return problem_response(fault, request.scope, errors=_fields_of(fault))


async def _invalid(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, RequestValidationError)
    found = cast("Sequence[dict[str, Any]]", fault.errors())
    if any(error["type"] == "json_invalid" for error in found):
        return problem_response(_broken_json(), request.scope)
    hint = "Send the body as JSON, with `Content-Type: application/json`." if _no_json(found) else ""
    problem = InvalidInput("The request is not valid; `errors` names each field.", hint=hint)
    return problem_response(problem, request.scope, errors=[_field(error) for error in found[:_MOST_FIELDS]])


async def _http(request: Request, fault: Exception) -> Response:
    """Answer what the framework raises itself."""
    assert isinstance(fault, HTTPException)
    match fault.status_code:
        case 400:
            problem, status = _broken_json(), None
        case 404:
            problem, status = (
                NotFound("There is nothing at this address.", hint="GET / says where to look."),
                None,
            )
        case 405:
            problem = InvalidInput("This method is not for this address.", code="method_not_allowed")
            status = 405
        case 408:
            problem = InvalidInput("The body did not come in time.", hint="Try again.", code="body_timeout")
            status = 408
        case 413:
            problem, status = TooLarge("The body is too large.", hint="Send a smaller one."), None
        case other:
            problem, status = InvalidInput(HTTPStatus(other).phrase, code="http_error"), other
    response = problem_response(problem, request.scope, status=status)
    response.headers.update(fault.headers or {})
    return response


async def _gone(_request: Request, _fault: Exception) -> Response:
    """Nobody is left to read this."""
    return Response(status_code=_CLIENT_CLOSED_REQUEST)


async def _unexpected(request: Request, fault: Exception) -> Response:
    """Answer a fault of ours, outside of all middleware: the usual headers are put on here."""
    _log.error("request %s broke", request_id(request.scope), exc_info=fault)
    problem = FactotumError(
        "Something went wrong on our side.",
        hint="Try again; if it stays, look for the request's id in the service's log.",
    )
    response = problem_response(problem, request.scope)
    for name, value in standard_headers(request.scope):
        response.headers.setdefault(name, value)
    return response


def _broken_json() -> InvalidInput:
    return InvalidInput("The body is not valid JSON.", hint="Send one JSON object.", code="invalid_json")


def _no_json(found: Sequence[dict[str, Any]]) -> bool:
    return any(error["type"] == "model_attributes_type" and len(error["loc"]) == 1 for error in found)


def _fields_of(fault: FactotumError) -> tuple[FieldProblem, ...]:
    if not isinstance(fault, InvalidInput) or not fault.field:
        return ()
    problem = redact(fault.message.removeprefix(f"{fault.field}: "))
    return (FieldProblem(field=fault.field[:_MOST_TEXT], problem=problem[:_MOST_TEXT]),)


def _field(error: dict[str, Any]) -> FieldProblem:
    path = ".".join(str(part) for part in error["loc"][1:]) or str(error["loc"][0])
    return FieldProblem(field=path[:_MOST_TEXT], problem=str(error["msg"])[:_MOST_TEXT])
