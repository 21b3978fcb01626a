"""A text file that is edited: read whole, written back in its encoding, never over another's change."""

import asyncio
from dataclasses import dataclass

from factotum.core.errors import Conflict
from factotum.sandbox.port import FileInfo, Sandbox
from factotum.tools.builtin.encoding import LATIN_1, SAMPLE_BYTES, Encoding, binary_kind, encoding_of
from factotum.tools.builtin.workspace import read_whole, require_file, write_whole
from factotum.tools.tool import ToolError


@dataclass(frozen=True, slots=True)
class TextFile:
    """One file as it was read. What an edit does not touch stays the same, byte for byte."""

    sandbox: Sandbox
    info: FileInfo
    encoding: Encoding
    content: str

    @classmethod
    async def open(cls, sandbox: Sandbox, path: str) -> "TextFile":
        """Read a file. Raises ToolError (`file_not_found`, `not_a_file`, `binary_file`), TooLarge."""
        info = await require_file(sandbox, path)
        encoding, text = await asyncio.to_thread(_decoded, info, await read_whole(sandbox, info))
        return cls(sandbox, info, encoding, text)

    async def replace(self, content: str) -> FileInfo:
        """Write its new content.

        Raises ToolError (`encoding`), Conflict (`file_changed`) when it was changed meanwhile, TooLarge.
        """
        data = await asyncio.to_thread(self._encoded, content)
        now = await require_file(self.sandbox, self.info.path)
        if (now.size_bytes, now.modified_at) != (self.info.size_bytes, self.info.modified_at):
            raise Conflict(
                f"{now.path} was changed by something else meanwhile; nothing was replaced.",
                hint="Read it again, then repeat the edit.",
                code="file_changed",
            )
        return await write_whole(self.sandbox, now.path, data)

    def _encoded(self, content: str) -> bytes:
        try:
            return self.encoding.encode(content)
        except UnicodeEncodeError as error:
            raise ToolError(
                f"{self.info.path} is {self.encoding.name}, which cannot hold {error.object[error.start]!r}.",
                hint="Use characters that it can hold, or convert the file to UTF-8 with iconv first.",
                code="encoding",
            ) from None


def _decoded(info: FileInfo, data: bytes) -> tuple[Encoding, str]:
    encoding = encoding_of(data[:SAMPLE_BYTES])
    if encoding is None:
        kind = binary_kind(data) or "a binary file"
        raise ToolError(
            f"{info.path} is {kind}, not text.", hint="Use the shell to work with it.", code="binary_file"
        )
    try:
        return encoding, encoding.decode(data)
    except UnicodeDecodeError:
        return LATIN_1, LATIN_1.decode(data)
