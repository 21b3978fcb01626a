"""The commands that run or prepare the service: serve, worker, migrate."""

import asyncio
import signal
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Coroutine
from pathlib import Path

from rich.console import Console
from rich.text import Text

from factotum.cli.faults import read_settings
from factotum.cli.output import make_console
from factotum.core.errors import InvalidInput, SetupFault
from factotum.core.logs import configure_logs
from factotum.settings import Settings

_KEYS = "ANTHROPIC_API_KEY, OPENAI_API_KEY or another provider's key"


def serve_command(host: str | None, port: int | None, script: Path | None, *, open_page: bool) -> None:
    """Carry out `factotum serve`. Raises SetupFault when something must be mended first."""
    from factotum.cli.serve import Ready, serve

    settings = read_settings()
    changed = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = settings.model_copy(update=changed)
    if script is not None and script.suffix and not script.is_file():
        raise InvalidInput(f"There is no script {script}.", hint="--script takes a JSON file.")
    configure_logs(as_json=settings.env_mode != "local")
    console, began = make_console(), time.monotonic()

    def ready(service: Ready) -> None:
        url = f"{service.url}/#code={service.code}"
        model = service.services.catalogue.default()
        banner(console, settings, url, model, time.monotonic() - began)
        if open_page:
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

    report = _reporter(console)
    _run(serve(settings, script=script, report=report, ready=ready))
    report("ended")


def worker_command() -> None:
    """Carry out `factotum worker`. Raises SetupFault."""
    from factotum.cli.serve import work

    settings = read_settings()
    configure_logs(as_json=settings.env_mode != "local")
    _run(work(settings))


def migrate_command() -> None:
    """Carry out `factotum migrate`. Raises SetupFault (`address_missing`) and what the database refuses."""
    from factotum.store.migrate import current_revision, head_revision, migrate

    settings = read_settings()
    if settings.database_url is None:
        raise SetupFault(
            "DATABASE_URL is not set: there is nothing to migrate.",
            hint="Set DATABASE_URL, and MIGRATION_DATABASE_URL for the owner. The embedded database is "
            "brought up to date by `factotum serve`.",
            code="address_missing",
        )
    service_url = settings.database_url.get_secret_value()
    owner = settings.migration_database_url or settings.database_url
    before = current_revision(owner.get_secret_value())
    sys.stdout.write(
        f"The database is at revision {before or 'none'}; this version needs {head_revision()}.\n"
    )
    sys.stdout.flush()
    migrate(owner.get_secret_value(), service_url)
    sys.stdout.write(
        "It was up to date.\n" if before == head_revision() else f"It is at {head_revision()} now.\n"
    )


def banner(console: Console, settings: Settings, url: str, model: str, seconds: float) -> None:
    """Print where to go, what is in use and what to set."""
    console.print()
    console.print(Text("  Factotum is ready", "bold green").append(f"  ({seconds:.1f} s)", "dim not bold"))
    console.print()
    rows = [("Open", url), ("Model", model), ("Data", str(settings.data_folder))]
    rows += [("Mode", settings.env_mode)] if settings.env_mode != "local" else []
    for name, value in rows:
        console.print(Text(f"  {name:<7}", "dim").append(value, "bold not dim"), soft_wrap=True)
    if model == "demo":
        console.print()
        console.print(Text("  The demo model is a script that shows what the tools do.", "yellow"))
        console.print(Text(f"  For a real one set {_KEYS}, or start Ollama.", "yellow"), soft_wrap=True)
    console.print()
    console.print(Text('  In another terminal: factotum run "..."    Ctrl-C ends the service.', "dim"))
    console.print()


def _reporter(console: Console) -> Callable[[str], None]:
    """Return what prints each step that takes time; it may be called from other threads."""

    def report(step: str) -> None:
        console.print(Text(f"  {step}", "dim"), soft_wrap=True)

    return report


def _run(service: Coroutine[None, None, None]) -> None:
    """Run the service on uvloop, where there is one."""
    try:  # there is none on Windows
        from uvloop import new_event_loop
    except ImportError:
        new_event_loop = None
    # uvloop leaves the handlers of its closed loop behind: then Ctrl-C would do nothing any more.
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(service)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
