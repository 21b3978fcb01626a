"""What a request for a published site is answered: a file, a redirect, or that there is none. No I/O.

As Cloudflare Pages has it, so that a site behaves the same in both places: `/about` shows `about.html`,
a folder shows its `index.html`, `404.html` is shown for what is not there, and a site without one is taken
for an application of one page: its `index.html` answers every path that is no file's.
"""

from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote, unquote

from factotum.sandbox.sites.shelf import Site, SiteEntry
from factotum.sandbox.sites.types import content_type, extension

Status = Literal[
    "200 OK", "304 Not Modified", "308 Permanent Redirect", "404 Not Found", "405 Method Not Allowed"
]
_LONGEST: Final = 2000


@dataclass(frozen=True, slots=True)
class SiteAnswer:
    """How to answer: the headers, and the file that is the body, if one is."""

    status: Status
    fields: tuple[tuple[str, str], ...] = ()
    entry: SiteEntry | None = None


def answer(site: Site, method: str, target: str, known: str = "") -> SiteAnswer:
    """Return the answer. `target` is the path as it was sent; `known` the request's If-None-Match."""
    if method not in ("GET", "HEAD"):
        return SiteAnswer("405 Method Not Allowed", (("Allow", "GET, HEAD"),))
    sent = target.partition("?")[0]
    path = unquote(sent).lstrip("/")
    if len(path) > _LONGEST:
        return _missing(site)
    for name in (path if path and not path.endswith("/") else f"{path}index.html", f"{path}.html"):
        if (entry := site.files.get(name)) is not None:
            return _shown(name, entry, known)
    if not path.endswith("/") and f"{path}/index.html" in site.files:
        return SiteAnswer("308 Permanent Redirect", (("Location", f"/{quote(path)}/"),))
    if "404.html" not in site.files and not extension(path):
        return _shown("index.html", site.files["index.html"], known)
    return _missing(site)


def _shown(name: str, entry: SiteEntry, known: str) -> SiteAnswer:
    tag = f'"{entry.digest[:32]}"'
    fields = (("ETag", tag), ("Cache-Control", "no-cache"))
    if tag in (each.strip().removeprefix("W/") for each in known.split(",")):
        return SiteAnswer("304 Not Modified", fields)
    return SiteAnswer("200 OK", (("Content-Type", content_type(name)), *fields), entry)


def _missing(site: Site) -> SiteAnswer:
    entry = site.files.get("404.html")
    fields = (("Content-Type", content_type("404.html")),) if entry is not None else ()
    return SiteAnswer("404 Not Found", fields, entry)
