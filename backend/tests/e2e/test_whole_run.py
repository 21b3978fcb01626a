"""The main job from end to end: a task goes in, files and an answer come out, every step is seen."""

from itertools import pairwise

import pytest

from tests.e2e.service_support import Service

TASK = "Write primes.csv with the first 20 primes and plot them to primes.png"
_SHARED = pytest.mark.xdist_group("service")
PRIMES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71]


@_SHARED
def test_a_task_becomes_files_in_every_wire_format_and_dialect(service: Service) -> None:
    ways = [
        ("openai/scripted", "native"),
        ("anthropic/scripted", "native"),
        ("openai/scripted", "invoke"),
        ("openai/scripted", "tag"),
    ]
    tables: set[bytes] = set()
    for model, dialect in ways:
        thread = service.thread()
        run = service.submit(thread, TASK, model=model, options={"dialect": dialect})
        events = service.until(run, "run.finished", "run.failed")
        assert events[-1].type == "run.finished", (model, dialect, events[-1].data)
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert sorted(events[-1].data["deliverables"]) == ["primes.csv", "primes.png"]
        listed = {
            item["path"]: item["size_bytes"]
            for item in service.call("GET", f"/threads/{thread}/files")["items"]
        }
        assert {"primes.csv", "primes.png", "primes.py"} <= listed.keys()
        picture = service.file(thread, "primes.png")
        assert picture.startswith(b"\x89PNG")
        assert len(picture) == listed["primes.png"]
        tables.add(service.file(thread, "primes.csv"))
    (table,) = tables
    numbers = [int(field) for line in table.decode().split() for field in line.split(",") if field.isdigit()]
    assert set(PRIMES) <= set(numbers)


@_SHARED
def test_a_stream_cut_at_every_event_and_resumed_is_the_same_bytes(service: Service) -> None:
    run = service.submit(service.thread(), TASK)
    whole = [event.raw for event in service.events(run)]
    assert len(whole) > 30
    for cut in range(1, len(whole)):
        rest = [event.raw for event in service.events(run, after=cut)]
        assert whole[:cut] + rest == whole


@_SHARED
def test_a_live_stream_cut_after_each_event_misses_and_repeats_nothing(service: Service) -> None:
    run = service.submit(service.thread(), TASK)
    pieces: list[bytes] = []
    after = 0
    while not pieces or b"event: run.finished" not in pieces[-1]:
        for event in service.events(run, after=after):
            pieces.append(event.raw)
            after = event.seq
            break
    assert pieces == [event.raw for event in service.events(run)]


@_SHARED
def test_threads_run_side_by_side(service: Service) -> None:
    runs = [service.submit(service.thread(), "Talk slowly") for _ in range(10)]
    spans = [(run["started_at"], run["ended_at"]) for run in (service.wait(run, "finished") for run in runs)]
    assert max(start for start, _ in spans) < min(end for _, end in spans)


@_SHARED
def test_runs_of_one_thread_are_serialised(service: Service) -> None:
    thread = service.thread()
    runs = [service.submit(thread, f"Talk briefly, {number}") for number in range(3)]
    spans = [(run["started_at"], run["ended_at"]) for run in (service.wait(run, "finished") for run in runs)]
    for (_, end), (start, _) in pairwise(spans):
        assert end <= start
