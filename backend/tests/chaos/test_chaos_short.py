"""The short form of the chaos suite: one fault of each kind, in a cluster of real processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from chaos.plan import WEIGHTS

_BACKEND = Path(__file__).parents[2]
_SMALL = ["--each", "1", "--people", "2", "--apis", "1", "--workers", "2", "--lease", "5"]


@pytest.mark.slow
@pytest.mark.timeout(900)  # about a minute on two quiet cores; nothing in it depends on time
def test_every_law_holds_after_a_fault_of_each_kind(tmp_path: Path) -> None:
    report, evidence = tmp_path / "report.json", tmp_path / "evidence"
    # Processes that are killed have no coverage to tell of, and measuring it doubles what they take to start.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-m", "chaos", *_SMALL, "--json", report, "--evidence", evidence],
        cwd=_BACKEND,
        env={**environment, "PYTHONPATH": str(_BACKEND)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    found = json.loads(report.read_text())
    assert found["faults"] == dict.fromkeys(WEIGHTS, 1)
    assert found["complaints"] == []
    assert found["runs"] >= 3
    assert found["writes"] > found["runs"]  # the notes were taken
    assert found["reads"] > 0
    assert found["transcripts"] == 3 * found["runs"]
    assert not evidence.exists()
