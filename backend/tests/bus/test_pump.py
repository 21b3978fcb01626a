"""The pump: rounds that many runs share, and nobody who waits in vain."""

import asyncio
import time
from collections.abc import Sequence

import pytest

from factotum.bus.pump import ROUND_SECONDS, Answer, Append, LogPump
from factotum.bus.writer import RunLogWriter
from factotum.core.errors import Unavailable
from tests.bus.helpers import durable, text


class _Rounds:
    """Answers every append well, and keeps how many came together."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.sizes: list[int] = []
        self.at: list[float] = []
        self.faults: list[BaseException] = []
        self._seconds = seconds

    async def __call__(self, appends: Sequence[Append]) -> Sequence[Answer]:
        self.sizes.append(len(appends))
        self.at.append(time.monotonic())
        await asyncio.sleep(self._seconds)
        if self.faults:
            raise self.faults.pop()
        return [("ok", append.first_seq + len(append.lines) - 1) for append in appends]


def _writers(pump: LogPump, number: int) -> list[RunLogWriter]:
    return [RunLogWriter(pump, f"r{each}", 1, 0) for each in range(number)]


async def test_what_many_runs_say_at_about_the_same_time_is_written_together() -> None:
    rounds = _Rounds()
    pump = LogPump(rounds)
    writers = _writers(pump, 100)
    for _ in range(5):
        for writer in writers:
            await writer.emit(text("a"))
        await asyncio.sleep(0.03)
    for writer in writers:
        await writer.close()
    await pump.aclose()
    assert sum(rounds.sizes) == 500
    assert len(rounds.sizes) <= 20
    assert max(rounds.sizes) <= 128


async def test_pieces_of_text_wait_for_the_next_common_round_and_nobody_else_does() -> None:
    rounds = _Rounds()
    pump = LogPump(rounds)
    first, second, third = _writers(pump, 3)
    await first.emit(text("a"))
    await asyncio.sleep(0)
    await second.emit(text("b"))
    await third.emit(durable(1))
    assert rounds.sizes == [1, 1]
    await asyncio.sleep(3 * ROUND_SECONDS)
    assert rounds.sizes == [1, 1, 1]
    assert rounds.at[2] - rounds.at[0] >= ROUND_SECONDS / 2
    assert (first.seq, second.seq, third.seq) == (1, 1, 1)
    await pump.aclose()


async def test_a_round_is_bounded() -> None:
    rounds = _Rounds()
    pump = LogPump(rounds)
    await asyncio.gather(*(writer.emit(durable(1)) for writer in _writers(pump, 300)))
    await pump.aclose()
    assert rounds.sizes == [128, 128, 44]


async def test_after_a_fault_of_the_pump_itself_nobody_waits_and_it_goes_on(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("factotum.bus.writer._RETRY_SECONDS", 0.01)
    rounds = _Rounds()
    rounds.faults = [ZeroDivisionError()]
    pump = LogPump(rounds)
    (writer,) = _writers(pump, 1)
    await asyncio.wait_for(writer.emit(durable(1)), 5)
    assert "the pump of the logs failed" in caplog.text
    await asyncio.wait_for(writer.flush(), 5)
    await writer.close()
    await pump.aclose()
    assert rounds.sizes == [1, 1]


async def test_who_still_writes_when_it_is_closed_is_told() -> None:
    rounds = _Rounds(seconds=0.05)
    pump = LogPump(rounds)
    first, second = _writers(pump, 2)
    under_way = asyncio.create_task(first.flush())
    waiting = [asyncio.ensure_future(writer.emit(durable(1))) for writer in (first, second)]
    await asyncio.sleep(0.01)
    late = asyncio.ensure_future(first.emit(durable(2)))
    await asyncio.sleep(0)
    await asyncio.wait_for(pump.aclose(), 5)
    await asyncio.wait_for(asyncio.gather(under_way, late, *waiting), 5)
    assert rounds.sizes == [2]
    await asyncio.wait_for(second.emit(durable(3)), 5)
    assert rounds.sizes == [2]
    assert isinstance(_closed(pump), Unavailable)


def _closed(pump: LogPump) -> Answer:
    """Ask a closed pump for something and return its answer."""
    answers: list[Answer] = []

    class Late:
        def next_append(self) -> Append | None:
            raise AssertionError("a closed pump writes nothing")

        def take_answer(self, answer: Answer) -> None:
            answers.append(answer)

    pump.ask(Late(), 0.0, urgent=True)
    return answers[0]
