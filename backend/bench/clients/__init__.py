"""The clients that the bench compares, by name. Peers live in an environment of their own (.venv-bench)."""

import importlib
from typing import Final

from bench.clients.base import Client

CLIENTS: Final = {
    "socket + orjson": "limits:Socket",
    "aiohttp + orjson": "limits:Aiohttp",
    "factotum": "ours:Factotum",
    "factotum: gateway": "ours:Gateway",
    "factotum: fallback": "ours:Fallback",
    "litellm": "limits:LiteLLM",
    "pydantic-ai": "peers:PydanticAI",
    "openai-agents": "peers:OpenAIAgents",
    "langgraph": "peers:LangGraph",
}
"""Module and class of each client."""
PEERS: Final = frozenset(name for name, place in CLIENTS.items() if place.startswith("peers:"))
LOOPS: Final = frozenset(CLIENTS) - {"socket + orjson", "factotum: gateway"}
"""Those that can run an agent."""


def open_client(name: str, base: str) -> Client:
    """Make a client; `base` is the server's address, `/v1` included."""
    module, _, kind = CLIENTS[name].partition(":")
    made: Client = getattr(importlib.import_module(f"bench.clients.{module}"), kind)(base)
    return made
