"""A file of a workspace as a download: never shown by a browser, whatever is in it."""

import mimetypes
import posixpath
from collections.abc import AsyncGenerator
from contextlib import aclosing
from urllib.parse import quote

from factotum.api.streaming import StreamResponse
from factotum.features.files import Download

# It reads files when it is first used: now, and not while the event loop waits.
mimetypes.init()

_UNKNOWN = "application/octet-stream"


class DownloadResponse(StreamResponse):
    """Streams a file. Its length is told where it is known, so that a cut is noticed."""

    def __init__(self, download: Download) -> None:
        name = posixpath.basename(download.path)
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
            # An agent, and so the web, wrote it: no script in it may ever act on this origin.
            "Content-Security-Policy": "sandbox",
        }
        if download.size_bytes is not None:
            headers["Content-Length"] = str(download.size_bytes)
        super().__init__(headers, mimetypes.guess_type(name)[0] or _UNKNOWN)
        self._download = download

    async def parts(self) -> AsyncGenerator[bytes]:
        """Yield the file's chunks."""
        async with aclosing(self._download.chunks) as chunks:
            async for chunk in chunks:
                yield chunk
