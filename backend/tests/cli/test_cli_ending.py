"""A process that is told to end and does not."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

_STUBBORN = """
import asyncio
from factotum.cli.ending import ended_by_signal
from factotum.core.logs import configure_logs

async def main():
    ended = ended_by_signal(0.2)
    print("ready", flush=True)
    await ended.wait()
    await asyncio.create_task(asyncio.sleep(60), name="the one that hangs")

configure_logs(as_json=False)
asyncio.run(main())
"""


def test_a_process_that_hangs_at_its_end_says_what_it_waits_for_and_ends() -> None:
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "-c", _STUBBORN], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "did not end within 0 s" in said
    assert "the one that hangs" in said


# What LiteLLM does: a daemon thread imports, and a finalizer imports the same when the interpreter ends.
_IMPORTING = """
import sys, threading
from factotum.cli.ending import leave

class Client:
    def __del__(self):
        import slow_to_import

kept = Client()
threading.Thread(target=__import__, args=("slow_to_import",), daemon=True).start()
while "slow_to_import" not in sys.modules:
    pass
print("served")
if sys.argv[1] == "leave":
    leave()
"""


def test_a_service_that_has_ended_leaves_though_something_is_being_imported(tmp_path: Path) -> None:
    (tmp_path / "slow_to_import.py").write_text("import time\ntime.sleep(600)\n")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"}

    def end(way: str, timeout: float) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", _IMPORTING, way]
        return subprocess.run(
            command, env=environment, capture_output=True, check=False, text=True, timeout=timeout
        )

    done = end("leave", 60)
    assert (done.returncode, done.stdout) == (0, "served\n")
    with pytest.raises(subprocess.TimeoutExpired):
        end("return", 5)
