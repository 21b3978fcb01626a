"""The driver's end of the pipe: one line of JSON in is one request, one or more lines out answer it.

    in   {"id", "do", "seconds", "with": {...}}     or {"id", "do": "cancel"}
    out  {"id", "frame": {"jpeg", "address", "title"}} while it works, then once
         {"id", "ok": {"text", "files", ...}} or {"id", "error": {"code", "message", "hint"}}

Requests are done one after the other; those of a person who has the browser carry their "token".
Nobody asked for `idle` seconds: the driver ends, with its browser.
"""

# pyright: basic, reportMissingImports=false, reportOptionalMemberAccess=false
# Playwright is a package of the sandbox's Python, not of the service's.

import asyncio
import contextlib
import json
import os
import sys

from .actions import ACTIONS
from .chrome import Browser, proxy_flags
from .driving import drive, hand_back, watch
from .fault import Fault
from .frames import shown
from .hiding import Hidden
from .hold import INTERRUPTIBLE, Hold
from .look import Answer
from .way_out import WayOut

LINE_BYTES = 2_000_000
TEXT_LIMIT = 60_000
MESSAGE_LIMIT = 1_000
INTERRUPTED = Fault(
    "browser_interrupted",
    "The person took the browser while this went on: it may be half done.",
    "Wait for them with browser_hand_over, then look at the page.",
)


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
        self.hold = Hold(self.browser)
        self.way_out = WayOut()
        self.hidden = Hidden()
        self.begun: dict[str, str] = {}
        self.interrupted: set[str] = set()

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
        if request["do"] == "take":
            try:
                self.hold.take(request["token"], float(request["with"]["lease"]))
            except Fault as fault:
                self.say(name, error=fault)
                return
            self.interrupt()
        task = asyncio.get_running_loop().create_task(self.work(name, request))
        self.tasks[name] = task
        task.add_done_callback(lambda _: self.tasks.pop(name, None))

    def interrupt(self) -> None:
        """End what the agent does at present, where that can be ended."""
        for name, action in self.begun.items():
            if action in INTERRUPTIBLE:
                self.interrupted.add(name)
                self.tasks[name].cancel()

    async def work(self, name: str, request: dict) -> None:
        """Do one request within its seconds, and answer it."""
        seconds = float(request["seconds"])
        try:
            async with asyncio.timeout(seconds), self.working:
                answer = await self.do(name, request)
            self.say(name, ok={"text": answer.text[:TEXT_LIMIT], "files": answer.files, **answer.more})
        except TimeoutError:
            hint = "The page may hang: go to another address, or open another tab."
            self.say(name, error=Fault("browser_timeout", f"This did not end within {seconds:g} s.", hint))
        except asyncio.CancelledError:
            taken = name in self.interrupted
            self.say(name, error=INTERRUPTED if taken else Fault("browser_stopped", "It was stopped."))
        except Fault as fault:
            self.say(name, error=fault)
        except Exception as error:  # noqa: BLE001 - who asked waits for an answer, whatever failed
            self.say(name, error=await self.browser.explain(error))
        finally:
            self.begun.pop(name, None)
            self.interrupted.discard(name)

    async def do(self, name: str, request: dict) -> Answer:
        """Do one request, when it is its turn, if who asks has the browser."""
        action, given = request["do"], request["with"]
        self.hold.admit(action, request.get("token", ""))
        if action != "watch":
            await self.reach(request.get("proxy", ""))
        match action:
            case "take" | "drive":
                await self.browser.tab()
                return await drive(self.browser, self.hidden, given.get("events", []), given.get("seen", ""))
            case "watch":
                answer = await watch(self.browser, given["seen"])
                return answer._replace(more={**answer.more, "held": bool(self.hold.token)})
            case "hand_back":
                had = self.hold.release()
                answer = await hand_back(self.browser)
                self.hold.tell(had, given["how"])
                return answer._replace(more={**answer.more, "seconds": had})
        self.begun[name] = action
        async with shown(self.browser, lambda frame: self.say(name, frame=frame)):
            return await ACTIONS[action](self.browser, **given)

    async def reach(self, proxy: str) -> None:
        """Let the browser out as who asks now may go. One that was started without a proxy goes by itself."""
        self.way_out.use(proxy)
        if proxy:
            self.browser.proxy_flags = proxy_flags(await self.way_out.start())

    def say(self, name: str, *, error: "Fault | None" = None, **answer) -> None:
        """Write one line."""
        if error is not None:
            answer["error"] = {
                "code": error.code,
                "message": error.message[:MESSAGE_LIMIT],
                "hint": error.hint[:MESSAGE_LIMIT],
            }
        line = json.dumps(self.hidden.clean({"id": name, **answer})).encode() + b"\n"
        view = memoryview(line)
        while view:
            view = view[os.write(self.out, view) :]
