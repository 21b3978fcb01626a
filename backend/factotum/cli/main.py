"""The command line: what can be typed. The commands themselves are imported when they are used.

`--help` must come at once, so nothing here may import the service, pydantic, httpx or rich.
"""

import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from factotum.cli import account_commands, members_commands
from factotum.cli.exit_codes import HELP
from factotum.cli.faults import Output, boundary
from factotum.cli.options import Listing, ListingOption
from factotum.cli.secrets_commands import app as secrets
from factotum.cli.versions_commands import app as versions

app = typer.Typer(
    name="factotum",
    help="Give an AI agent a task, watch every step, get files and answers.",
    epilog=HELP.replace("\n", " "),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
account_commands.add_to(app)
members_commands.add_to(app)
app.add_typer(secrets, name="secrets")
app.add_typer(versions, name="versions")


class Dialect(StrEnum):
    """How the model shall write its calls."""

    AUTO = "auto"
    NATIVE = "native"
    INVOKE = "invoke"
    TAG = "tag"


class Decided(StrEnum):
    """What is decided about every call that waits for a person."""

    ALL = "all"
    NONE = "none"


OutputOption = Annotated[
    Output, typer.Option("--output", "-o", help="text; json: one object at the end; stream-json: each event.")
]
PlainOption = Annotated[bool, typer.Option("--plain", help="Lines only, nothing that moves.")]
ModelOption = Annotated[str | None, typer.Option("--model", "-m", help="See `factotum models`.")]
DialectOption = Annotated[Dialect, typer.Option(help="How the model writes its calls.")]
OnStreamOption = Annotated[
    bool, typer.Option("--on-stream", help="Begin a call when it is complete, while the model still talks.")
]
ParallelOption = Annotated[
    bool, typer.Option("--parallel", help="Run the calls of one message side by side.")
]
ToolsOption = Annotated[bool, typer.Option("--tools/--no-tools", help="Let the agent act, or only answer.")]
AskOption = Annotated[
    list[str] | None, typer.Option("--ask", metavar="PATTERN", help="Ask before such calls: shell, files.*")
]
DenyOption = Annotated[
    list[str] | None, typer.Option("--deny", metavar="PATTERN", help="Refuse such calls: shell(git push*)")
]
RunArgument = Annotated[str, typer.Argument(metavar="RUN_ID")]


def main() -> NoReturn:
    """Run the command line."""
    # `factotum threads | head`: end without a word, as other programs do.
    try:
        app()
    except BrokenPipeError:
        sys.stdout = sys.stderr
        sys.exit(128 + signal.SIGPIPE)
    sys.exit(0)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"factotum {version('factotum')}")
        raise typer.Exit


@app.callback()
def _options(  # pyright: ignore[reportUnusedFunction] - typer calls it
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    pass


@app.command()
def serve(
    *,
    host: Annotated[str | None, typer.Option(help="Where to listen [FACTOTUM_HOST, 127.0.0.1].")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="[FACTOTUM_PORT, 8787]")] = None,
    script: Annotated[Path | None, typer.Option(help="Play this file in place of a model.")] = None,
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = False,
) -> None:
    """Start Factotum on this machine: API, worker and what they need."""
    from factotum.cli.ending import leave
    from factotum.cli.service import serve_command

    with boundary():
        serve_command(host, port, script, open_page=open_page)
    leave()


@app.command()
def run(
    *,
    task: Annotated[str | None, typer.Argument(help='What to do; "-" reads stdin.')] = None,
    thread: Annotated[str | None, typer.Option(help="Go on with this thread.")] = None,
    model: ModelOption = None,
    dialect: DialectOption = Dialect.AUTO,
    on_stream: OnStreamOption = False,
    parallel: ParallelOption = False,
    tools: ToolsOption = True,
    max_cost: Annotated[float | None, typer.Option(metavar="USD", help="Ask when so much is spent.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="Ask when so many tokens are used.")] = None,
    max_steps: Annotated[
        int | None, typer.Option("--max-steps", "--step-limit", help="Ask after so many steps.")
    ] = None,
    max_seconds: Annotated[float | None, typer.Option(help="Ask after so many seconds of work.")] = None,
    file: Annotated[
        list[Path] | None, typer.Option("--file", "-f", metavar="PATH", help="Send a file; repeatable.")
    ] = None,
    save: Annotated[Path | None, typer.Option(help="Download the results into this folder.")] = None,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Print the run's id and leave.")] = False,
    no_input: Annotated[bool, typer.Option("--no-input", help="Never ask: exit with 5 instead.")] = False,
    ask: AskOption = None,
    deny: DenyOption = None,
    approve: Annotated[
        Decided | None, typer.Option(help="Do not ask about calls that wait: approve all, or none.")
    ] = None,
    plain: PlainOption = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Give the agent a task and watch it. Text on a piped stdin is added to the task.

    Ctrl-C stops the run and waits until it has ended; pressed again it leaves the run.
    """
    with boundary(output):
        from factotum.cli.run import Task, run_task

        wanted = Task(
            task,
            thread_id=thread,
            model=model,
            dialect=dialect.value,
            on_stream=on_stream,
            parallel=parallel,
            tools=tools,
            max_cost=max_cost,
            max_tokens=max_tokens,
            max_steps=max_steps,
            max_seconds=max_seconds,
            files=file or [],
            save=save,
            detach=detach,
            no_input=no_input,
            approve=approve.value if approve else None,
            ask=ask or [],
            deny=deny or [],
            plain=plain,
            output=output,
        )
        raise typer.Exit(run_task(wanted))


@app.command()
def chat(
    *,
    thread: Annotated[str | None, typer.Option(help="Go on with this thread.")] = None,
    model: ModelOption = None,
    dialect: DialectOption = Dialect.AUTO,
    on_stream: OnStreamOption = False,
    parallel: ParallelOption = False,
    tools: ToolsOption = True,
    ask: AskOption = None,
    deny: DenyOption = None,
    plain: PlainOption = False,
) -> None:
    """Talk with the agent; /help lists what can be typed."""
    with boundary():
        from factotum.cli.chat import chat as talk
        from factotum.cli.run import Task

        task = Task(
            None,
            thread_id=thread,
            model=model,
            dialect=dialect.value,
            on_stream=on_stream,
            parallel=parallel,
            tools=tools,
            ask=ask or [],
            deny=deny or [],
            plain=plain,
        )
        raise typer.Exit(talk(task))


@app.command()
def threads(
    *,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 20,
    output: ListingOption = Listing.TEXT,
) -> None:
    """List your threads, newest first."""
    with boundary(Output(output.value)):
        from factotum.cli.look import list_threads

        list_threads(limit, Output(output.value))


@app.command()
def runs(
    *,
    thread: Annotated[str | None, typer.Option(help="Only those of this thread.")] = None,
    stuck: Annotated[bool, typer.Option("--stuck", help="Only those that do not go on, and why.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 20,
    output: ListingOption = Listing.TEXT,
) -> None:
    """List your runs, newest first."""
    with boundary(Output(output.value)):
        from factotum.cli.look import list_runs, list_stuck

        if stuck:
            list_stuck(limit, Output(output.value))
            return
        list_runs(limit, thread, Output(output.value))


@app.command()
def logs(
    *,
    run_id: Annotated[str | None, typer.Argument(metavar="[RUN_ID]", help="The newest run if none.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run ends.")] = False,
    plain: PlainOption = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show what a run did. With -f the exit code is the run's; Ctrl-C leaves and stops nothing."""
    with boundary(output):
        from factotum.cli.look import show_log

        raise typer.Exit(show_log(run_id, follow=follow, plain=plain, output=output))


@app.command()
def stop(run_id: RunArgument, *, output: ListingOption = Listing.TEXT) -> None:
    """Stop a run; its model, tools and processes have ended then."""
    with boundary(Output(output.value)):
        from factotum.cli.look import stop_run

        raise typer.Exit(stop_run(run_id, Output(output.value)))


@app.command()
def answer(
    run_id: RunArgument,
    text: Annotated[str, typer.Argument(help="Your answer.")],
    *,
    output: ListingOption = Listing.TEXT,
) -> None:
    """Answer the question of a run that waits."""
    with boundary(Output(output.value)):
        from factotum.cli.look import answer_run

        answer_run(run_id, text, Output(output.value))


@app.command()
def approve(
    run_id: RunArgument,
    *,
    decide: Annotated[
        Decided | None, typer.Option("--approve", help="Do not ask: approve all that waits, or none.")
    ] = None,
    reason: Annotated[str, typer.Option(help="With --approve none: why not; the agent reads it.")] = "",
    output: ListingOption = Listing.TEXT,
) -> None:
    """Decide about the calls that a run waits with; without a terminal, list them."""
    with boundary(Output(output.value)):
        from factotum.cli.approve import approve_run

        wanted = decide.value if decide else "ask"
        raise typer.Exit(approve_run(run_id, wanted, reason, Output(output.value)))


@app.command()
def send(
    thread_id: Annotated[str, typer.Argument(metavar="THREAD_ID")],
    text: Annotated[str, typer.Argument(help="What the agent should read.")],
    *,
    interrupt: Annotated[bool, typer.Option("--interrupt", help="Leave off what it does for it.")] = False,
    queue: Annotated[bool, typer.Option("--queue", help="Make it the next task.")] = False,
    output: ListingOption = Listing.TEXT,
) -> None:
    """Write to the agent while it works; it reads the message after its present step."""
    with boundary(Output(output.value)):
        from factotum.cli.look import send_message

        delivery = "interrupt" if interrupt else "queue" if queue else "steer"
        send_message(thread_id, text, delivery, Output(output.value))


@app.command()
def files(
    thread_id: Annotated[str, typer.Argument(metavar="THREAD_ID")],
    paths: Annotated[list[str] | None, typer.Argument(help="Files or folders; all if none.")] = None,
    *,
    save: Annotated[Path | None, typer.Option(help="Download them into this folder.")] = None,
    output: ListingOption = Listing.TEXT,
) -> None:
    """List or download the files of a thread. Nothing that lies here already is overwritten."""
    with boundary(Output(output.value)):
        from factotum.cli.look import list_or_save_files

        list_or_save_files(thread_id, paths or [], save, Output(output.value))


@app.command()
def models(*, output: ListingOption = Listing.TEXT) -> None:
    """List the models that can be used."""
    with boundary(Output(output.value)):
        from factotum.cli.look import list_models

        list_models(Output(output.value))


@app.command()
def tools(
    *,
    agent: Annotated[str | None, typer.Option(metavar="AGENT_ID", help="As this agent gets them.")] = None,
    output: ListingOption = Listing.TEXT,
) -> None:
    """List the tools: those that agents are offered, and why the others are not."""
    with boundary(Output(output.value)):
        from factotum.cli.look import list_tools

        list_tools(agent, Output(output.value))


@app.command()
def migrate() -> None:
    """Bring the database at DATABASE_URL up to date.

    MIGRATION_DATABASE_URL signs in as the owner of the schema, who may create roles.
    """
    with boundary():
        from factotum.cli.service import migrate_command

        migrate_command()


@app.command()
def worker() -> None:
    """Run a worker alone, on DATABASE_URL and REDIS_URL."""
    from factotum.cli.ending import leave

    with boundary():
        from factotum.cli.service import worker_command

        worker_command()
    leave()


@app.command()
def doctor(*, output: ListingOption = Listing.TEXT) -> None:
    """Check what Factotum stands on; say how to mend it."""
    with boundary(Output(output.value)):
        from factotum.cli.doctor import doctor as look

        raise typer.Exit(look(Output(output.value)))


if __name__ == "__main__":
    main()
