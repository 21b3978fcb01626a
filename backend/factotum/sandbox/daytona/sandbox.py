"""A project's sandbox at Daytona: commands, files and ports, asked of the bridge inside."""

import contextlib
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from factotum.core.errors import InvalidInput, NotFound, TooLarge, Unavailable
from factotum.core.ids import new_id
from factotum.core.tasks import whole
from factotum.sandbox import search as searching
from factotum.sandbox.daytona import answers
from factotum.sandbox.daytona.calls import Clash, Missing
from factotum.sandbox.daytona.channel import lost
from factotum.sandbox.daytona.connection import DaytonaConnection, open_connection
from factotum.sandbox.daytona.link import Link
from factotum.sandbox.daytona.sessions import DaytonaSessions
from factotum.sandbox.local.output import BoundedOutput
from factotum.sandbox.local.paths import clean_path, split
from factotum.sandbox.local.ports import not_open
from factotum.sandbox.no_snapshots import NoSnapshots
from factotum.sandbox.port import (
    CALL_SECONDS,
    Capabilities,
    ExecResult,
    FileInfo,
    Match,
    OnOutput,
)
from factotum.sandbox.rules import check_command, check_environment

_POLL_SECONDS = 20.0
_SLACK_SECONDS = 30.0
_KILL_SECONDS = 20.0
_READ_PART = 1_000_000
_PIECE = 256 * 1024
_STREAMED_FROM = 4 * _READ_PART
_TRANSFER_SECONDS = 30 * 60


class DaytonaSandbox:
    """Implements the port's Sandbox."""

    def __init__(self, link: Link, environment: Mapping[str, str] | None = None) -> None:
        """`environment` is for every command and session that is started through this object."""
        self._link = link
        self._environment = environment or {}
        self._sessions = DaytonaSessions(link, self._environment)

    @property
    def capabilities(self) -> Capabilities:
        """Everything but snapshots."""
        return Capabilities(previews=True)

    @property
    def environment(self) -> Mapping[str, str]:
        """What its commands and sessions are started with."""
        return self._environment

    @property
    def sessions(self) -> DaytonaSessions:
        """Its shells that last."""
        return self._sessions

    @property
    def snapshots(self) -> NoSnapshots:
        """None of ours: its machine keeps its own."""
        return NoSnapshots()

    @property
    def project_id(self) -> str:
        """The project that it belongs to."""
        return self._link.project_id

    def take_notice(self) -> str:
        """Return what the caller must be told of the sandbox itself, once."""
        return self._link.take_notice()

    async def exec(
        self,
        command: str,
        *,
        folder: str = ".",
        timeout: float = 60.0,
        environment: Mapping[str, str] | None = None,
        output_limit: int = 100_000,
        on_output: OnOutput | None = None,
    ) -> ExecResult:
        """Run `command` with bash, as the port says."""
        check_command(command)
        if timeout <= 0 or output_limit < 0:
            raise InvalidInput("timeout must be positive, and output_limit not negative.")
        given = {**self._environment, **check_environment(environment)}
        name, kept, begin = new_id(), BoundedOutput(output_limit), time.monotonic()
        finished, self._link.finished = self._link.finished, []
        try:
            await self._link.ask(
                "run.start",
                command.encode(),
                seconds=CALL_SECONDS,
                again="same",
                name=name,
                folder=clean_path(folder),
                environment=given,
                within=timeout,
                finished=finished,
            )
            last = await self._follow(name, kept, on_output)
        except BaseException:
            await whole(self._end(name))
            raise
        self._link.finished.append(name)
        if last.refused:
            raise _not_started(last.refused)
        output, dropped = kept.result()
        return ExecResult(
            exit_code=None if last.timed_out else last.code,
            output=output,
            truncated_bytes=dropped,
            timed_out=last.timed_out,
            duration_seconds=time.monotonic() - begin,
            notice=self._link.take_notice(),
        )

    async def _follow(self, name: str, kept: BoundedOutput, on_output: OnOutput | None) -> answers.Polled:
        """Take a command's output until its end."""
        ack = 0
        while True:
            try:
                head, data = await self._link.ask(
                    "run.poll",
                    seconds=_POLL_SECONDS + _SLACK_SECONDS,
                    again="same",
                    name=name,
                    ack=ack,
                    wait=_POLL_SECONDS,
                )
            except Unavailable as error:
                raise lost() if error.stable_code == "run_unknown" else error from None
            said = answers.read(answers.Polled, head)
            if said.first != ack or sum(size for _, size in said.chunks) != len(data):
                raise answers.nonsense()
            for stream, size in said.chunks:
                piece, data = data[:size], data[size:]
                ack += size
                kept.add(piece)
                if on_output is not None:
                    await on_output(stream, piece)
            if said.over:
                return said

    async def _end(self, name: str) -> None:
        """End a command, if it runs, with all that came of it; wait for that."""
        with contextlib.suppress(Unavailable, Missing, Clash):
            await self._link.ask("run.kill", seconds=_KILL_SECONDS, again="same", name=name)

    async def stat(self, path: str) -> FileInfo:
        """Describe one entry; a link is described itself."""
        return await self._one("file.stat", path=clean_path(path))

    async def list(self, path: str = ".", *, recursive: bool = False, limit: int = 1000) -> list[FileInfo]:
        """List a folder, sorted by path, at most `limit` entries."""
        most = min(limit, 10_000)
        head, _ = await self._link.ask(
            "file.list",
            seconds=CALL_SECONDS,
            again="always",
            path=clean_path(path),
            recursive=recursive,
            limit=most,
        )
        return [entry.info() for entry in answers.read(answers.Many, head).done]

    async def search(
        self, pattern: str, path: str = ".", *, names: str = "", limit: int = 200, timeout: float = 30.0
    ) -> Sequence[Match]:
        """Find lines that match an extended regular expression, by path and line."""
        clean = clean_path(path)
        await self.stat(clean)

        async def run(command: str, seconds: float, most: int) -> ExecResult:
            result = await self.exec(command, timeout=seconds, output_limit=most)
            self._link.remind(result.notice)
            return result

        return await searching.search(run, pattern, clean, names, limit, timeout)

    async def read(self, path: str, *, offset: int = 0, limit: int | None = None) -> AsyncIterator[bytes]:
        """Stream a regular file, as long as it is when it is opened: a large one as a download."""
        if offset < 0 or (limit is not None and limit < 0):
            raise InvalidInput("offset and limit cannot be negative.")
        clean = clean_path(path)
        size = (await self._one("file.check", path=clean)).size_bytes
        end = size if limit is None else min(size, offset + limit)
        if offset == 0 and limit is None and size > _STREAMED_FROM:
            async for piece in self._download(clean):
                yield piece
            return
        while offset < end:
            _, data = await self._link.ask(
                "file.read",
                seconds=CALL_SECONDS,
                again="always",
                path=clean,
                offset=offset,
                limit=min(_READ_PART, end - offset),
            )
            if not data:
                return
            offset += len(data)
            for start in range(0, len(data), _PIECE):
                yield data[start : start + _PIECE]

    async def _download(self, clean: str) -> AsyncIterator[bytes]:
        machine = await self._link.machine()
        stream = await self._link.call(
            lambda: machine.fs.download_file_stream(f"/workspace/{clean}", timeout=_TRANSFER_SECONDS),
            "read the file",
        )
        pieces = aiter(stream)
        while (piece := await self._link.call(lambda: anext(pieces, b""), "read the file")) != b"":
            for start in range(0, len(piece), _PIECE):
                yield piece[start : start + _PIECE]

    async def write(self, path: str, content: AsyncIterator[bytes], *, limit: int) -> FileInfo:
        """Write a file whole, atomically, making its folders: uploaded beside the workspace, then moved."""
        clean = clean_path(path)
        split(clean)
        machine = await self._link.machine()
        stage = self._link.stage
        source = Bounded(content, limit)

        async def upload() -> None:
            try:
                await machine.fs.upload_file_stream(source.pieces(), stage, timeout=_TRANSFER_SECONDS)
            except Exception:  # whatever the SDK makes of it, what the content raised is the cause
                if source.failed is not None:
                    raise source.failed from None
                raise

        try:
            await self._link.call(upload, "write the file", seconds=_TRANSFER_SECONDS)
            return await self._one("file.place", again=False, path=clean, stage=stage)
        except BaseException:
            await whole(self._discard(stage))
            raise

    async def _discard(self, stage: str) -> None:
        with contextlib.suppress(Unavailable, Missing, Clash, InvalidInput):
            machine = await self._link.machine()
            await self._link.call(lambda: machine.fs.delete_file(stage), "delete a file")

    async def move(self, path: str, target: str) -> FileInfo:
        """Give an entry another path, making folders."""
        clean, there = clean_path(path), clean_path(target)
        split(clean)
        split(there)
        return await self._one("file.move", again=False, path=clean, target=there)

    async def chmod(self, path: str, mode: int) -> FileInfo:
        """Set the permissions of a file or a folder."""
        if not 0 <= mode <= 0o777:
            raise InvalidInput("Permissions are nine bits.", code="mode_invalid")
        return await self._one("file.mode", path=clean_path(path), mode=mode)

    async def delete(self, path: str) -> None:
        """Delete a file, or a folder and all in it."""
        clean = clean_path(path)
        split(clean)
        await self._link.ask("file.delete", seconds=CALL_SECONDS, path=clean)

    async def ports(self) -> Sequence[int]:
        """The TCP ports that programs inside listen on, sorted; not those of Daytona's own."""
        head, _ = await self._link.ask("door.list", seconds=CALL_SECONDS, again="always")
        return sorted(set(answers.read(answers.Ports, head).ports))

    async def connect(self, port: int, *, timeout: float = 10.0) -> DaytonaConnection:
        """Open a connection to a port inside."""
        return await open_connection(self._link, port, timeout)

    async def preview(self, port: int, *, seconds: int) -> str:
        """Return an address at Daytona, signed and good for `seconds`, that shows what listens on `port`.

        Raises NotFound (`port_not_open`).
        """
        if port not in await self.ports():
            raise not_open(port)
        machine = await self._link.machine()
        signed = await self._link.call(
            lambda: machine.create_signed_preview_url(port, expires_in_seconds=seconds), "sign an address"
        )
        return signed.url

    async def _one(self, do: str, *, again: bool = True, **head: Any) -> FileInfo:
        said, _ = await self._link.ask(do, seconds=CALL_SECONDS, again="always" if again else "never", **head)
        return answers.read(answers.One, said).done.info()


class Bounded:
    """A content that ends with TooLarge past its limit. `failed` keeps its own error, which the SDK hides."""

    def __init__(self, content: AsyncIterator[bytes], limit: int) -> None:
        self.failed: Exception | None = None
        self._content = content
        self._limit = limit

    async def pieces(self) -> AsyncIterator[bytes]:
        """Give the content."""
        size = 0
        try:
            async for chunk in self._content:
                size += len(chunk)
                if size > self._limit:
                    raise TooLarge(
                        f"The file is larger than {self._limit} bytes.", hint="Send a smaller one."
                    )
                if chunk:
                    yield chunk
        except Exception as error:  # kept for write(), which raises it in place of the SDK's own
            self.failed = error
            raise


def _not_started(refused: str) -> Unavailable | NotFound:
    if refused in {"ENOENT", "ENOTDIR"}:
        return NotFound("The folder does not exist in the workspace.", code="folder_not_found")
    return Unavailable(
        "The sandbox has no room for one more process.",
        hint="End sessions or servers that are not needed.",
        code="sandbox_full",
    )
