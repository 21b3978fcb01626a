"""The headers of every answer: the request's id, and what browsers must not do. Bare ASGI."""

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from factotum.core.ids import new_id

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,100}", re.ASCII)
_ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
)


def request_id(scope: Scope) -> str:
    """Return the request's id: the caller's own where it is well-formed, else a new one."""
    state = scope.setdefault("state", {})
    if "request_id" not in state:
        given = Headers(scope=scope).get("x-request-id", "")
        state["request_id"] = given if _REQUEST_ID.fullmatch(given) else new_id()
    return str(state["request_id"])


def standard_headers(scope: Scope) -> list[tuple[str, str]]:
    """Return the headers that an answer gets unless it has them."""
    headers = [("X-Request-Id", request_id(scope)), *_ALWAYS]
    if scope["path"].startswith("/v1/"):
        headers.append(("Cache-Control", "no-store"))
    return headers


SERVER_SEND = "factotum.send"
"""Where a request's scope has the server's own `send`, for streams: what wraps it looks at heads alone."""


class HeadersMiddleware:
    """Puts the standard headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in standard_headers(scope):
                    headers.setdefault(name, value)
            await send(message)

        scope[SERVER_SEND] = send
        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            del scope[SERVER_SEND]  # The server's part knows the scope: they would keep each other.
