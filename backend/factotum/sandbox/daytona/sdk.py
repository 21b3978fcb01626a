"""The import of the `daytona` package: the one place of it, lazy, in a thread, and told all it needs.

The package reads `.env` files of the working folder and several variables of the environment; among them one
that takes over the tracing of the whole process. None of that is left to it.
"""

import importlib
import threading
import warnings
from typing import TYPE_CHECKING, Any, Final, cast

from factotum.core.errors import SetupFault
from factotum.core.tasks import in_own_thread
from factotum.sandbox.daytona.options import DaytonaOptions

if TYPE_CHECKING:
    from daytona import AsyncDaytona

_lock: Final = threading.Lock()
_loaded: Final[list[Any]] = []


class NoEnvironment:
    """Stands where the package would read variables and `.env` files, and has none."""

    def get(self, _name: str) -> None:
        """Return nothing."""

    get_from_process_env = get
    get_from_file = get


async def load() -> Any:
    """Return the module, importing it in a thread the first time: it takes seconds."""
    return _loaded[0] if _loaded else await in_own_thread(_import)


async def open_client(options: DaytonaOptions) -> "AsyncDaytona":
    """Make a client. The caller closes it."""
    module = await load()
    with warnings.catch_warnings():
        # Without it the client holds a Socket.IO connection open, to hear of states that we ask for anyway.
        warnings.filterwarnings("ignore", message="Polling-only mode", category=DeprecationWarning)
        config = module.DaytonaConfig(
            api_key=options.api_key,
            api_url=options.api_url,
            target=options.target,
            otel_enabled=False,
            use_deprecated_polling=True,
        )
        return cast("AsyncDaytona", module.AsyncDaytona(config))


def failures() -> tuple[type[Exception], ...]:
    """Return what calls of the package may raise when the other side, or the way there, fails."""
    if not _loaded:
        return (OSError,)
    found: list[type[Exception]] = [_loaded[0].DaytonaError, OSError, EOFError]
    for module, name in (
        ("aiohttp", "ClientError"),
        ("httpx", "HTTPError"),
        ("daytona_api_client_async.exceptions", "OpenApiException"),
        ("daytona_toolbox_api_client_async.exceptions", "OpenApiException"),
    ):
        found.append(getattr(importlib.import_module(module), name))
    return tuple(found)


def _unusable(reason: str) -> SetupFault:
    return SetupFault(
        f"Daytona's package cannot be used: {reason}.",
        hint="Install what poetry.lock names: `make run` does, and the image has it.",
        code="daytona_package",
    )


def _import() -> Any:
    with _lock:
        if not _loaded:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                try:
                    module = importlib.import_module("daytona")
                    inner = importlib.import_module("daytona._async.daytona")
                except ImportError as error:
                    raise _unusable(str(error)) from error
            if not hasattr(inner, "DaytonaEnvReader"):
                raise _unusable("it reads its environment in another place than we know")
            vars(inner)["DaytonaEnvReader"] = NoEnvironment
            _loaded.append(module)
    return _loaded[0]
