"""The driver's end of the pipe: one line of JSON in is one request, one or more lines out answer it.

    in   {"id", "do", "seconds", "with": {...}}     or {"id", "do": "cancel"}
    out  {"id", "frame": {"jpeg", "address", "title"}} while it works, then once
         {"id", "ok": {"text", "files"}} or {"id", "error": {"code", "message", "hint"}}

Requests are done one after the other. Nobody asked for `idle` seconds: the driver ends, with its browser.
"""

# pyright: basic, reportMissingImports=false, reportOptionalMemberAccess=false
# Playwright is a package of the sandbox's Python, not of the service's.

import asyncio
import contextlib
import json
import os
import sys

from .actions import ACTIONS
from .chrome import Browser
from .fault import Fault
from .frames import shown

LINE_BYTES = 2_000_000
TEXT_LIMIT = 60_000
MESSAGE_LIMIT = 1_000


def main() -> None:
    """Serve on standard input and output. Arguments: where the browser may be (a:b:c), the idle seconds."""
    out = os.dup(1)
    with open(os.devnull, "wb") as nowhere:  # what the browser says would mix with the answers
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    program = next((each for each in sys.argv[1].split(":") if os.path.exists(each)), "chromium")
    asyncio.run(Driver(out, program, float(sys.argv[2])).serve())


class Driver:
    """Takes requests and does them with one browser."""

    def __init__(self, out: int, program: str, idle: float) -> None:
        self.out = out
        self.idle = idle
        self.browser = Browser(program)
        self.working = asyncio.Lock()
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def serve(self) -> None:
        """Serve until the pipe ends or nobody asks for long."""
        lines = asyncio.StreamReader(limit=LINE_BYTES)
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        try:
            while True:
                try:
                    async with asyncio.timeout(None if self.tasks else self.idle):
                        line = await lines.readline()
                except TimeoutError:
                    return
                if not line:
                    return
                self.take(json.loads(line))
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(5):
                    await self.browser.close()

    def take(self, request: dict) -> None:
        """Begin a request, or end one."""
        name = str(request["id"])
        if request["do"] == "cancel":
            task = self.tasks.get(name)
            if task is None:
                self.say(name, error=Fault("browser_stopped", "It had ended."))
            else:
                task.cancel()
            return
        task = asyncio.get_running_loop().create_task(self.work(name, request))
        self.tasks[name] = task
        task.add_done_callback(lambda _: self.tasks.pop(name, None))

    async def work(self, name: str, request: dict) -> None:
        """Do one request within its seconds, and answer it."""
        seconds = float(request["seconds"])
        try:
            async with asyncio.timeout(seconds), self.working:
                act = ACTIONS[request["do"]]
                async with shown(self.browser, lambda frame: self.say(name, frame=frame)):
                    answer = await act(self.browser, **request["with"])
            self.say(name, ok={"text": answer.text[:TEXT_LIMIT], "files": answer.files})
        except TimeoutError:
            hint = "The page may hang: go to another address, or open another tab."
            self.say(name, error=Fault("browser_timeout", f"This did not end within {seconds:g} s.", hint))
        except asyncio.CancelledError:
            self.say(name, error=Fault("browser_stopped", "It was stopped."))
        except Fault as fault:
            self.say(name, error=fault)
        except Exception as error:  # noqa: BLE001 - Playwright's errors are of many kinds; the service gets the text
            self.say(name, error=await self.browser.explain(error))

    def say(self, name: str, *, error: "Fault | None" = None, **answer: object) -> None:
        """Write one line."""
        if error is not None:
            answer["error"] = {
                "code": error.code,
                "message": error.message[:MESSAGE_LIMIT],
                "hint": error.hint[:MESSAGE_LIMIT],
            }
        line = json.dumps({"id": name, **answer}).encode() + b"\n"
        view = memoryview(line)
        while view:
            view = view[os.write(self.out, view) :]
