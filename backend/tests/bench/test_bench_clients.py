"""The bench drives the product as it is: our clients read a stream, and their agents run to the end."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.clients import open_client
from bench.clients.base import Agent

_BACKEND = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, "-m", "bench.server"],
        cwd=_BACKEND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.stdin.close()


@pytest.mark.parametrize(
    "name", ["socket + orjson", "aiohttp + orjson", "factotum", "factotum: gateway", "litellm"]
)
async def test_a_client_reads_a_stream_and_runs_its_agent(base: str, name: str) -> None:
    client = await asyncio.to_thread(open_client, name, base)
    await client.warm()
    try:
        seen: list[str] = []
        await client.ask("burst 5", seen.append)
        assert len("".join(seen)) == 5 * 20
        if isinstance(client, Agent):
            await client.work("turns 3")
            assert len(client.turns) == 3
    finally:
        await client.close()
