"""The ground floor: ids, errors, frozen values and running side by side."""

import asyncio
import re
import uuid
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from factotum.core import errors
from factotum.core.clock import now
from factotum.core.errors import FactotumError, RateLimited, StaleAttempt
from factotum.core.frozen import Frozen
from factotum.core.ids import derived_id, is_id, new_id
from factotum.core.tasks import all_of, whole
from factotum.llm.faults import ModelFault


def test_new_ids_are_uuids_of_version_7_and_sort_by_time() -> None:
    ids = [new_id() for _ in range(2000)]

    assert len(set(ids)) == 2000
    assert ids == sorted(ids)
    made = uuid.UUID(ids[0])
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    at = datetime.fromtimestamp((made.int >> 80) / 1000, UTC)
    assert abs(now() - at) < timedelta(seconds=60)


def test_derived_ids_are_the_same_for_the_same_parts() -> None:
    assert derived_id("run", 3, 1) == derived_id("run", 3, 1)
    assert derived_id("run", 3, 1) != derived_id("run", 31)
    assert uuid.UUID(derived_id("run")).version == 5


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        (derived_id("x"), True),
        (derived_id("x").upper(), True),
        (derived_id("x").replace("-", ""), False),
        (f"{{{derived_id('x')}}}", False),
        ("", False),
        ("../../etc/passwd", False),
    ],
)
def test_only_the_canonical_form_is_an_id(text: str, valid: bool) -> None:
    assert is_id(text) is valid


def test_now_is_aware_and_in_utc() -> None:
    assert now().utcoffset() == timedelta()


def test_every_error_has_a_code_of_its_own() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    codes = {kind.code for kind in kinds if issubclass(kind, FactotumError)}

    assert len(codes) == len(kinds) - sum(not issubclass(kind, FactotumError) for kind in kinds)
    assert all(re.fullmatch(r"[a-z_]+", code) for code in codes)


def test_an_error_says_what_to_do() -> None:
    error = FactotumError("It broke.", hint="Mend it.", code="broken")
    stale = StaleAttempt("Overtaken.")

    assert (str(error), error.message, error.hint, error.stable_code) == (
        "It broke.",
        "It broke.",
        "Mend it.",
        "broken",
    )
    assert (stale.stable_code, stale.hint, stale.retryable) == ("stale_attempt", "", False)


def test_a_rate_limit_says_when_to_come_back() -> None:
    error = RateLimited("Too many.", retry_after_seconds=1.5, hint="Wait.")

    assert (error.retry_after_seconds, error.hint, error.retryable) == (1.5, "Wait.", True)


def test_a_models_fault_has_the_code_of_its_kind() -> None:
    fault = ModelFault("stalled", "It stalled.", partial=True, retry_after_seconds=2.0)

    assert fault.stable_code == "model_stalled"
    assert fault.may_retry
    assert not ModelFault("bad_request", "No.").may_retry


def test_a_frozen_value_is_closed_and_does_not_change() -> None:
    class Point(Frozen):
        x: int

    point = Point(x=1)
    with pytest.raises(ValidationError):
        Point.model_validate({"x": 1, "y": 2})
    with pytest.raises(ValidationError):
        point.x = 2  # pyright: ignore[reportAttributeAccessIssue] - that is what is tried


async def test_all_of_returns_results_in_order() -> None:
    async def after(turns: int) -> int:
        for _ in range(turns):
            await asyncio.sleep(0)
        return turns

    assert await all_of(after(turns) for turns in (5, 1, 3)) == [5, 1, 3]
    assert await all_of(()) == []


async def test_all_of_raises_the_error_itself_and_ends_the_others() -> None:
    ended = asyncio.Event()

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def fail() -> None:
        await asyncio.sleep(0)
        raise StaleAttempt("Overtaken.")

    with pytest.raises(StaleAttempt):
        await all_of([wait(), all_of_in_a_group(fail())])
    assert ended.is_set()


async def all_of_in_a_group(coroutine: Coroutine[object, object, None]) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(coroutine)


async def test_whole_gives_the_result_or_the_error() -> None:
    async def give() -> int:
        return 1

    async def fail() -> None:
        raise StaleAttempt("Overtaken.")

    assert await whole(give()) == 1
    with pytest.raises(StaleAttempt):
        await whole(fail())


@pytest.mark.parametrize("fails", [True, False])
async def test_whole_is_not_cut_by_cancellations(fails: bool) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    ended: list[bool] = []

    async def write() -> None:
        begun.set()
        await go_on.wait()
        ended.append(True)
        if fails:
            raise StaleAttempt("Overtaken.")

    task = asyncio.create_task(whole(write()))
    await begun.wait()
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0.001)
    assert not task.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [True]
