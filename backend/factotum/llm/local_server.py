"""Finds an OpenAI-compatible model server on this machine: Ollama, llama.cpp, LM Studio, vLLM.

Only loopback is probed. Ports 8000 and 8080 belong to anybody, so a server is taken only if it answers with a
proper list of models.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import compress
from types import ModuleType
from typing import Final

from factotum.core.tasks import all_of, in_own_thread

USUAL_PORTS: Final[tuple[tuple[str, int], ...]] = (
    ("Ollama", 11434),
    ("LM Studio", 1234),
    ("vLLM", 8000),
    ("llama.cpp", 8080),
)
"""Where each server listens unless told otherwise, in the order in which they are preferred."""

_CONNECT_SECONDS: Final = 0.3


@dataclass(frozen=True, slots=True)
class LocalModel:
    """One model that the server offers; `context_window` in tokens, where the server says it."""

    id: str
    context_window: int | None = None


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A server that speaks OpenAI's format. `base_url` includes its `/v1`.

    A configured server that did not answer has no models: it may come up later, so any name is sent to it.
    """

    name: str
    base_url: str
    models: tuple[LocalModel, ...] = ()


async def find_local_server(
    base_url: str | None = None, *, ports: Sequence[tuple[str, int]] = USUAL_PORTS
) -> LocalServer | None:
    """Return the server at `base_url` if one is configured, else the first that answers at the usual ports.

    Takes less than a second for all ports together, and three for a configured address. Never raises for
    what a server does.
    """
    if base_url is not None:
        return await (await in_own_thread(_probe)).ask_address(base_url)
    listening = await all_of(_listens(port) for _, port in ports)
    if not any(listening):
        return None
    return await (await in_own_thread(_probe)).ask_ports(list(compress(ports, listening)))


async def _listens(port: int) -> bool:
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def _probe() -> ModuleType:
    """Import what speaks HTTP: half of what the API's process would otherwise import, mostly for nobody."""
    return import_module("factotum.llm.local_probe")
