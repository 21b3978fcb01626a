"""Asks model servers on this machine for their models. Imported when there is one to ask: it needs httpx."""

import asyncio
import ssl
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final, cast

import httpx
import orjson

from factotum.llm.local_server import LocalModel, LocalServer

_MOST_BYTES: Final = 256 * 1024
_MOST_MODELS: Final = 100
_SECONDS: Final = 0.4
_CONFIGURED_SECONDS: Final = 3.0
_WINDOWS: Final = ("max_model_len", "loaded_context_length", "context_length", "context_window")
"""Where servers say how many tokens a model reads: vLLM, LM Studio, and gateways of several kinds."""
_HEADERS: Final = {"accept": "application/json", "authorization": "Bearer unused"}


async def ask_address(base_url: str) -> LocalServer:
    """Return the configured server with the models that it tells of."""
    url = base_url.rstrip("/")
    async with httpx.AsyncClient(verify=await asyncio.to_thread(ssl.create_default_context)) as client:
        return LocalServer("local server", url, await _models(client, url, _CONFIGURED_SECONDS))


async def ask_ports(ports: Sequence[tuple[str, int]]) -> LocalServer | None:
    """Return the first server among those on these ports that has models."""
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
