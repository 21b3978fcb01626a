"""`make load` drives the product as it is, and its statistics are right."""

import os
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.load.clients import age_ms
from bench.load.fanout import bare
from bench.load.numbers import middle, percentile, slope
from bench.load.service import family
from bench.load.sockets import frame
from tests.programs import reported

_SMALLEST = [
    *(
        "--minutes",
        "0.05",
        "--warm-up",
        "0",
        "--idle",
        "2",
        "--live",
        "2",
        "--pause",
        "5",
        "--seconds",
        "0.5",
    ),
    *("--clients", "10", "--runs", "1", "--lengths", "10"),
]


def test_percentiles() -> None:
    assert percentile([], 0.99) == 0
    assert percentile(range(100), 0.99) == 99
    assert middle([5, 1, 3]) == 3


def test_the_slope_of_a_line() -> None:
    assert slope([0, 1, 2], [5, 7, 9]) == pytest.approx(2)
    assert slope([1], [5]) == 0


def test_the_age_of_an_event_is_told_by_its_frame() -> None:
    assert age_ms(b": ping") is None
    old = datetime.fromtimestamp(time.time() - 2, UTC).isoformat().encode()
    assert age_ms(b'data: {"at":"' + old + b'"}') == pytest.approx(2000, abs=500)
    assert (age_ms(frame(1)) or 0) < 1000


def test_a_process_and_its_children() -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        try:
            assert {os.getpid(), child.pid} <= set(family(os.getpid()))
        finally:
            child.kill()


async def test_the_bare_server_sends_every_event_to_every_client() -> None:
    figures = await bare(clients=3, events=4, pause=0.01)
    assert figures["us_a_delivery"] > 0
    assert figures["late_p99_ms"] < 10_000


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_smallest_load_is_measured(tmp_path: Path) -> None:
    found, said = reported("bench.load", _SMALLEST, tmp_path / "load.json")
    steady = found["steady"]
    assert steady["idle_clients_left"] == 2
    assert steady["events"] > 0
    assert steady["requests"] > 0
    assert {row["kind"] for row in found["fan_out"]} == {"paced", "burst"}
    assert found["lengths"][0]["messages"] == 10
    assert found["runs"][0]["events"] > 0
    assert "memory of the worker" in said
