"""LiteLLM's import: the one place of it, lazy, in a thread, and quiet."""

import asyncio
import importlib
import logging
import os
import threading
import warnings
from typing import Any, Final, cast

from factotum.core.garbage import keep_what_is_here
from factotum.core.tasks import in_own_thread
from factotum.llm.raw_check import checked_wires

_FLAGS: Final[dict[str, str]] = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    # One process drives hundreds of runs; the default is 500 connections to one provider.
    "AIOHTTP_CONNECTOR_LIMIT": "4000",
    "AIOHTTP_CONNECTOR_LIMIT_PER_HOST": "2000",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_LOCAL_POLICY_TEMPLATES": "True",
    "LITELLM_LOCAL_AUTOROUTER_PRESETS": "True",
    # Anything but DEV: LiteLLM then reads no .env file of the working directory.
    "LITELLM_MODE": "PRODUCTION",
    # By default it fails a stream that repeats one chunk 100 times, which a table or a long rule may well do.
    "REPEATED_STREAMING_CHUNK_LIMIT": "1000000000",
}
_LOGGERS: Final = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "openai", "httpx", "httpcore", "aiohttp")
_load_lock: Final = threading.Lock()
_loaded: Final[list[Any]] = []
_decoded: Final[set[str]] = set()


async def load() -> Any:
    """Return the module, importing it in a thread the first time: it takes seconds."""
    return _loaded[0] if _loaded else await in_own_thread(_import)


def loaded() -> Any:
    """Return the module, or None when nobody has needed it yet."""
    return _loaded[0] if _loaded else None


def hands_over(wire: str | None) -> bool:
    """Tell whether LiteLLM was seen to hand over the streams of a wire format (raw_check.py)."""
    return wire in _decoded


def _import() -> Any:
    with _load_lock:
        if _loaded:
            return _loaded[0]
        os.environ.update(_FLAGS)
        _silence()
        with warnings.catch_warnings():
            # Pydantic warns about LiteLLM's own models when the import and the first calls build them.
            warnings.simplefilter("ignore")
            import litellm

            # The client imports these when it is first used, on the event loop: half a second.
            importlib.import_module("openai.resources.chat")
            module = cast("Any", litellm)
            _silence()
            asyncio.run(_rehearse(module))
            _decoded.update(asyncio.run(checked_wires(module)))
        module.suppress_debug_info = True
        module.disable_hf_tokenizer_download = True
        module.turn_off_message_logging = True
        module.disable_streaming_logging = True
        module.callbacks = []
        module.success_callback = []
        module.failure_callback = []
        keep_what_is_here()
        _loaded.append(module)
        return module


async def _rehearse(litellm: Any) -> None:
    """Stream mocked calls, without network: what a first call imports and builds (a second) is paid here."""
    for model in ("openai/gpt-4o-mini", "anthropic/claude-sonnet-4-5"):
        stream = await litellm.acompletion(
            model=model,
            messages=[{"role": "user", "content": "hello"}],
            stream=True,
            stream_options={"include_usage": True},
            mock_response="hello",
        )
        async for _ in stream:
            pass


def _silence() -> None:
    """Keep LiteLLM and its clients from logging: their records hold prompts, and at times keys."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)
        logger.handlers.clear()
