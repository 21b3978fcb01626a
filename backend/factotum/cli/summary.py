"""How a run ended: for a person in a few lines, for a program as one object."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from factotum.cli import text as write
from factotum.cli.cards import glyphs_for
from factotum.cli.exit_codes import ExitCode
from factotum.cli.figures import figures_of
from factotum.cli.questions import show_question
from factotum.cli.view import CallBlock, View

_CODES = {
    "finished": ExitCode.OK,
    "failed": ExitCode.FAILED,
    "stopped": ExitCode.STOPPED,
    "awaiting_input": ExitCode.NEEDS_INPUT,
}


@dataclass(frozen=True, slots=True)
class Deliverable:
    """A file of the result. `size_bytes` None: it is not there any more. `saved`: where it lies here."""

    path: str
    size_bytes: int | None
    saved: Path | None = None


def exit_code(view: View) -> ExitCode:
    """Return the exit code for the state that a run is in; one that goes on was left."""
    return _CODES.get(view.status, ExitCode.LEFT)


def as_object(view: View, deliverables: list[Deliverable]) -> dict[str, object]:
    """Return a run's end for a program."""
    return {
        "status": view.status,
        "run_id": view.run_id,
        "thread_id": view.thread_id,
        "model": view.model,
        "answer": view.answer,
        "deliverables": [
            {"path": d.path, "size_bytes": d.size_bytes, "saved": str(d.saved) if d.saved else None}
            for d in deliverables
        ],
        "question": view.question.model_dump(mode="json") if view.question else None,
        "approvals": [approval.model_dump(mode="json") for approval in view.approvals.values()],
        "error": view.error.model_dump(mode="json") if view.error else None,
        "not_executed": list(view.not_executed),
        "steps": view.steps,
        "usage": view.usage.model_dump(mode="json"),
        "budget": view.budget.model_dump(mode="json") if view.budget else None,
        "seconds": round(view.seconds, 3),
        "exit_code": int(exit_code(view)),
    }


def print_summary(
    console: Console, view: View, deliverables: list[Deliverable], *, hints: bool = True
) -> None:
    """Print how a run ended, what it made, what it cost and, with `hints`, how to go on."""
    console.print()
    for line in _ending(view, glyphs_for(console.encoding).ok, glyphs_for(console.encoding).bad):
        console.print(line, soft_wrap=True)
    if view.question is not None:
        show_question(console, view.question)
    _print_deliverables(console, view, deliverables)
    if hints:
        for hint in _hints(view):
            console.print(Text(hint, "dim"), soft_wrap=True)


def _ending(view: View, ok: str, bad: str) -> list[Text]:
    figures = ", ".join(figures_of(view))
    if view.status == "finished":
        return [Text(f"{ok} Finished", "bold green").append(f" ({figures})", "dim not bold")]
    if view.status == "failed":
        said = view.error
        lines = [Text(f"{bad} Failed", "bold red").append(f" ({figures})", "dim not bold")]
        if said is not None:
            lines += [Text(f"  {write.clean(part)}") for part in (said.message, said.hint) if part]
            lines += [Text(f"  ({said.code})", "dim")]
        return lines
    if view.status == "stopped":
        return [
            Text("Stopped.", "bold yellow").append(_left_undone(view), "not bold"),
            Text(f"  ({figures})", "dim"),
        ]
    if view.status == "awaiting_input":
        return [Text("The run waits for an answer.", "bold yellow").append(f" ({figures})", "dim not bold")]
    return [Text(f"The run goes on; it is {view.status}.", "bold yellow")]


def _left_undone(view: View) -> str:
    """Say of which calls it is known that they were not executed, and of which it is not known."""
    calls = [block for block in view.blocks if isinstance(block, CallBlock)]
    unknown = [call.name for call in calls if call.state == "unknown"]
    said = [
        f" {what}: {', '.join(write.one_line(name, 60) for name in names)}."
        for what, names in (("Not executed", view.not_executed), ("Interrupted, outcome unknown", unknown))
        if names
    ]
    return "".join(said) or " No call was left undone."


def _print_deliverables(console: Console, view: View, deliverables: list[Deliverable]) -> None:
    if not deliverables:
        return
    longest = max(len(d.path) for d in deliverables)
    for one in deliverables:
        line = Text(f"  {write.clean(one.path):{min(longest, 60)}}  ", "bold")
        line.append("gone" if one.size_bytes is None else write.size(one.size_bytes), "not bold")
        if one.saved is not None:
            line.append(f"  saved as {one.saved}", "dim not bold")
        console.print(line, soft_wrap=True)
    left = [shlex.quote(d.path) for d in deliverables if d.saved is None and d.size_bytes is not None]
    if left:
        hint = f"  Get them: factotum files {view.thread_id} {' '.join(left)} --save ."
        console.print(Text(write.clean(hint), "dim"), soft_wrap=True)


def _hints(view: View) -> list[str]:
    if view.status == "awaiting_input" and view.question and view.question.reason == "approval":
        return [f"Decide:  factotum approve {view.run_id}", f"Stop it: factotum stop {view.run_id}"]
    if view.status == "awaiting_input":
        return [f'Answer it: factotum answer {view.run_id} "..."', f"Stop it:   factotum stop {view.run_id}"]
    if view.ended:
        return [f'  Go on: factotum run --thread {view.thread_id} "..."']
    return [f"Watch it: factotum logs -f {view.run_id}", f"Stop it:  factotum stop {view.run_id}"]
