"""What kind of page it is, and its text. HTML and PDF are taken apart in a process of their own.

Those parsers read what strangers wrote: they get no environment, bounded memory and time, and can be killed.
"""

import asyncio
import codecs
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
_ENCODINGS = frozenset(
    {
        *(
            "utf-8",
            "utf-16",
            "utf-16-le",
            "utf-16-be",
            "ascii",
            "mac-roman",
            "mac-cyrillic",
            "koi8-r",
            "koi8-u",
        ),
        *(f"iso8859-{part}" for part in range(1, 17)),
        *(f"cp{page}" for page in (866, 874, 932, 949, 950, *range(1250, 1259))),
        *("gb2312", "gbk", "gb18030", "big5", "big5hkscs", "euc_jp", "euc_kr", "shift_jis", "iso2022_jp"),
    }
)
"""Those of the web (https://encoding.spec.whatwg.org) as Python calls them; some others take for ever."""
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
        return Readable("text", "", await asyncio.to_thread(decoded, body, charset, whole=whole))
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
        text = await asyncio.to_thread(decoded, body, charset, whole=whole)
        body = text.encode("utf-8", "replace")
    return await _parsed(kind, body, url)


def decoded(body: bytes, charset: str | None, *, whole: bool = True) -> str:
    """Decode text by its mark, else by what it is said to be, else as UTF-8, else as Windows-1252.

    Of one that is not `whole` the end may cut a character.
    """
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    text = body.removeprefix(b"\xef\xbb\xbf")
    for named in (charset, _named_inside(text), "utf-8"):
        with contextlib.suppress(LookupError, UnicodeDecodeError):
            if named and codecs.lookup(named).name in _ENCODINGS:
                return codecs.getincrementaldecoder(named)().decode(text, final=whole)
    return text.decode("cp1252", "replace")


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
        codecs.getincrementaldecoder("utf-8")().decode(body)  # its end may be cut off
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
        told = await asyncio.to_thread(json.loads, answer)
        return Readable(kind, str(told["title"])[:300], str(told["text"])[:_MOST_TEXT])
    except (ValueError, KeyError, TypeError):
        raise ToolError(
            f"The page's {kind.upper()} could not be read: it is broken, or takes too much to read.",
            hint="Look for another page about it.",
            code="page_unreadable",
        ) from None
