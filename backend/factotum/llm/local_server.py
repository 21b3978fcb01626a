"""Finds an OpenAI-compatible model server on this machine: Ollama, llama.cpp, LM Studio, vLLM.

Only loopback is probed. Ports 8000 and 8080 belong to anybody, so a server is taken only if it answers with a
proper list of models.
"""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, cast

import httpx
import orjson

USUAL_PORTS: Final[tuple[tuple[str, int], ...]] = (
    ("Ollama", 11434),
    ("LM Studio", 1234),
    ("vLLM", 8000),
    ("llama.cpp", 8080),
)
"""Where each server listens unless told otherwise, in the order in which they are preferred."""

_MOST_BYTES: Final = 256 * 1024
_MOST_MODELS: Final = 100
_SECONDS: Final = 0.4
_CONFIGURED_SECONDS: Final = 3.0
_WINDOWS: Final = ("max_model_len", "loaded_context_length", "context_length", "context_window")
"""Where servers say how many tokens a model reads: vLLM, LM Studio, and gateways of several kinds."""
_HEADERS: Final = {"accept": "application/json", "authorization": "Bearer unused"}


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

    Takes less than half a second for all ports together, and three for a configured address. Never raises for
    what a server does.
    """
    if base_url is not None:
        url = base_url.rstrip("/")
        async with httpx.AsyncClient(verify=await asyncio.to_thread(ssl.create_default_context)) as client:
            return LocalServer("local server", url, await _models(client, url, _CONFIGURED_SECONDS))
    # An empty TLS context: this is plain HTTP, and loading the authorities would read files on the loop.
    plain = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    async with httpx.AsyncClient(verify=plain, trust_env=False) as client, asyncio.TaskGroup() as probes:
        tasks = [probes.create_task(_probe(client, name, port)) for name, port in ports]
    return next((server for task in tasks if (server := task.result()) is not None), None)


async def _probe(client: httpx.AsyncClient, name: str, port: int) -> LocalServer | None:
    url = f"http://127.0.0.1:{port}/v1"
    models = await _models(client, url, _SECONDS)
    return LocalServer(name, url, models) if models else None


async def _models(client: httpx.AsyncClient, url: str, seconds: float) -> tuple[LocalModel, ...]:
    """Ask for the list of models; whatever is wrong with the answer, there are none."""
    try:
        async with (
            asyncio.timeout(seconds),
            client.stream("GET", f"{url}/models", headers=_HEADERS) as response,
        ):
            if response.status_code != HTTPStatus.OK:
                return ()
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > _MOST_BYTES:
                    return ()
        return _read(orjson.loads(body))
    except (httpx.HTTPError, httpx.InvalidURL, OSError, orjson.JSONDecodeError):
        return ()


def _read(answer: Any) -> tuple[LocalModel, ...]:
    """Read OpenAI's list. Embedding models are left out: they cannot chat."""
    if not isinstance(answer, dict):
        return ()
    body = cast("dict[str, Any]", answer)
    entries = body.get("data")
    if body.get("object") != "list" or not isinstance(entries, list):
        return ()
    models = [_model(entry) for entry in cast("list[Any]", entries)[:_MOST_MODELS]]
    return tuple(model for model in models if model is not None)


def _model(entry: Any) -> LocalModel | None:
    if not isinstance(entry, dict):
        return None
    fields = cast("dict[str, Any]", entry)
    name = fields.get("id")
    if not isinstance(name, str) or not name or fields.get("object") != "model" or "embed" in name.lower():
        return None
    told = (fields.get(field) for field in _WINDOWS)
    return LocalModel(name, next((size for size in told if type(size) is int and size > 0), None))
