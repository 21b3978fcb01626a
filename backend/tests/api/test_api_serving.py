"""How the API is served: prompt shutdown with open streams, slow readers dropped, a light import."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from fastapi import APIRouter

from factotum.api.streaming import Drain, StreamResponse
from tests.api.api_support import following, new_run
from tests.api.conftest import Api, client

BACKEND = Path(__file__).resolve().parents[2]
GUNICORN = ("-m", "gunicorn", "--config", str(BACKEND.parent / "docker/gunicorn.conf.py"))
TOKEN = "t" * 43


def _environment(folder: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FACTOTUM_")}
    return {
        **kept,
        "ENV_MODE": "production",
        "FACTOTUM_DATA_FOLDER": str(folder),
        "WEB_CONCURRENCY": "1",
        **more,
    }


def _start(socket: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, *GUNICORN, "--bind", f"unix:{socket}", "factotum.api.main:app"],
        cwd=BACKEND,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


async def _answers(socket: Path, process: subprocess.Popen[bytes]) -> None:
    async with client(socket, None) as http, asyncio.timeout(60):
        while process.poll() is None:
            if socket.exists():
                try:
                    if (await http.get("/healthz")).status_code == 200:
                        return
                except OSError:
                    pass
            await asyncio.sleep(0.1)
    raise AssertionError("gunicorn ended")


async def test_gunicorn_ends_promptly_with_a_stream_open(
    short_folder: Path, tmp_path: Path, database_url: str, valkey_url: str
) -> None:
    socket = short_folder / "gunicorn.sock"
    environment = _environment(
        tmp_path, DATABASE_URL=database_url, REDIS_URL=valkey_url, FACTOTUM_API_TOKEN=TOKEN
    )
    process = await asyncio.to_thread(_start, socket, environment)
    try:
        await _answers(socket, process)
        async with client(socket, TOKEN) as http:
            assert (await http.get("/v1/me")).json()["env_mode"] == "production"
            run = await new_run(http)
            async with following(http, run["id"]) as live:
                await live.until(b"message.created")
                process.send_signal(signal.SIGTERM)
                assert (await live.end()).endswith(b"retry: 1000\n\n")
        output = (await asyncio.to_thread(process.communicate, timeout=10))[0].decode()
        assert process.returncode == 0, output
        assert "Cancel" not in output
        assert TOKEN not in output
        assert "Traceback" not in output
    finally:
        process.kill()
        await asyncio.to_thread(process.wait)


async def test_gunicorn_gives_up_where_the_token_is_missing(short_folder: Path, tmp_path: Path) -> None:
    environment = _environment(
        tmp_path, DATABASE_URL="postgresql://x@127.0.0.1:9/x", REDIS_URL="redis://127.0.0.1:9"
    )
    process = await asyncio.to_thread(_start, short_folder / "refused.sock", environment)
    output = (await asyncio.to_thread(process.communicate, timeout=60))[0].decode()
    assert process.returncode != 0
    assert "FACTOTUM_API_TOKEN is not set" in output


async def asked(api: Api, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Ask for something as a client does that reads as little as it likes."""
    reader, writer = await asyncio.open_unix_connection(str(api.socket), limit=1024)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\r\n".encode())
    return reader, writer


async def test_a_reader_that_does_not_read_is_dropped(api: Api) -> None:
    closed = asyncio.Event()

    class Flood(StreamResponse):
        async def parts(self) -> AsyncGenerator[bytes]:
            try:
                while True:
                    yield b"x" * 65_536
            finally:
                closed.set()

    router = APIRouter()

    @router.get("/flood")
    async def flood() -> Flood:
        return Flood({}, "application/octet-stream", drain=Drain(), send_seconds=0.3)

    assert flood
    api.app.include_router(router)
    reader, writer = await asked(api, "/flood")
    async with asyncio.timeout(10):
        await closed.wait()
    writer.close()
    del reader


async def test_what_cannot_be_sent_at_once_is_not_sent_at_all(api: Api) -> None:
    """A client that is behind gets every part once, and in order, whichever way it was sent."""
    lines = [b"%08d" % number + b"x" * 1_000 + b"\n" for number in range(5_000)]
    ways: list[bool] = []
    behind = asyncio.Event()

    class Both(StreamResponse):
        async def parts(self) -> AsyncGenerator[bytes]:
            loop = asyncio.get_running_loop()
            yield b""
            for line in lines:
                sent: asyncio.Future[bool] = loop.create_future()
                loop.call_soon(lambda line=line, sent=sent: sent.set_result(self.send_now(line)))
                ways.append(await sent)
                if not ways[-1]:
                    behind.set()
                    yield line

    router = APIRouter()

    @router.get("/both")
    async def both() -> Both:
        return Both({}, "application/octet-stream", drain=Drain())

    assert both
    api.app.include_router(router)
    reader, writer = await asked(api, "/both")
    async with asyncio.timeout(10):
        await behind.wait()
        answer = await reader.read()
    writer.close()
    assert [line for line in answer.split(b"\r\n") if line.endswith(b"x\n")] == lines
    assert True in ways
    assert False in ways


async def test_a_fault_in_a_stream_cuts_it_off(api: Api) -> None:
    class Broken(StreamResponse):
        async def parts(self) -> AsyncGenerator[bytes]:
            yield b"begun"
            raise LookupError("inside")

    router = APIRouter()

    @router.get("/breaks")
    async def breaks() -> Broken:
        return Broken({}, "application/octet-stream")

    assert breaks
    api.app.include_router(router)
    reader, writer = await asked(api, "/breaks")
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    assert b"begun" in answer
    assert not answer.endswith(b"0\r\n\r\n")
    assert b"inside" not in answer


@pytest.mark.parametrize("module", ["factotum.api.main", "factotum.api.serving"])
def test_the_import_is_light(module: str) -> None:
    code = f"import sys, {module}; print(sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=BACKEND, capture_output=True, text=True, check=True, timeout=60
    ).stdout
    for heavy in (
        "litellm",
        "daytona",
        "openai",
        "gunicorn",
        "factotum.testing",
        "factotum.worker",
        "alembic",
    ):
        assert f"'{heavy}'" not in loaded, heavy
