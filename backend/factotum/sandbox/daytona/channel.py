"""One connection to the bridge in a sandbox: requests and answers over a terminal that passes every byte."""

import asyncio
import contextlib
import hashlib
import secrets
from typing import TYPE_CHECKING, Any

from factotum.core.errors import Unavailable
from factotum.core.tasks import cancelled
from factotum.sandbox.daytona.answers import refusal
from factotum.sandbox.daytona.inside.frames import Decoder, FrameFault, encode
from factotum.sandbox.daytona.sdk import failures

if TYPE_CHECKING:
    from daytona import AsyncSandbox
    from daytona.handle.async_pty_handle import AsyncPtyHandle

_PIECE = 32 * 1024
_NOISE_LIMIT = 64 * 1024
_HELLO_SECONDS = 20.0
_CLOSE_SECONDS = 5.0
_MOST_WAITING = 512

Reply = tuple[dict[str, Any], bytes]


class Broken(Exception):
    """The connection ended before the answer came."""


class Channel:
    """Asks, and gives each answer to who asked. `boot` names the bridge's life."""

    def __init__(self) -> None:
        self.boot = ""
        self._handle: AsyncPtyHandle | None = None
        self._decoder = Decoder()
        self._marker = b""
        self._noise = bytearray()
        self._is_open = False
        self._begun = asyncio.Event()
        self._ended = asyncio.Event()
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._number = 0
        self._sending = asyncio.Lock()
        self._watch: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether requests can be made."""
        return self._is_open and not self._ended.is_set()

    async def open(self, sandbox: "AsyncSandbox", program: str, place: str) -> None:
        """Connect to `program`, which serves at `place`. Raises Broken, and the SDK's errors."""
        token = secrets.token_hex(16)
        self._marker = b"\0" + hashlib.sha256(token.encode()).hexdigest()[:32].encode() + b"\n"
        self._handle = await sandbox.process.create_pty_session(f"factotum-{token}", self._take)
        self._watch = asyncio.create_task(self._follow(self._handle), name="daytona-channel")
        try:
            line = f" stty raw -echo; exec python3 -I -S {program} relay {place} {token}\n"
            await self._handle.send_input(line)
            async with asyncio.timeout(_HELLO_SECONDS):
                await self._begun.wait()
                if self._ended.is_set():
                    raise Broken
                self._is_open = True
                head, _ = await self.ask("hello", seconds=_HELLO_SECONDS)
        except BaseException:
            await self.close()
            raise
        self.boot = str(head.get("boot"))[:64]

    async def ask(self, do: str, payload: bytes = b"", *, seconds: float, **head: Any) -> Reply:
        """Make a request. Raises what the bridge refuses with, Broken, Unavailable (`sandbox_timeout`)."""
        if not self.is_open or self._handle is None:
            raise Broken
        if len(self._waiting) >= _MOST_WAITING:
            raise Unavailable("Too much is asked of the sandbox at once.", hint="Wait for what runs.")
        self._number += 1
        number = self._number
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(seconds):
                await self._send(encode({"id": number, "do": do, **head}, payload))
                said, data = await answer
        except TimeoutError:
            self._end()
            raise Unavailable(
                "The sandbox did not answer in time.",
                hint="Try again, or do less at once.",
                code="sandbox_timeout",
            ) from None
        finally:
            self._waiting.pop(number, None)
        if (refused := refusal(said)) is not None:
            raise refused
        return said, data

    async def close(self) -> None:
        """Let it go. What runs inside goes on."""
        self._end()
        handle, self._handle = self._handle, None
        if self._watch is not None:
            await cancelled(self._watch)
        if handle is not None:
            for end in (handle.kill, handle.disconnect):
                with contextlib.suppress(*failures()):
                    async with asyncio.timeout(_CLOSE_SECONDS):
                        await end()

    async def _send(self, frame: bytes) -> None:
        async with self._sending:
            for start in range(0, len(frame), _PIECE):
                if self._handle is None:
                    raise Broken
                try:
                    await self._handle.send_input(frame[start : start + _PIECE])
                except failures() as error:
                    self._end()
                    raise Broken from error

    async def _follow(self, handle: "AsyncPtyHandle") -> None:
        try:
            await handle.wait()
        finally:
            self._end()

    def _end(self) -> None:
        self._ended.set()
        self._begun.set()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(Broken())

    def _take(self, data: bytes) -> None:
        if not self._begun.is_set():
            self._noise += data
            _, found, rest = bytes(self._noise).partition(self._marker)
            if not found:
                if len(self._noise) > _NOISE_LIMIT:
                    self._end()
                return
            self._noise.clear()
            self._begun.set()
            data = rest
        try:
            messages = self._decoder.feed(data)
        except FrameFault:
            self._end()
            return
        for head, payload in messages:
            number = head.get("id")
            answer = self._waiting.get(number) if isinstance(number, int) else None
            if answer is not None and not answer.done():
                answer.set_result((head, payload))


def lost() -> Unavailable:
    """Build the error for work whose outcome is not known."""
    return Unavailable(
        "The connection to the sandbox broke, or the sandbox ended, while this was done.",
        hint="Look at what is there before trying again; the next command finds or makes a sandbox.",
        code="sandbox_lost",
    )
