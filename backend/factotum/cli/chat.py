"""`factotum chat`: a conversation on one thread."""

import sys
import uuid
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.text import Text

from factotum.cli import text as write
from factotum.cli.client import Service
from factotum.cli.exit_codes import ExitCode
from factotum.cli.interrupts import Interrupts
from factotum.cli.look import print_files
from factotum.cli.output import make_console
from factotum.cli.run import Task, connect, options_of, watch_to_end
from factotum.cli.workspace import check_uploads, with_files
from factotum.core.errors import FactotumError, InvalidInput
from factotum.protocol.runs import ENDED

_HELP = """/new            begin another thread
/model [NAME]   show or choose the model
/file PATH      send a file with your next message
/files          list the workspace
/stop           stop the thread's run
/quit           leave (Ctrl-D too)
Ctrl-C stops a run that goes on; pressed again it leaves it."""


@dataclass(slots=True)
class _State:
    """What the conversation stands on. The thread is made with the first message."""

    thread_id: str | None
    model: str | None
    files: tuple[Path, ...] = ()


class Chat:
    """One conversation. `task` holds the options that each message is sent with."""

    def __init__(self, service: Service, console: Console, task: Task) -> None:
        self._service = service
        self._console = console
        self._task = task
        self._state = _State(task.thread_id, task.model)

    def loop(self) -> ExitCode:
        """Read and send messages until the person leaves."""
        if self._state.thread_id is not None:
            self._service.thread(self._state.thread_id)
        self._say("Type a message, or /help. Ctrl-D leaves.")
        while True:
            try:
                line = input("\n> ").strip()
            except EOFError:
                self._console.print()
                return ExitCode.OK
            except KeyboardInterrupt:
                self._console.print()
                self._say("Ctrl-D or /quit leaves.")
                continue
            if line in {"/quit", "/exit"}:
                return ExitCode.OK
            try:
                self._take(line)
            except FactotumError as fault:
                self._console.print(Text(f"! {fault.message} {fault.hint}".rstrip(), "red"))

    def _take(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        rest = rest.strip()
        match word:
            case "":
                return
            case "/help":
                self._say(_HELP)
            case "/new":
                self._state.thread_id, self._state.files = None, ()
                self._say("A new thread begins with your next message.")
            case "/model":
                self._choose_model(rest)
            case "/file":
                check_uploads([Path(rest)])
                self._state.files = (*self._state.files, Path(rest))
                self._say("It goes with your next message.")
            case "/files":
                self._list_files()
            case "/stop":
                self._stop()
            case _ if word.startswith("/") and "/" not in word[1:]:
                raise InvalidInput(f"There is no command {word}.", hint="/help lists them.")
            case _:
                self._send(line)

    def _send(self, text: str) -> None:
        state, service = self._state, self._service
        with Interrupts() as interrupts:
            if state.thread_id is None:
                state.thread_id = service.create_thread().id
            for file in state.files:
                service.upload(state.thread_id, file.name, file)
            options = options_of(self._task)
            run = service.submit(
                state.thread_id,
                with_files(text, state.files),
                model=state.model,
                options=options,
                key=str(uuid.uuid4()),
            )
            state.files = ()
            task = replace(self._task, thread_id=state.thread_id)
            watch_to_end(service, run.id, interrupts, task, hints=False)

    def _choose_model(self, name: str) -> None:
        models = self._service.models()
        if not name:
            self._say(f"The model is {self._state.model or models.default}. `factotum models` lists all.")
            return
        self._state.model = name
        self._say(f"The model of the next messages is {name}.")

    def _list_files(self) -> None:
        if self._state.thread_id is None:
            self._say("The thread has not begun.")
            return
        print_files(self._console, self._service.files(self._state.thread_id).items)

    def _stop(self) -> None:
        runs = self._service.runs(1, thread_id=self._state.thread_id) if self._state.thread_id else []
        if not runs or runs[0].status in ENDED:
            self._say("Nothing goes on.")
            return
        run = self._service.stop(runs[0].id)
        self._say(f"The run is {run.status}.")

    def _say(self, text: str) -> None:
        self._console.print(Text(write.clean(text), "dim"))


def chat(task: Task) -> ExitCode:
    """Carry out `factotum chat`. Raises FactotumError when there is no service or no terminal."""
    if not sys.stdin.isatty():
        raise InvalidInput("`factotum chat` needs a terminal.", hint="For programs: factotum run -")
    with connect() as service:
        return Chat(service, make_console(), task).loop()
