"""A project's way to the bridge in its machine: opened when something is asked, mended when it broke."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from factotum.core.errors import SetupFault, Unavailable
from factotum.core.ids import new_id
from factotum.core.tasks import whole
from factotum.sandbox.daytona import sdk
from factotum.sandbox.daytona.archive import archive
from factotum.sandbox.daytona.calls import Clash, Missing
from factotum.sandbox.daytona.channel import Broken, Channel, Reply, lost
from factotum.sandbox.daytona.finding import READ_SECONDS, STOPPED, Finder, state_of
from factotum.sandbox.port import CALL_SECONDS

if TYPE_CHECKING:
    from daytona import AsyncSandbox

T = TypeVar("T")

Again = Literal["never", "same", "always"]
"""Whether a request may be made again when the connection broke: not at all, to the same life of the bridge
(which knows what it was asked), or to any.
"""

_PREPARE_SECONDS = 60
_OPEN_SECONDS = 45.0
_ACTIVITY_SECONDS = 120.0
_AWAKE_SECONDS = 5.0
_TRIES = 3


class Link:
    """The one way to a project's machine in this process."""

    def __init__(self, project_id: str, finder: Finder, *, opened: Callable[["Link"], None]) -> None:
        self.project_id = project_id
        self.used_at = time.monotonic()
        self.gone = False
        self._finder = finder
        self._opened = opened
        self._labels: Mapping[str, str] | None = None
        self._machine: AsyncSandbox | None = None
        self._machine_id: str | None = None
        self._boot: str | None = None
        self._home = ""
        self._notice = ""
        self._channel: Channel | None = None
        self._opening = asyncio.Lock()
        self._active_at = 0.0
        self._busy = 0
        self.finished: list[str] = []
        """Commands that have ended here and that the bridge may forget."""

    @property
    def is_open(self) -> bool:
        """Whether there is a connection now."""
        return self._channel is not None and self._channel.is_open

    @property
    def is_busy(self) -> bool:
        """Whether something is being asked."""
        return self._busy > 0

    @property
    def stage(self) -> str:
        """Return a new place for a file on its way in; ask only when the link has been open."""
        return f"{self._home}/.factotum/incoming-{new_id()}"

    def take_notice(self) -> str:
        """Return what the user should know of the machine, once."""
        notice, self._notice = self._notice, ""
        return notice

    def remind(self, notice: str) -> None:
        """Have it told again, with the next command's result: this one's caller only wanted files."""
        self._notice = notice or self._notice

    async def found(self, labels: Mapping[str, str] | None) -> None:
        """Find or make the machine, and give it these labels."""
        if labels is None:
            return
        self._labels = dict(labels)
        async with self._opening:
            machine = await self._finder.get(self.project_id)
            if machine is None:
                machine, _ = await self._finder.ready(self.project_id, labels, known=False)
                self._machine_id = machine.id
            else:
                await self._finder.label(machine, self.project_id, labels)

    async def machine(self) -> "AsyncSandbox":
        """Return the machine, running, with the bridge in it."""
        await self._ready()
        if self._machine is None:
            raise lost()
        return self._machine

    async def ask(
        self, do: str, payload: bytes = b"", *, seconds: float, again: Again = "never", **head: Any
    ) -> Reply:
        """Ask the bridge. Raises what it refuses with, and Unavailable (`sandbox_lost`, `sandbox_gone`)."""
        boot: str | None = None
        self._busy += 1
        try:
            for _ in range(_TRIES):
                channel = await self._ready()
                if boot is not None and again == "same" and channel.boot != boot:
                    break
                boot = channel.boot
                try:
                    return await channel.ask(do, payload, seconds=seconds, **head)
                except Broken:
                    if again == "never":
                        break
            raise lost()
        finally:
            self._busy -= 1
            self.used_at = time.monotonic()

    async def call(self, make: Callable[[], Awaitable[T]], what: str, *, seconds: float = CALL_SECONDS) -> T:
        """Make a call of the SDK about the machine. Raises as Calls.make; Unavailable when it is missing."""
        self._busy += 1
        try:
            return await self._finder.calls.make(make, what, seconds=seconds)
        except (Missing, Clash) as error:
            raise lost() from error
        finally:
            self._busy -= 1
            self.used_at = time.monotonic()

    async def is_running(self) -> bool:
        """Whether the machine runs; a stopped one is not started to find out."""
        if self.is_open or self.gone:
            return True
        machine = await self._finder.get(self.project_id)
        return machine is not None and state_of(machine) == "started"

    async def close(self) -> None:
        """Let the connection go; the machine goes on."""
        channel, self._channel = self._channel, None
        if channel is not None:
            await whole(channel.close())

    async def _ready(self) -> Channel:
        async with self._opening:
            if self.gone:
                raise Unavailable(
                    "The sandbox is gone: its project was deleted.",
                    hint="Open it again.",
                    code="sandbox_gone",
                )
            if self._channel is None or not self._channel.is_open:
                await self.close()
                self._channel = await self._open()
                self._opened(self)
            await self._stay_awake()
            return self._channel

    async def _open(self) -> Channel:
        for attempt in range(1, _TRIES + 1):
            known = self._machine_id is not None
            machine, notice = await self._finder.ready(self.project_id, self._labels, known=known)
            channel = Channel()
            try:
                program, place = await self._prepare(machine)
                await self._finder.calls.make(
                    lambda opening=channel, to=machine, what=program, at=place: opening.open(to, what, at),
                    "connect to the sandbox",
                    seconds=_OPEN_SECONDS,
                )
            except (Broken, Missing, Clash):
                continue
            except Unavailable as error:
                if error.stable_code != "daytona_unreachable" or attempt == _TRIES:
                    raise
                continue
            if known and not notice and self._boot not in (None, channel.boot):
                notice = STOPPED
            self._machine, self._machine_id, self._boot = machine, machine.id, channel.boot
            self._notice = notice or self._notice
            self._active_at = time.monotonic()
            return channel
        raise lost()

    async def _prepare(self, machine: "AsyncSandbox") -> tuple[str, str]:
        """See that our program is there and serves; return its path and its socket's."""
        content, version = await asyncio.to_thread(archive)
        calls = self._finder.calls
        told = await calls.make(
            lambda: machine.process.exec(looking(version), timeout=_PREPARE_SECONDS),
            "prepare the sandbox",
            seconds=_PREPARE_SECONDS + 10,
            again=True,
        )
        home, _, state = told.result.strip().rpartition("\n")[2].partition("|")
        if state not in {"alive", "ready", "empty"} or not home.startswith("/"):
            raise SetupFault(
                f"The sandbox's image cannot be used: {told.result.strip()[-300:]}",
                hint="Use one with bash, Python 3.11 or newer and a folder /workspace (docs/daytona.md).",
                code="sandbox_image",
            )
        self._home = home
        program, place = f"{home}/.factotum/{version}.pyz", f"{home}/.factotum/{version}.socket"
        if state == "empty":
            await calls.make(
                lambda: machine.fs.upload_file(content, program, timeout=_PREPARE_SECONDS),
                "prepare the sandbox",
                seconds=_PREPARE_SECONDS,
                again=True,
            )
        if state != "alive":
            await self._serve(machine, program, place)
        return program, place

    async def _serve(self, machine: "AsyncSandbox", program: str, place: str) -> None:
        module = await sdk.load()
        session = f"factotum-{new_id()}"
        calls = self._finder.calls
        await calls.make(
            lambda: machine.process.create_session(session, request_timeout=READ_SECONDS),
            "prepare the sandbox",
            seconds=READ_SECONDS,
        )
        command = f"exec python3 -I -S {program} serve {place} </dev/null >/dev/null 2>&1"
        wanted = module.SessionExecuteRequest(command=command, run_async=True)
        await calls.make(
            lambda: machine.process.execute_session_command(session, wanted, timeout=int(READ_SECONDS)),
            "prepare the sandbox",
            seconds=READ_SECONDS,
        )

    async def _stay_awake(self) -> None:
        """Tell Daytona that the sandbox is used: it does not see that by our open connection."""
        if time.monotonic() - self._active_at > _ACTIVITY_SECONDS and self._machine is not None:
            self._active_at = time.monotonic()
            machine = self._machine
            with contextlib.suppress(Missing, Clash, Unavailable):
                await self._finder.calls.make(
                    lambda: machine.refresh_activity(request_timeout=READ_SECONDS),
                    "keep the sandbox awake",
                    seconds=_AWAKE_SECONDS,
                )


def looking(version: str) -> str:
    """Return what looks at the sandbox and says, in its last line, its home and what is there.

    It says all of it on one stream: what came on another could be read after the last line.
    """
    return f"""
exec 2>&1
umask 077; mkdir -p "$HOME/.factotum" || exit 1
[ -d /workspace ] && [ -w /workspace ] || mkdir -p /workspace 2>/dev/null || \
  sudo -n install -d -o "$(id -u)" -g "$(id -g)" /workspace || {{ echo "/workspace cannot be made"; exit 1; }}
command -v bash >/dev/null || {{ echo "there is no bash"; exit 1; }}
python3 -I -S -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {{
  echo "there is no Python 3.11 or newer"; exit 1; }}
at="$HOME/.factotum/{version}"; state=empty
if [ "$(sha256sum "$at.pyz" 2>/dev/null | cut -c1-16)" = {version} ]; then
  state=ready
  python3 -I -S "$at.pyz" ping "$at.socket" >/dev/null 2>&1 && state=alive
fi
echo; echo "$HOME|$state"
"""
