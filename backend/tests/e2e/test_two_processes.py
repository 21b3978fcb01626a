"""API and worker as two processes over one data folder, as production runs them: previews all the same."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.testing.provider.loading import load_script
from factotum.testing.provider.server import ScriptedProvider
from tests.needs import needs_sandbox

BACKEND = Path(__file__).resolve().parents[2]
TOKEN = "t" * 43
_MAIN = "from factotum.cli.main import main; main()"
_START_SECONDS = 90
_ASKED = 16
"""Connections: the kernel gives them to both processes, and all of them to one in a case of 32,768."""

_SERVE = (
    "python3 -c \"import http.server as h; h.test(h.SimpleHTTPRequestHandler, port=8000, bind='127.0.0.1')\""
)
_SCRIPT: dict[str, Any] = {
    "scenarios": [
        {
            "match": "show me",
            "turns": [
                [
                    {
                        "call": "create_file",
                        "arguments": {"path": "index.html", "content": "<h1>Shown</h1>"},
                    }
                ],
                [{"call": "shell", "arguments": {"command": _SERVE, "session": "web", "blocking": False}}],
                [
                    {
                        "call": "shell",
                        "arguments": {
                            "command": "curl -s --retry 20 --retry-connrefused "
                            "--retry-delay 1 http://127.0.0.1:8000/"
                        },
                    }
                ],
                [{"call": "expose_port", "arguments": {"port": 8000}}],
                [{"call": "deploy", "arguments": {"folder": ".", "name": "shown"}}],
                ["There it is."],
            ],
        }
    ]
}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


Process = asyncio.subprocess.Process


@asynccontextmanager
async def running(command: list[str], environment: dict[str, str], log: Path) -> AsyncGenerator[Process]:
    """Run one process of the service."""
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=BACKEND, env=environment, stdout=output, stderr=output
    )
    os.close(output)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), 60)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _until_ready(client: httpx.AsyncClient, process: Process, log: Path) -> None:
    async with asyncio.timeout(_START_SECONDS):
        while True:
            assert process.returncode is None, log.read_text()
            try:
                if (await client.get("/healthz")).is_success:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.2)


async def _ended(client: httpx.AsyncClient, run_id: str, log: Path) -> None:
    async with asyncio.timeout(_START_SECONDS):
        while True:
            status = (await client.get(f"/v1/runs/{run_id}")).json()["status"]
            if status in ("finished", "failed"):
                break
            await asyncio.sleep(0.2)
    assert status == "finished", log.read_text()


async def _asked(address: str, path: str = "/") -> list[tuple[int, str]]:
    """Ask for a preview as often as it takes to ask every process, each time over a connection of its own."""
    host = address.split("/")[2]
    port = int(host.rpartition(":")[2])
    found: list[tuple[int, str]] = []
    for _ in range(_ASKED):
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            got = await client.get(f"http://127.0.0.1:{port}{path}", headers={"Host": host})
            found.append((got.status_code, got.text))
    return found


async def test_the_api_shows_what_runs_in_the_worker(
    short_folder: Path, tmp_path: Path, database_url: str, valkey_url: str
) -> None:
    trial = LocalSandboxProvider(tmp_path / "trial")
    try:
        await needs_sandbox(trial)
    finally:
        await trial.aclose()
    port, shown = _free_port(), _free_port()
    api_log, worker_log = tmp_path / "api.log", tmp_path / "worker.log"
    gunicorn = [
        "-m",
        "gunicorn",
        "-c",
        str(BACKEND.parent / "docker/gunicorn.conf.py"),
        "-b",
        f"127.0.0.1:{port}",
    ]
    async with ScriptedProvider(load_script(_SCRIPT)) as provider:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("FACTOTUM_")},
            "ENV_MODE": "production",
            "DATABASE_URL": database_url,
            "REDIS_URL": valkey_url,
            "FACTOTUM_API_TOKEN": TOKEN,
            "FACTOTUM_DATA_FOLDER": str(short_folder),
            "FACTOTUM_SCRIPTED_PROVIDER": provider.root,
            "FACTOTUM_PREVIEW_PORT": str(shown),
            "FACTOTUM_SANDBOX_PYTHON": "",
            "FACTOTUM_TITLES": "off",
            "WEB_CONCURRENCY": "1",
        }
        client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30
        )
        async with client, running([*gunicorn, "factotum.api.main:app"], environment, api_log) as api:
            await _until_ready(client, api, api_log)
            async with running(["-c", _MAIN, "worker"], environment, worker_log):
                thread = (await client.post("/v1/threads", json={})).json()["id"]
                body = {"input": "Please show me the page"}
                run = (await client.post(f"/v1/threads/{thread}/runs", json=body)).json()["id"]
                await _ended(client, run, worker_log)
                told = await _last_result(client, thread, "expose_port")
                address = next(word for word in told.split() if word.startswith("http://"))
                assert f".localhost:{shown}/" in address
                assert await _asked(address) == [(200, "<h1>Shown</h1>")] * _ASKED
                told = await _last_result(client, thread, "deploy")
                site = next(word for word in told.split() if word.startswith("http://"))
                assert await _asked(site) == [(200, "<h1>Shown</h1>")] * _ASKED
            # What was deployed lasts, and is listed with an address that is new.
            project = (await client.get(f"/v1/threads/{thread}")).json()["project_id"]
            (listed,) = (await client.get(f"/v1/projects/{project}/deployments")).json()["items"]
            assert (listed["name"], listed["target"]) == ("shown", "local")
            assert await _asked(listed["address"]) == [(200, "<h1>Shown</h1>")] * _ASKED
            # The worker has ended, and with it what ran in its sandboxes: the API says so, and lives.
            assert {status for status, _ in await _asked(address)} == {502}
            assert (await client.get("/readyz")).status_code in (200, 503)


async def _last_result(client: httpx.AsyncClient, thread: str, name: str) -> str:
    messages = (await client.get(f"/v1/threads/{thread}/messages", params={"limit": 100})).json()["items"]
    parts = [part for message in messages for part in message["parts"] if part["type"] == "tool_result"]
    return str([part for part in parts if part["name"] == name][-1]["output"])
