"""Reading a page of the web, made outside of the sandbox and through the guard of addresses."""

from typing import Annotated

from pydantic import Field

from factotum.clients.fetch import LONGEST_URL, WebReader
from factotum.tools.declare import tool
from factotum.tools.readable import readable
from factotum.tools.tool import Tool, ToolContext, ToolError, ToolOutput, XmlForm
from factotum.tools.untrusted import as_data

_MOST_BYTES = 5_000_000
_READ_SECONDS = 30.0
_SHOWN = 20_000


def make_read_webpage(reader: WebReader) -> Tool:
    """Return the tool over `reader`."""

    @tool(
        effect="pure",
        family="web",
        subject="url",
        xml=XmlForm("read-webpage", attributes=("url", "start")),
        deadline_seconds=75,
        output_limit=_SHOWN + 2_000,
        example={"url": "https://example.com/article"},
    )
    async def read_webpage(
        context: ToolContext,
        url: Annotated[str, Field(min_length=1, max_length=LONGEST_URL)],
        start: Annotated[int, Field(ge=0)] = 0,
    ) -> ToolOutput:
        """Read a page of the web: HTML as markdown with its links, PDF, or plain text; 20,000 characters.

        It is read without scripts and without signing in.

        Args:
            url: The whole address, with http:// or https://.
            start: The first character to show, for the rest of a long page.
        """

        def check(host: str) -> None:
            if not context.network.allows(host):
                raise _not_allowed(host)

        page = await reader.read(url, check=check, limit=_MOST_BYTES, seconds=_READ_SECONDS)
        read = await readable(
            page.body,
            media_type=page.media_type,
            charset=page.charset,
            url=page.url,
            whole=not page.truncated,
        )
        return ToolOutput(_shown(read.title, read.text, page.url, start, context.call_id, page.truncated))

    return read_webpage


def _shown(title: str, text: str, url: str, start: int, call_id: str, cut: bool) -> str:
    if start and start >= len(text):
        raise ToolError(
            f"The page has {len(text)} characters: there is nothing from {start} on.",
            hint="Choose a smaller start.",
            code="range_empty",
        )
    end = min(len(text), start + _SHOWN)
    head = f"{' '.join(title.split())}\n" if title else ""
    rest = f" Go on with start {end}." if end < len(text) else ""
    whole = " The page was too large: its end was not read." if cut else ""
    body = head + (text[start:end] or "(The page has no text.)")
    return f"{as_data(body, url, call_id)}\n[Characters {start} to {end} of {len(text)}.{rest}{whole}]"


def _not_allowed(host: str) -> ToolError:
    return ToolError(
        f"The network rules of this agent or run do not allow {host}; nothing was sent there.",
        hint="Use a host that is allowed, or tell the person which one is needed.",
        code="host_not_allowed",
    )
