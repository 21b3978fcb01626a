"""A process that is told to end and does not."""

import os
import signal
import subprocess
import sys
from pathlib import Path

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
