"""`factotum approve`: decides about the calls that a run waits with, from another terminal or a program."""

from rich.console import Console
from rich.text import Text

from factotum.cli.approvals import Wanted, decide_all, show_approval
from factotum.cli.exit_codes import ExitCode
from factotum.cli.faults import Output, write_json
from factotum.cli.interrupts import Interrupts
from factotum.cli.output import make_console
from factotum.cli.run import Task, can_ask, connect
from factotum.core.errors import Conflict
from factotum.protocol.approvals import Approval


def approve_run(run_id: str, wanted: Wanted, reason: str, output: Output) -> ExitCode:
    """Decide about what a run waits for, from another terminal. Raises Conflict when it waits for nothing."""
    console = make_console(output)
    with connect() as service, Interrupts() as interrupts:
        pending = [each for each in service.approvals(run_id) if each.status == "pending"]
        if not pending:
            raise Conflict(
                "The run waits for no approval.",
                hint=f"Watch it: factotum logs -f {run_id}",
                code="run_not_waiting",
            )
        if wanted == "ask" and not can_ask(Task(None, output=output)):
            _list(console, pending, output)
            return ExitCode.NEEDS_INPUT
        decided = decide_all(service, console, run_id, interrupts, wanted, reason)
    if output is not Output.TEXT:
        write_json({"run_id": run_id, "items": [each.model_dump(mode="json") for each in decided or ()]})
    elif decided is not None:
        console.print(Text(f"Decided. Watch it: factotum logs -f {run_id}", "dim"), soft_wrap=True)
    return ExitCode.NEEDS_INPUT if decided is None else ExitCode.OK


def _list(console: Console, pending: list[Approval], output: Output) -> None:
    if output is not Output.TEXT:
        write_json({"items": [each.model_dump(mode="json") for each in pending]})
        return
    for approval in pending:
        show_approval(console, approval)
