"""What a share's link opens, for whoever has it: a path of messages and the files that were delivered.

Law: nothing is told of the account, the project, the workspace, models or money; every answer is bounded.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated

from pydantic import Field, JsonValue

from factotum.bus.visits import Visits
from factotum.core.errors import NotFound, RateLimited, TooLarge
from factotum.core.frozen import Frozen
from factotum.features.files import Download
from factotum.features.ids import position
from factotum.features.pages import Page, PageRequest
from factotum.features.shares import hash_of
from factotum.protocol.messages import Message, Part, Role, TextPart, ToolCallPart, ToolResultPart
from factotum.sandbox.port import SandboxProvider
from factotum.store.branches import Branches
from factotum.store.database import Database
from factotum.store.records import SharedRun, SharedThread
from factotum.store.shares import SharedPath, share_missing
from factotum.store.tx import Tx

_TOKEN_LENGTHS = range(20, 201)
_AT_ONCE = 8
_WAIT_SECONDS = 5.0
_LONGEST_TEXT = 100_000
_LONGEST_OUTPUT = 20_000
_PAGE_CHARACTERS = 1_000_000
LARGEST_FILE = 100_000_000
"""Bytes of a delivered file that a link gives."""

SharedPart = Annotated[TextPart | ToolCallPart | ToolResultPart, Field(discriminator="type")]


class Shared(Frozen):
    """What was shared, and when; `runs` are those that had ended."""

    title: str
    shared_at: datetime
    expires_at: datetime | None
    runs: tuple[SharedRun, ...]


class SharedMessage(Frozen):
    """A message of the shared path: words, calls and results, without the model's reasoning."""

    id: str
    run_id: str | None
    position: int
    role: Role
    parts: tuple[SharedPart, ...]
    created_at: datetime


class SharedMessagePage(Page[SharedMessage]):
    """A page of the shared path, oldest first. A page may be shorter than asked for and not be the last."""


class SharedService:
    """Reads for strangers, some at a time."""

    def __init__(self, database: Database, sandboxes: SandboxProvider, visits: Visits) -> None:
        self._database = database
        self._sandboxes = sandboxes
        self._visits = visits
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def get(self, token: str) -> Shared:
        """Return what is shared. Raises NotFound (`share_not_found`), RateLimited."""
        async with self._visit(token) as tx:
            shared = await SharedPath(tx).thread()
            runs = await SharedPath(tx).runs(shared)
        return Shared(
            title=shared.title,
            shared_at=shared.created_at,
            expires_at=shared.expires_at,
            runs=tuple(runs),
        )

    async def messages(self, token: str, page: PageRequest) -> SharedMessagePage:
        """Return a page of the path. Raises as `get`, and InvalidInput (`invalid_cursor`)."""
        after = position(page.after)
        async with self._visit(token) as tx:
            shared = await SharedPath(tx).thread()
            found = await Branches(tx).path(
                shared.thread_id, leaf=shared.leaf_id, after=after, limit=page.limit
            )
        shown, room = list[SharedMessage](), _PAGE_CHARACTERS
        for message in found:
            if room <= 0:
                break
            shown.append(_shown(message))
            room -= sum(map(_size, shown[-1].parts))
        whole = len(shown) == len(found) < page.limit
        return SharedMessagePage(
            items=tuple(shown), next=None if whole or not shown else str(shown[-1].position)
        )

    async def file(self, token: str, path: str) -> Download:
        """Open a file that a run on the path delivered and that was not changed since the link was made.

        Raises as `get`, NotFound (`file_not_found`), TooLarge.
        """
        async with self._visit(token) as tx:
            shared = await SharedPath(tx).thread()
            runs = await SharedPath(tx).runs(shared)
            project_id = await SharedPath(tx).project_id()
        if not any(path in run.deliverables for run in runs):
            raise _not_delivered()
        return await self._read(project_id, path, shared)

    async def _read(self, project_id: str, path: str, shared: SharedThread) -> Download:
        async with self._slot():
            sandbox = await self._sandboxes.open(project_id)
            info = await sandbox.stat(path)
            if info.kind != "file" or info.modified_at > shared.created_at:
                raise _not_delivered()
            if info.size_bytes > LARGEST_FILE:
                raise TooLarge(f"The file is larger than {LARGEST_FILE} bytes.", hint="Ask for it directly.")
            chunks = sandbox.read(path, limit=info.size_bytes)
            first = await anext(chunks, b"")

        async def content() -> AsyncGenerator[bytes]:
            yield first
            async for chunk in chunks:
                yield chunk

        return Download(path, info.size_bytes, content())

    @asynccontextmanager
    async def _visit(self, token: str) -> AsyncGenerator[Tx]:
        if len(token) not in _TOKEN_LENGTHS:
            raise share_missing()
        digest = hash_of(token)
        async with self._slot(), self._database.visitor(digest) as tx:
            await SharedPath(tx).thread()  # a key for every guess would fill Redis
            await self._visits.admit(f"share:{digest}")
            yield tx

    @asynccontextmanager
    async def _slot(self) -> AsyncGenerator[None]:
        """Wait for one of the few places: strangers never take all connections."""
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                await self._slots.acquire()
        except TimeoutError:
            raise RateLimited(
                "Too many read shared threads at once.",
                retry_after_seconds=_WAIT_SECONDS,
                hint="Try again in a moment.",
            ) from None
        try:
            yield
        finally:
            self._slots.release()


def _shown(message: Message) -> SharedMessage:
    parts = tuple(shown for part in message.parts if (shown := _part(part)) is not None)
    return SharedMessage(
        id=message.id,
        run_id=message.run_id,
        position=message.position,
        role=message.role,
        parts=parts,
        created_at=message.created_at,
    )


def _part(part: Part) -> SharedPart | None:
    match part:
        case TextPart():
            return TextPart(text=part.text[:_LONGEST_TEXT], cut=part.cut)
        case ToolCallPart():
            arguments = {name: _bounded(value) for name, value in part.arguments.items()}
            return ToolCallPart(call_id=part.call_id, name=part.name, arguments=arguments, fault=part.fault)
        case ToolResultPart():
            return ToolResultPart(
                call_id=part.call_id,
                name=part.name,
                output=part.output[:_LONGEST_OUTPUT],
                display=part.display and part.display[:_LONGEST_OUTPUT],
                outcome=part.outcome,
            )
        case _:
            return None


def _bounded(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return value[:_LONGEST_TEXT]
    if isinstance(value, list):
        return [_bounded(item) for item in value[:1000]]
    if isinstance(value, dict):
        return {name: _bounded(item) for name, item in list(value.items())[:1000]}
    return value


def _size(part: SharedPart) -> int:
    match part:
        case TextPart():
            return len(part.text)
        case ToolCallPart():
            return len(part.model_dump_json())
        case ToolResultPart():
            return len(part.output) + len(part.display or "")


def _not_delivered() -> NotFound:
    return NotFound(
        "This file is not shared.",
        hint="Only files that were delivered, and not changed since, are.",
        code="file_not_found",
    )
