"""The short form of the chaos suite: one fault of each kind, in a cluster of real processes."""

from pathlib import Path

import pytest

from chaos.plan import WEIGHTS
from tests.programs import reported

_SMALL = ["--each", "1", "--people", "2", "--apis", "1", "--workers", "2", "--lease", "5"]


@pytest.mark.slow
@pytest.mark.timeout(900)  # about a minute on two quiet cores; nothing in it depends on time
def test_every_law_holds_after_a_fault_of_each_kind(tmp_path: Path) -> None:
    evidence = tmp_path / "evidence"
    found, _ = reported("chaos", [*_SMALL, "--evidence", evidence], tmp_path / "report.json")
    assert found["faults"] == dict.fromkeys(WEIGHTS, 1)
    assert found["complaints"] == []
    assert found["runs"] >= 3
    assert found["writes"] > found["runs"]  # the notes were taken
    assert found["reads"] > 0
    assert found["transcripts"] == 3 * found["runs"]
    assert not evidence.exists()
