"""How long a stop takes: from the request until model, tools and processes have ended and it is answered.

    python -m bench.stops [--runs 100] [--json FILE]

The service runs as a user starts it, with its embedded Postgres and Valkey and the local sandbox, in a folder
of its own. Half of the runs are in the stream of a model that talks for ever, half in a shell command that
sleeps, with a second call behind it that must be told as not executed.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

_SCRIPT: dict[str, Any] = {
    "scenarios": [
        {"match": "talk", "turns": [[{"text": "word ", "repeat": "forever", "delay": 0.02}]]},
        {
            "match": "sleep",
            "turns": [
                [
                    {"call": "shell", "arguments": {"command": "sleep 600"}},
                    {"call": "create_file", "arguments": {"path": "never.txt", "content": "x"}},
                ]
            ],
        },
    ]
}
_KINDS = {"talk": "text.delta", "sleep": "tool.started"}
_START_SECONDS = 120.0
_SETTLE_SECONDS = 0.3


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--runs", type=int, default=100, help="how many stops")
    arguments.add_argument("--json", type=Path, help="write the figures into this file")
    wanted = arguments.parse_args()
    with _service() as client:
        took: dict[str, list[float]] = {kind: [] for kind in _KINDS}
        for number in range(wanted.runs):
            kind = list(_KINDS)[number % len(_KINDS)]
            took[kind].append(_one_stop(client, kind))
    figures = {kind: _figures(seconds) for kind, seconds in took.items() if seconds}
    for kind, found in figures.items():
        sys.stdout.write(
            kind + "  " + "  ".join(f"{name} {value:.3f}" for name, value in found.items()) + "\n"
        )
    if wanted.json:
        wanted.json.write_text(json.dumps(figures, indent=1))


def _one_stop(client: httpx.Client, kind: str) -> float:
    thread = client.post("/v1/threads", json={}).raise_for_status().json()["id"]
    run = client.post(f"/v1/threads/{thread}/runs", json={"input": kind}).raise_for_status().json()["id"]
    _follow_until(client, run, _KINDS[kind])
    time.sleep(_SETTLE_SECONDS)
    began = time.monotonic()
    stopped = client.post(f"/v1/runs/{run}/stop").raise_for_status().json()
    took = time.monotonic() - began
    if stopped["status"] != "stopped":
        raise SystemExit(f"the run is {stopped['status']}")
    if kind == "sleep" and _follow_until(client, run, "run.stopped")["not_executed"] != ["create_file"]:
        raise SystemExit("the stop did not say what was not executed")
    return took


def _follow_until(client: httpx.Client, run: str, kind: str) -> dict[str, Any]:
    """Follow a run up to an event of a type, and return the event."""
    with client.stream("GET", f"/v1/runs/{run}/events") as stream:
        lines = iter(stream.iter_lines())
        for line in lines:
            if line == f"event: {kind}":
                return json.loads(next(lines).removeprefix("data: "))
    raise SystemExit(f"the run ended without {kind}")


def _figures(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    last = len(ordered) - 1
    return {
        "stops": len(ordered),
        "p50": ordered[last // 2],
        "p99": ordered[round(last * 0.99)],
        "longest": ordered[-1],
    }


@contextmanager
def _service() -> Generator[httpx.Client]:
    """Start a service of its own and yield a client that is signed in."""
    with tempfile.TemporaryDirectory(prefix="ft-") as name:
        home = Path(name)
        home.chmod(0o711)
        script, data = home / "script.json", home / "data"
        script.write_text(json.dumps(_SCRIPT))
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FACTOTUM_")}
        process = subprocess.Popen(
            [sys.executable, "-m", "factotum.cli", "serve", "--script", str(script)],
            env={**kept, "FACTOTUM_DATA_FOLDER": str(data), "FACTOTUM_PORT": "0"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            url = _address(process, data / "server.json")
            token = (data / "token").read_text().strip()
            with httpx.Client(
                base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60
            ) as client:
                yield client
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _address(process: "subprocess.Popen[bytes]", note: Path) -> str:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            url = str(json.loads(note.read_text())["url"])
            if httpx.get(f"{url}/readyz", timeout=5).json()["status"] == "ok":
                return url
        except (OSError, ValueError, httpx.HTTPError):
            pass
        time.sleep(0.2)
    raise SystemExit("the service did not start")


if __name__ == "__main__":
    main()
