"""The commands that look, stop and write: threads, files, models, logs, stop, answer, send."""

import uuid
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from factotum.cli import text as write
from factotum.cli.client import File, Service
from factotum.cli.exit_codes import ExitCode
from factotum.cli.faults import Output, write_json
from factotum.cli.interrupts import Interrupts
from factotum.cli.output import make_console, make_screen
from factotum.cli.reduce import apply
from factotum.cli.run import Task, connect, watch_to_end
from factotum.cli.stream import StreamEvent
from factotum.cli.summary import as_object, exit_code, print_summary
from factotum.cli.table import print_table
from factotum.cli.view import View
from factotum.cli.watch import snapshot
from factotum.cli.workspace import look_up, save
from factotum.core.errors import NotFound
from factotum.protocol.runs import ENDED, Delivery, Run


def list_threads(limit: int, output: Output) -> None:
    """Print the newest threads."""
    with connect() as service:
        threads = service.threads(limit)
    if output is not Output.TEXT:
        write_json({"items": [thread.model_dump(mode="json") for thread in threads]})
        return
    rows = [(t.id, f"{t.updated_at.astimezone():%Y-%m-%d %H:%M}", t.title or "(untitled)") for t in threads]
    print_table(("Thread", "Changed", "Title"), rows, "There are no threads yet.")


def list_runs(limit: int, thread_id: str | None, output: Output) -> None:
    """Print the newest runs."""
    with connect() as service:
        runs = service.runs(limit, thread_id=thread_id)
    if output is not Output.TEXT:
        write_json({"items": [run.model_dump(mode="json") for run in runs]})
        return
    rows = [
        (
            r.id,
            f"{r.created_at.astimezone():%Y-%m-%d %H:%M}",
            r.status,
            write.money(r.usage.cost_usd),
            r.model,
        )
        for r in runs
    ]
    print_table(("Run", "Began", "Status", "Cost", "Model"), rows, "There are no runs yet.")


def list_stuck(limit: int, output: Output) -> None:
    """Print the runs that do not go on, and what to do about each kind."""
    with connect() as service:
        stuck = service.stuck(limit)
    if output is not Output.TEXT:
        write_json(stuck.model_dump(mode="json"))
        return
    rows = [(each.run.id, each.run.status, each.why, write.duration(each.seconds)) for each in stuck.items]
    print_table(("Run", "Status", "Why", "Since"), rows, "No run is stuck.")
    console = make_console()
    for hint in dict.fromkeys(f"{each.why}: {each.hint}" for each in stuck.items):
        if console.is_terminal:
            console.print(Text(hint, "dim"))


def list_models(output: Output) -> None:
    """Print the models that can be used, and the default."""
    with connect() as service:
        models = service.models()
    if output is not Output.TEXT:
        write_json(models.model_dump(mode="json"))
        return
    rows = [
        (
            f"{m.id} (default)" if m.id == models.default else m.id,
            f"{m.context_window:,}" if m.context_window else "",
            _price(m.input_usd_per_million, m.output_usd_per_million),
            m.note,
        )
        for m in models.items
    ]
    print_table(("Model", "Window", "$ per million in/out", "Note"), rows, "There are no models.")


def list_tools(agent_id: str | None, output: Output) -> None:
    """Print every tool: those that are offered, and why the others are not."""
    with connect() as service:
        tools = service.tools(agent_id)
    if output is not Output.TEXT:
        write_json(tools.model_dump(mode="json"))
        return
    rows = [
        (
            tool.name,
            tool.family,
            tool.effect,
            f"{tool.deadline_seconds:g} s",
            "yes" if tool.offered else f"no: {tool.reason}{f' Set {tool.setting}.' if tool.setting else ''}",
        )
        for tool in tools.items
    ]
    print_table(("Tool", "Family", "Effect", "Deadline", "Offered"), rows, "There are no tools.")


def list_or_save_files(thread_id: str, paths: Sequence[str], folder: Path | None, output: Output) -> None:
    """List a thread's workspace, or download `paths` (all of it without any) below `folder`."""
    with connect() as service:
        if folder is None:
            _list_files(service, thread_id, paths or (".",), output)
            return
        wanted = paths or [f.path for f in service.files(thread_id).items if f.kind in {"file", "folder"}]
        saved = list(save(service, thread_id, wanted, folder))
    gone = [one.path for one in saved if one.saved is None]
    if output is not Output.TEXT:
        items = [{"path": d.path, "size_bytes": d.size_bytes, "saved": str(d.saved or "")} for d in saved]
        write_json({"items": items})
    else:
        console = make_console()
        for one in saved:
            if one.saved is not None:
                console.print(Text(f"{one.saved}  {write.size(one.size_bytes)}"), soft_wrap=True)
    if gone:
        raise NotFound(f"Not in the workspace: {', '.join(gone)}.", code="file_not_found")


def show_log(run_id: str | None, *, follow: bool, plain: bool, output: Output) -> ExitCode:
    """Show what a run did, the newest one if none is named; with `follow` go on until it ends."""
    with connect() as service:
        run = service.run(run_id) if run_id else _newest(service)
        if follow or run.status in ENDED:
            with Interrupts() as interrupts:
                task = Task(None, plain=plain, output=output)
                code = watch_to_end(service, run.id, interrupts, task, stops=False, hide_task=False)
            return code if follow else ExitCode.OK
        _show_state(service, run, output)
    return ExitCode.OK


def stop_run(run_id: str, output: Output) -> ExitCode:
    """Stop a run and say how it ended."""
    with connect() as service:
        run = service.stop(run_id)
        view = View()
        apply(view, snapshot(service, run.id))
        _tell_end(service, view, output)
    if run.status in ENDED:
        return ExitCode.OK
    make_console(output).print(Text("! It is still stopping.", "yellow"))
    return ExitCode.LEFT


def answer_run(run_id: str, answer: str, output: Output) -> None:
    """Answer a waiting run's question."""
    with connect() as service:
        run = service.answer(run_id, answer)
    if output is not Output.TEXT:
        write_json({"status": run.status, "run_id": run.id})
        return
    make_console().print(Text(f"Answered. Watch it: factotum logs -f {run.id}"), soft_wrap=True)


def send_message(thread_id: str, message: str, delivery: Delivery, output: Output) -> None:
    """Send a message to a thread, into the run that goes on there."""
    with connect() as service:
        sent = service.send(thread_id, message, delivery, str(uuid.uuid4()))
    if output is not Output.TEXT:
        write_json({"outcome": sent.outcome, "status": sent.run.status, "run_id": sent.run.id})
        return
    said = f"{sent.outcome.capitalize()}. Watch it: factotum logs -f {sent.run.id}"
    make_console().print(Text(write.clean(said)), soft_wrap=True)


def print_files(console: Console, files: Sequence[File]) -> None:
    """Print files with their sizes."""
    for file in files:
        name, length = write.clean(file.path), write.size(file.size_bytes)
        console.print(
            Text(f"{length:>9}  {name}" if file.kind != "folder" else f"{'':>9}  {name}/"), soft_wrap=True
        )


def _list_files(service: Service, thread_id: str, paths: Sequence[str], output: Output) -> None:
    listings = [service.files(thread_id, path) for path in paths]
    files = [file for listing in listings for file in listing.items]
    truncated = any(listing.truncated for listing in listings)
    if output is not Output.TEXT:
        write_json({"items": [f.model_dump(mode="json") for f in files], "truncated": truncated})
        return
    console = make_console()
    print_files(console, files)
    if truncated or not files:
        console.print(Text("There are more." if truncated else "There are no files.", "dim"))


def _newest(service: Service) -> Run:
    runs = service.runs(1)
    if not runs:
        raise NotFound("There are no runs yet.", hint='Begin one: factotum run "..."', code="run_not_found")
    return runs[0]


def _show_state(service: Service, run: Run, output: Output) -> None:
    """Show what a run that goes on has done so far."""
    state, view, console = snapshot(service, run.id), View(), make_console(output)
    apply(view, state)
    screen = make_screen(output, console, plain=True, hide_task=False)
    screen.event(StreamEvent(0, state.type, state.model_dump_json(), state))
    screen.pause(view)
    if output is not Output.STREAM_JSON:
        _tell_end(service, view, output)


def _tell_end(service: Service, view: View, output: Output) -> None:
    deliverables = look_up(service, view.thread_id, view.deliverables)
    if output is Output.TEXT:
        print_summary(make_console(), view, deliverables)
    else:
        write_json(as_object(view, deliverables) | {"exit_code": int(exit_code(view))})


def _price(read: float | None, written: float | None) -> str:
    return "" if read is None or written is None else f"{read:g} / {written:g}"
