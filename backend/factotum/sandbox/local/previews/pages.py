"""Shows a published site to whoever has its address: files out of its snapshot, and nothing else."""

import asyncio
import os
from typing import Final

from factotum.sandbox.local.previews.heads import RequestHead, own_head
from factotum.sandbox.sites.answers import SiteAnswer, answer
from factotum.sandbox.sites.shelf import Shelf

_CHUNK: Final = 256 * 1024
_SECONDS: Final = 120.0
"""For each piece: how long a reader may take before the connection is given up."""
_PLAIN: Final = (("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store"))
_GONE: Final = "This site was withdrawn, or is being replaced: load the page again."
_TEXTS: Final = {
    "404 Not Found": "There is no such page here.",
    "405 Method Not Allowed": "Pages can be read only.",
}


async def show(shelf: Shelf, site_id: str, request: RequestHead, writer: asyncio.StreamWriter) -> None:
    """Answer one request. Raises OSError, TimeoutError when the reader is gone or does not read."""
    site = await asyncio.to_thread(shelf.site, site_id)
    if site is None:
        await _say(writer, request, "404 Not Found", _GONE)
        return
    found = answer(site, request.method, request.target, request.known)
    if found.entry is None:
        await _say(writer, request, found.status, _TEXTS.get(found.status, ""), found.fields)
        return
    file = await asyncio.to_thread(shelf.open, site_id, site, found.entry)
    if file is None:
        await _say(writer, request, "404 Not Found", _GONE)
        return
    try:
        await _send(writer, found, file, with_body=request.method != "HEAD")
    finally:
        os.close(file)


async def _send(writer: asyncio.StreamWriter, found: SiteAnswer, file: int, *, with_body: bool) -> None:
    assert found.entry is not None
    writer.write(own_head(found.status, found.fields, found.entry.size))
    offset = 0
    while with_body and (data := await asyncio.to_thread(os.pread, file, _CHUNK, offset)):
        offset += len(data)
        writer.write(data)
        async with asyncio.timeout(_SECONDS):
            await writer.drain()
    async with asyncio.timeout(_SECONDS):
        await writer.drain()


async def _say(
    writer: asyncio.StreamWriter,
    request: RequestHead,
    status: str,
    text: str,
    fields: tuple[tuple[str, str], ...] = (),
) -> None:
    body = f"{text}\n".encode() if text else b""
    size = None if status.startswith("304") else len(body)
    writer.write(own_head(status, (*fields, *_PLAIN) if body else fields, size))
    if request.method != "HEAD":
        writer.write(body)
    async with asyncio.timeout(_SECONDS):
        await writer.drain()
