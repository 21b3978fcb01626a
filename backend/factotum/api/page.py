"""Serves the web page that `frontend/` builds into this package. Where none was built, nothing changes.

What the API routes is the API's; of the rest a browser gets the page, which shows by itself what the address
asks for. A program that asks for `/` still gets JSON.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

_FOLDER = "built_page"
_INDEX = "/index.html"
_API = ("/v1", "/api")
_FOR_EVER = "public, max-age=31536000, immutable"
_LOOK_AGAIN = "no-cache"
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        # Previews of files bring their own styles; a style cannot act.
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' blob: data:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file of the page, ready to be sent: `packed` is gzip, which nearly all who ask can read."""

    content: bytes
    packed: bool
    headers: Mapping[str, str]


@cache
def built_page() -> dict[str, PageFile]:
    """Return the page that was built into this package, read once a process; empty where none was built."""
    return read_page(resources.files("factotum.api").joinpath(_FOLDER))


def read_page(folder: Traversable) -> dict[str, PageFile]:
    """Read a built page into memory by address, packed where the build has packed it; empty without one."""
    if not folder.joinpath("index.html").is_file():
        return {}
    found = {f"/{path}": entry for path, entry in _walk(folder) if not path.startswith(".")}
    return {
        path: _read(path, entry, found.get(f"{path}.gz"))
        for path, entry in found.items()
        if not path.endswith(".gz")
    }


def _read(path: str, entry: Traversable, packed: Traversable | None) -> PageFile:
    content = entry.read_bytes()
    headers = _headers(path, content)
    return PageFile(content if packed is None else packed.read_bytes(), packed is not None, headers)


def _walk(folder: Traversable, above: str = "") -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{above}{entry.name}/")
        else:
            yield above + entry.name, entry


def _headers(path: str, content: bytes) -> dict[str, str]:
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    if kind.startswith("text/") or kind.endswith("json"):
        kind += "; charset=utf-8"
    headers = {
        "Content-Type": kind,
        "Cache-Control": _FOR_EVER if path.startswith("/assets/") else _LOOK_AGAIN,
        "ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"',
        "Vary": "Accept, Accept-Encoding" if path == _INDEX else "Accept-Encoding",
    }
    if path == _INDEX:
        headers["Content-Security-Policy"] = _POLICY
    return headers


class PageMiddleware:
    """Answers for the page, and hands everything else on."""

    def __init__(self, app: ASGIApp, *, files: Mapping[str, PageFile]) -> None:
        self._app = app
        self._files = files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        file = self._file(scope) if scope["type"] == "http" and scope["method"] in {"GET", "HEAD"} else None
        if file is None:
            await self._app(scope, receive, send)
            return
        await _response(file, Headers(scope=scope))(scope, receive, send)

    def _file(self, scope: Scope) -> PageFile | None:
        path: str = scope["path"]
        if path != _INDEX and path in self._files:
            return self._files[path]
        if "text/html" not in Headers(scope=scope).get("accept", "") or path.startswith("/assets/"):
            return None
        if path != "/" and (path.startswith(_API) or _is_routed(scope)):
            return None
        return self._files.get(_INDEX)


def _is_routed(scope: Scope) -> bool:
    routes: list[BaseRoute] = scope["app"].routes
    return any(route.matches(scope)[0] is not Match.NONE for route in routes)


def _response(file: PageFile, asked: Headers) -> Response:
    headers = dict(file.headers)
    if headers["ETag"] in asked.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if not file.packed:
        return Response(file.content, headers=headers)
    if "gzip" in asked.get("accept-encoding", ""):
        return Response(file.content, headers=headers | {"Content-Encoding": "gzip"})
    return Response(gzip.decompress(file.content), headers=headers)
