"""What a command wrote: for the page as it is; for the model in plain text and cut, the whole in a file."""

import codecs
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from factotum.core.errors import FactotumError
from factotum.core.wording import count
from factotum.sandbox.port import OWN_FOLDER, OutputStream, Sandbox
from factotum.tools.text import bounded, with_colours, without_terminal_codes
from factotum.tools.tool import ToolContext, ToolOutput

SHOWN = 16_000
"""Characters of an output that the model is given; what is longer is kept in a file."""
KEPT_BYTES = 2_000_000
FOLDER = f"{OWN_FOLDER}/outputs"
_MOST_FILES = 50
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")


class LiveOutput:
    """Shows output while it comes: a character that was cut in two is shown once it is whole."""

    def __init__(self, context: ToolContext) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")
        self._context = context
        self._decoders = {"stdout": decoder("replace"), "stderr": decoder("replace")}

    async def show(self, stream: OutputStream, data: bytes) -> None:
        """Show the next bytes of a stream, a terminal's codes and all."""
        text = self._decoders[stream].decode(data)
        if text:
            await self._context.output(stream, text)

    async def end(self) -> None:
        """Show what is left of characters that were never finished."""
        streams: tuple[OutputStream, ...] = ("stdout", "stderr")
        for stream in streams:
            rest = self._decoders[stream].decode(b"", final=True)
            if rest:
                await self._context.output(stream, rest)


@dataclass(frozen=True, slots=True)
class Written:
    """What a command wrote: for a model, in its colours if it has some, and `notes` on both."""

    text: str
    coloured: str | None
    notes: tuple[str, ...]

    def told(self, before: str, *after: str) -> ToolOutput:
        """Return it as a tool's output, with what is said before and after it."""
        rest = (*self.notes, *after)
        display = None if self.coloured is None else before + "\n".join((self.coloured, *rest))
        return ToolOutput(before + "\n".join((self.text, *rest)), display=display)


async def readable(context: ToolContext, sandbox: Sandbox, output: bytes, dropped: int) -> Written:
    """Cut an output for a model, and keep the whole of what is long.

    `dropped` bytes are missing in the middle of `output` already.
    """
    raw = output.decode("utf-8", "replace").rstrip("\r\n")
    text = without_terminal_codes(raw).rstrip("\n")
    notes = () if len(text) <= SHOWN else (await _kept(context, sandbox, text),)
    if dropped:
        notes += (
            f"[{dropped:,} bytes were dropped from the middle of the output; "
            "send it to a file and read parts of it to see all]",
        )
    return Written(
        bounded(text, SHOWN) if text.strip() else "(no output)",
        with_colours(raw, SHOWN) if text.strip() else None,
        notes,
    )


async def _kept(context: ToolContext, sandbox: Sandbox, text: str) -> str:
    """Keep a long output in the workspace; return the reference to it."""
    path = f"{FOLDER}/{_UNSAFE.sub('_', context.call_id)[:100]}.txt"
    size = f"{len(text):,} characters in {count(text.count(chr(10)) + 1, 'line')}"
    try:
        await sandbox.write(path, _once(text.encode()), limit=2 * KEPT_BYTES)
        await _forget_old(sandbox)
    except FactotumError as error:
        return f"[the output has {size}; it could not be kept in a file: {error.message}]"
    return (
        f"[the output has {size}; all of it is in {path}: "
        "read parts with read_file and start_line, or find in it with grep]"
    )


async def _forget_old(sandbox: Sandbox) -> None:
    found = [info for info in await sandbox.list(FOLDER) if info.kind == "file"]
    found.sort(key=lambda info: info.modified_at)
    for info in found[:-_MOST_FILES]:
        await sandbox.delete(info.path)


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
