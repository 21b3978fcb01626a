"""`factotum run`: one task, watched to its end."""

import os
import select
import stat
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import ValidationError
from rich.console import Console
from rich.text import Text

from factotum.cli.address import find_address
from factotum.cli.approvals import decide_all
from factotum.cli.client import Service
from factotum.cli.exit_codes import ExitCode
from factotum.cli.faults import Output, read_settings, write_json
from factotum.cli.interrupts import Interrupts
from factotum.cli.output import make_console, make_screen
from factotum.cli.questions import ask
from factotum.cli.summary import Deliverable, as_object, exit_code, print_summary
from factotum.cli.watch import Watch
from factotum.cli.workspace import check_uploads, look_up, save, with_files
from factotum.core.errors import Conflict, FactotumError, InvalidInput
from factotum.protocol.runs import Run, RunOptions
from factotum.settings import environment

_MOST_STDIN = 10_000_000
_PATIENT_SECONDS = 2.0
_LOOK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Task:
    """What `factotum run` was told."""

    text: str | None
    thread_id: str | None = None
    model: str | None = None
    dialect: str = "auto"
    on_stream: bool = False
    parallel: bool = False
    tools: bool = True
    max_cost: float | None = None
    max_tokens: int | None = None
    max_steps: int | None = None
    max_seconds: float | None = None
    files: list[Path] = field(default_factory=list[Path])
    save: Path | None = None
    detach: bool = False
    no_input: bool = False
    approve: Literal["all", "none"] | None = None
    ask: list[str] = field(default_factory=list[str])
    deny: list[str] = field(default_factory=list[str])
    plain: bool = False
    output: Output = Output.TEXT


def connect() -> Service:
    """Find the service. Raises Unavailable (`service_unreachable`), Unauthenticated, SetupFault."""
    settings = read_settings()
    token = settings.api_token.get_secret_value() if settings.api_token else None
    return Service(find_address(environment(), settings.data_folder, token))


def run_task(task: Task) -> ExitCode:
    """Carry out `factotum run`. Raises FactotumError when the run could not even begin."""
    text, options = task_text(task.text), options_of(task)
    check_uploads(task.files)
    with connect() as service, Interrupts() as interrupts:
        thread_id = task.thread_id or service.create_thread().id
        for file in task.files:
            service.upload(thread_id, file.name, file)
        run = service.submit(
            thread_id,
            with_files(text, task.files),
            model=task.model,
            options=options,
            key=str(uuid.uuid4()),
        )
        if task.detach:
            return _detached(run, task.output)
        return watch_to_end(service, run.id, interrupts, task)


def watch_to_end(
    service: Service,
    run_id: str,
    interrupts: Interrupts,
    task: Task,
    *,
    stops: bool = True,
    hide_task: bool = True,
    hints: bool = True,
) -> ExitCode:
    """Show a run until it ends, answering its questions; then say how it ended and what it made."""
    console = make_console(task.output)
    screen = make_screen(task.output, console, plain=task.plain, hide_task=hide_task)
    watch = Watch(service, run_id, screen, stops=stops)
    try:
        while watch.until_pause(interrupts) == "asks":
            if not _settled(service, console, watch, interrupts, task):
                break
    finally:
        watch.close()
    if not watch.view.ended and watch.view.status != "awaiting_input":
        return _left(service, console, watch, task)
    return finish(service, console, watch, task, hints=hints)


def can_ask(task: Task) -> bool:
    """Tell whether a person is there who can answer."""
    return task.output is Output.TEXT and not task.no_input and sys.stdin.isatty() and sys.stdout.isatty()


def _settled(service: Service, console: Console, watch: Watch, interrupts: Interrupts, task: Task) -> bool:
    """Answer what the run asks, or decide what it waits for. Returns False when that is left open."""
    question = watch.view.question
    if question is None or question.reason != "approval":
        return can_ask(task) and answer_question(service, console, watch, interrupts)
    wanted = task.approve or ("ask" if can_ask(task) else None)
    if wanted is None:
        return False
    try:
        decided = decide_all(service, console, watch.view.run_id, interrupts, wanted)
    except KeyboardInterrupt:
        console.print()
        return True
    watch.answered()
    return decided is not None


def answer_question(service: Service, console: Console, watch: Watch, interrupts: Interrupts) -> bool:
    """Ask, and send the answer. Ctrl-C stops the run. Returns False when the person leaves it open."""
    question = watch.view.question
    if question is None:
        return False
    try:
        answer = ask(console, question, interrupts)
    except KeyboardInterrupt:
        console.print()
        return True
    if answer is None:
        return False
    try:
        service.answer(watch.view.run_id, answer)
    except Conflict as fault:
        if fault.stable_code != "run_not_waiting":
            raise
        console.print(Text("! The question was answered elsewhere.", "yellow"))
    watch.answered()
    return True


def finish(service: Service, console: Console, watch: Watch, task: Task, *, hints: bool = True) -> ExitCode:
    """Fetch what the run made and tell how it ended."""
    view = watch.view
    deliverables = look_up(service, view.thread_id, view.deliverables)
    if task.save is not None and view.deliverables:
        deliverables = list(save(service, view.thread_id, view.deliverables, task.save))
    if task.output is Output.JSON:
        write_json(as_object(view, deliverables))
    elif task.output is Output.TEXT:
        print_summary(console, view, deliverables, hints=hints)
    return exit_code(view)


def _left(service: Service, console: Console, watch: Watch, task: Task) -> ExitCode:
    """Say what becomes of a run that nobody waits for any more."""
    view = watch.view
    try:
        view.status = service.run(view.run_id, seconds=_LOOK_SECONDS).status
        said = f"Left. The run is {view.status.replace('_', ' ')}."
    except FactotumError:
        said = "Left. The service does not answer; the run may go on."
    console.print(Text(f"! {said}", "yellow"), soft_wrap=True)
    console.print(Text(f"  Watch it: factotum logs -f {view.run_id}", "dim"), soft_wrap=True)
    if task.output is Output.JSON:
        deliverables: list[Deliverable] = []
        write_json(as_object(view, deliverables) | {"exit_code": int(ExitCode.LEFT)})
    return ExitCode.LEFT


def _detached(run: Run, output: Output) -> ExitCode:
    if output is Output.TEXT:
        sys.stdout.write(f"{run.id}\n")
        sys.stderr.write(f"Watch it: factotum logs -f {run.id}\n")
    else:
        write_json({"status": run.status, "run_id": run.id, "thread_id": run.thread_id, "model": run.model})
    return ExitCode.OK


def options_of(task: Task) -> RunOptions:
    """Return what the run is submitted with. Raises InvalidInput."""
    wanted: dict[str, object] = {
        "dialect": task.dialect,
        "execute_on_stream": task.on_stream,
        "tool_execution": "parallel" if task.parallel else "sequential",
        "budget": _budget(task),
        "policy": {"ask": task.ask, "deny": task.deny},
    }
    if not task.tools:
        wanted |= {"xml_tool_calling": False, "native_tool_calling": False}
    try:
        return RunOptions.model_validate(wanted)
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InvalidInput(f"These options cannot be: {said}.") from None


def _budget(task: Task) -> dict[str, float | None]:
    return {
        "cost_usd": task.max_cost,
        "tokens": task.max_tokens,
        "steps": task.max_steps,
        "seconds": task.max_seconds,
    }


def task_text(typed: str | None) -> str:
    """Return the task: what was typed, and what a piped stdin holds. Raises InvalidInput."""
    piped = _piped() if typed in {None, "-"} or _is_piped() else ""
    text = piped if typed in {None, "-"} else f"{typed}\n\n{piped}" if piped.strip() else typed or ""
    if not text.strip():
        raise InvalidInput(
            "There is no task.", hint='Say what to do: factotum run "..." or echo ... | factotum run -'
        )
    return text.strip()


def _is_piped() -> bool:
    """Tell whether stdin was given to be read: not a terminal, /dev/null or a socket of a supervisor."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError, AttributeError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode)


def _piped() -> str:
    """Read stdin to its end. Raises InvalidInput when it is no text or far too much."""
    if not sys.stdin.isatty() and not select.select([sys.stdin], [], [], _PATIENT_SECONDS)[0]:
        sys.stderr.write("Reading standard input to its end; use </dev/null if there is nothing to read.\n")
    data = sys.stdin.buffer.read(_MOST_STDIN + 1)
    if len(data) > _MOST_STDIN:
        raise InvalidInput("Standard input is too long for a task.", hint="Send it with --file.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidInput("Standard input is not UTF-8 text.", hint="Send it with --file.") from None
