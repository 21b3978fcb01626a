"""The process that takes a page apart: `python -m factotum.tools.readable html|pdf URL`, the page on stdin.

Writes one line of JSON, `title` and `text`; a page that a parser cannot read ends it. Bounded in memory, time
and output.
"""

import contextlib
import io
import json
import logging
import resource
import sys

_MEMORY = 1_500_000_000
_CPU_SECONDS = 20
_MOST_TEXT = 2_000_000
_MOST_PAGES = 200


def main() -> None:
    """Read stdin and write what it holds."""
    for limit, value in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (value, value))
    kind, url = sys.argv[1:]
    body = sys.stdin.buffer.read()
    title, text = from_html(body, url) if kind == "html" else from_pdf(body)
    json.dump({"title": title, "text": text[:_MOST_TEXT]}, sys.stdout)


def from_html(body: bytes, url: str) -> tuple[str, str]:
    """Return the title and the text as markdown, links made whole, without menus, forms and hidden text."""
    from html_to_markdown import ConversionOptions, convert  # noqa: PLC0415 - a PDF has no use for it

    options = ConversionOptions(base_url=url, inline_data_media="alt_text_only", autolinks=False)
    found = convert(body.decode("utf-8", "replace"), options)
    document = found.metadata.document if found.metadata else None
    text = found.content or ""
    if text.startswith("---\n"):  # what the head of the page says of itself
        text = text.partition("\n---\n")[2]
    return (document.title if document else None) or "", text.strip()


def from_pdf(body: bytes) -> tuple[str, str]:
    """Return the title and the text of a PDF, page by page."""
    from pypdf import PdfReader  # noqa: PLC0415 - a page has no use for it

    logging.disable(logging.CRITICAL)
    reader = PdfReader(io.BytesIO(body))
    parts: list[str] = []
    size = 0
    for number, page in enumerate(reader.pages[:_MOST_PAGES], start=1):
        text = page.extract_text().strip()
        parts.append(f"## Page {number}\n\n{text}")
        size += len(text)
        if size > _MOST_TEXT:
            break
    if len(reader.pages) > len(parts):
        parts.append(f"[{len(reader.pages) - len(parts)} more pages are not shown]")
    title = reader.metadata.title if reader.metadata else None
    return str(title or ""), "\n\n".join(parts)


if __name__ == "__main__":
    main()
