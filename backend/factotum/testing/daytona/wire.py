"""Answers of the fake, in the vendor's own forms."""

from collections.abc import Mapping
from typing import Any, Protocol

from aiohttp import web
from daytona_toolbox_api_client_async import ErrorResponse

from factotum.core.clock import now


class Model(Protocol):
    """One of the vendor's models."""

    def to_dict(self) -> dict[str, Any]:
        """Return what is sent."""
        ...


def answer(model: Model, status: int = 200) -> web.Response:
    """Return a model as an answer."""
    return web.json_response(model.to_dict(), status=status)


def error(status: int, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return a failure."""
    told = ErrorResponse(status_code=status, message=message, path="", timestamp=now().isoformat())
    return web.json_response(told.to_dict(), status=status, headers=headers)


class Refused(Exception):
    """A handler's way to answer with a failure."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
