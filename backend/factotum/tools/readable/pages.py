"""What kind of page it is, and its text. HTML and PDF are taken apart in a process of their own.

Those parsers read what strangers wrote: they get no environment, bounded memory and time, and can be killed.
"""

import asyncio
import contextlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import factotum
from factotum.tools.tool import ToolError

_PARSE_SECONDS = 20.0
_MOST_TEXT = 2_000_000
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_TEXT = frozenset(
    {
        "application/json",
        "application/ld+json",
        "application/xml",
        "application/rss+xml",
        "application/atom+xml",
        "application/javascript",
        "application/x-yaml",
        "application/yaml",
        "application/toml",
    }
)
_PACKAGE = str(Path(factotum.__file__).parent.parent)


@dataclass(frozen=True, slots=True)
class Readable:
    """A page as text. `kind` is how it was read: `html`, `pdf` or `text`."""

    kind: str
    title: str
    text: str


async def readable(body: bytes, *, media_type: str, charset: str | None, url: str, whole: bool) -> Readable:
    """Return the text of a page. `url` is what its links are relative to; `whole`: nothing was cut off.

    Raises ToolError: `page_binary`, `page_cut` for a PDF that is not whole, `page_unreadable`.
    """
    kind = _kind(body, media_type)
    if kind == "text":
        return Readable("text", "", decoded(body, charset))
    if kind == "binary":
        raise ToolError(
            f"The address holds {media_type or 'something'}, not a page of text ({len(body):,} bytes read).",
            hint="Download it in the sandbox if that has network, or look for a page about it.",
            code="page_binary",
        )
    if kind == "pdf" and not whole:
        raise ToolError(
            "The PDF is too large to be read here.",
            hint="Look for a shorter one, or for a page about it.",
            code="page_cut",
        )
    if kind == "html":
        body = decoded(body, charset).encode("utf-8", "replace")
    return await _parsed(kind, body, url)


def decoded(body: bytes, charset: str | None) -> str:
    """Decode text by its mark, else by what it is said to be, else as UTF-8, else as Windows-1252."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    text = body.removeprefix(b"\xef\xbb\xbf")
    for named in (charset, _named_inside(text), "utf-8"):
        with contextlib.suppress(LookupError, UnicodeDecodeError):
            if named:
                return _but_its_end(text, named)
    return text.decode("cp1252", "replace")


def _but_its_end(text: bytes, charset: str) -> str:
    """Decode strictly, but for a character cut at the end. Raises UnicodeDecodeError, LookupError."""
    try:
        return text.decode(charset)
    except UnicodeDecodeError as error:
        if error.start < len(text) - 4:
            raise
        return text[: error.start].decode(charset)


def _named_inside(text: bytes) -> str | None:
    """Return the charset that an HTML page names in its first bytes."""
    head = text[:2048].lower()
    place = head.find(b"charset=")
    if place < 0 or b"<meta" not in head[:place]:
        return None
    name = head[place + 8 : place + 48].strip(b"\"' ")
    return name.split(b'"')[0].split(b"'")[0].split(b">")[0].strip(b" /").decode("ascii", "replace") or None


def _kind(body: bytes, media_type: str) -> str:
    start = body[:1024].lstrip().lower()
    if start.startswith(b"%pdf-"):
        return "pdf"
    is_page = start.startswith((b"<!doctype html", b"<html"))
    if media_type in _HTML or (media_type in {"", "text/plain"} and is_page):
        return "html"
    if b"\x00" in body[:4096] and not body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "binary"
    if media_type.startswith("text/") or media_type in _TEXT or media_type.endswith(("+json", "+xml")):
        return "text"
    return "text" if media_type in {"", "application/octet-stream"} and _is_utf8(body) else "binary"


def _is_utf8(body: bytes) -> bool:
    try:
        _but_its_end(body, "utf-8")
    except UnicodeDecodeError:
        return False
    return True


async def _parsed(kind: str, body: bytes, url: str) -> Readable:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-s",
        "-m",
        "factotum.tools.readable",
        kind,
        url,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PYTHONPATH": _PACKAGE, "PYTHONIOENCODING": "utf-8"},
        cwd="/",
    )
    try:
        async with asyncio.timeout(_PARSE_SECONDS):
            answer, _ = await process.communicate(body)
    except TimeoutError:
        answer = b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        told = json.loads(answer)
        return Readable(kind, str(told["title"])[:300], str(told["text"])[:_MOST_TEXT])
    except (ValueError, KeyError, TypeError):
        raise ToolError(
            f"The page's {kind.upper()} could not be read: it is broken, or takes too much to read.",
            hint="Look for another page about it.",
            code="page_unreadable",
        ) from None
