"""The bound on what a request may bring: how many bytes, and how long it may pause. Bare ASGI."""

import asyncio
import re

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from factotum.api.context import context_of
from factotum.api.errors import problem_response
from factotum.core.errors import TooLarge

PAUSE_SECONDS = 30.0
"""How long a caller may leave a body unfinished without sending anything."""
_UPLOAD = re.compile(r"/v1/threads/[^/]+/files/")


class BodyLimitMiddleware:
    """Refuses a body over the bound: by its Content-Length, else as soon as it has grown too large."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = _limit(scope)
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdigit() and (len(declared) > 18 or int(declared) > limit):
            response = problem_response(_too_large(limit), scope)
            # What the caller still sends is not read, so nothing else can come over this connection.
            response.headers["Connection"] = "close"
            await response(scope, receive, send)
            return
        await self._app(scope, _Counted(receive, limit), send)


class _Counted:
    """A `receive` that raises once more than `limit` bytes have come, or nothing for too long."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._size = 0
        self._complete = False

    async def __call__(self) -> Message:
        if self._complete:
            return await self._receive()  # waits for the end of the connection: without a deadline
        try:
            async with asyncio.timeout(PAUSE_SECONDS):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, headers={"Connection": "close"}) from None
        self._size += len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        if self._size > self._limit:
            # The framework lets HTTPException pass while it reads a body, and would mask errors of ours.
            raise HTTPException(413, headers={"Connection": "close"})
        return message


def _limit(scope: Scope) -> int:
    settings = context_of(scope["app"]).services.settings
    upload = scope["method"] == "PUT" and _UPLOAD.match(scope["path"])
    return settings.upload_limit if upload else settings.body_limit


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is larger than {limit} bytes.", hint="Send a smaller one.")
