"""The checks over accepted writes find each kind of stale write, and nothing in a history that is well."""

from typing import Any

import pytest

from chaos.fencing import bad_claims, bad_ledger, changed_messages, stale_writes
from chaos.history import Done, Note, process_of
from chaos.resumption import Resumed, percentile, resumptions

FIRST, SECOND = "host:11:aa", "host:22:bb"


def note(**fields: Any) -> Note:
    """A write of the worker that carries the run; of no change."""
    plain: dict[str, Any] = {
        "at": 1.0,
        "writer": "worker-1:11",
        "table": "runs",
        "operation": "UPDATE",
        "run_id": "r",
        "owner": FIRST,
        "attempt": 1,
        "status": "running",
        "old_owner": FIRST,
        "old_attempt": 1,
        "old_status": "running",
        "lease_left": 9.0,
        "item": "r",
        "change": "1",
    }
    return Note(**{**plain, **fields})


def claim(at: float, *, attempt: int = 2, owner: str = SECOND, **fields: Any) -> Note:
    process = process_of(owner)
    return note(
        **{
            "at": at,
            "writer": f"worker-2:{process}",
            "owner": owner,
            "attempt": attempt,
            "old_attempt": attempt - 1,
            "old_status": "queued" if attempt == 1 else "running",
            "old_owner": None if attempt == 1 else FIRST,
            "lease_left": None if attempt == 1 else -0.5,
            **fields,
        }
    )


def call(change: str, **fields: Any) -> Note:
    return note(
        **{
            "table": "tool_calls",
            "item": "c",
            "change": change,
            "effect": "unsafe",
            "item_attempt": 1,
            **fields,
        }
    )


def message(**fields: Any) -> Note:
    return note(**{"table": "messages", "operation": "INSERT", "item": "m", "change": "assistant", **fields})


WELL = [
    note(
        writer="api-1:7",
        operation="INSERT",
        owner=None,
        attempt=0,
        status="queued",
        old_status="",
        old_owner=None,
    ),
    claim(1, attempt=1, owner=FIRST),
    message(),
    call(">pending"),
    call("pending>started"),
    note(writer="api-1:7", status="stopping"),  # a person may wish it, whoever carries the run
    claim(9),
    call("started>finished", writer="worker-2:22", old_owner=SECOND, owner=SECOND, attempt=2, item_attempt=2),
    note(writer="worker-2:22", owner=None, attempt=2, status="finished", old_owner=SECOND, old_attempt=2),
    message(writer="worker-3:33", change="user"),  # the task of a run whose turn comes
]


def test_a_history_that_is_well() -> None:
    assert stale_writes(WELL) == []
    assert bad_claims(WELL) == []
    assert bad_ledger(WELL) == []
    assert changed_messages(WELL) == []


@pytest.mark.parametrize(
    "written",
    [
        message(old_owner=SECOND, owner=SECOND, attempt=2, old_attempt=2),
        message(change="tool", old_owner=None, owner=None),
        note(old_owner=SECOND, old_attempt=2, attempt=2),  # it saves its step, or renews the lease
        note(old_owner=SECOND, status="finished", owner=None),
        call("started>finished", old_owner=SECOND),
        call("pending>started", attempt=2, item_attempt=1),  # the same process, but an older attempt
    ],
)
def test_a_write_of_a_stale_worker_is_found(written: Note) -> None:
    assert len(stale_writes([*WELL, written])) == 1


def test_a_claim_of_a_live_lease_is_found() -> None:
    assert bad_claims([claim(1, lease_left=3.0)]) == [
        "run r, attempt 1 > 2: taken 3.0 s before its lease ended"
    ]


def test_attempts_that_do_not_follow_one_another_are_found() -> None:
    assert len(bad_claims([claim(1, attempt=3, old_attempt=1)])) == 1
    assert len(bad_claims([note(attempt=1, old_attempt=2)])) == 1


def test_a_run_that_ended_twice_is_found() -> None:
    assert bad_claims([note(old_status="finished", status="stopped")]) == [
        "run r, attempt 1 > 1: finished became stopped"
    ]


@pytest.mark.parametrize(
    "changes", [["finished>started"], ["pending>pending"], [">finished"], ["what>pending"]]
)
def test_calls_that_go_astray_are_found(changes: list[str]) -> None:
    assert len(bad_ledger([call(change) for change in changes])) == 1


def test_only_unsafe_calls_may_not_start_twice() -> None:
    twice = [">pending", "pending>started", "started>started", "started>finished"]
    assert bad_ledger([call(change, effect="pure") for change in twice]) == []
    assert bad_ledger([call(change) for change in twice]) == [
        "run r, call c: an unsafe call was started 2 times"
    ]


def test_messages_that_were_changed_or_deleted_are_found() -> None:
    assert len(changed_messages([message(), message(operation="UPDATE"), message(operation="DELETE")])) == 2


def test_after_a_kill_a_run_pauses_until_the_next_claim() -> None:
    killed = Done(5, "kill worker", at=4.0, until=4.1, worker="worker-1:11")
    history = [claim(1, attempt=1, owner=FIRST), claim(16), claim(30, attempt=3, owner=FIRST)]
    assert resumptions([killed], history) == [Resumed("kill worker", 5, "r", 12.0, 12.0)]


def test_a_draining_worker_goes_on_until_it_hands_over() -> None:
    drained = Done(6, "drain worker", at=4.0, until=9.0, worker="worker-1:11")
    history = [claim(1, attempt=1, owner=FIRST), note(at=7.0, change="released"), claim(7.5)]
    assert resumptions([drained], history) == [Resumed("drain worker", 6, "r", 0.5, 3.5)]


def test_what_the_fault_did_not_hit_is_not_counted() -> None:
    others = Done(1, "kill worker", at=4.0, until=4.1, worker="worker-9:99")
    nobody = Done(2, "cut clients", at=4.0, until=4.1)
    mine = Done(3, "kill worker", at=4.0, until=4.1, worker="worker-1:11")
    begun = claim(1, attempt=1, owner=FIRST)
    ended = note(at=5.0, status="finished", owner=None)
    assert resumptions([others, nobody], [begun, claim(16)]) == []
    assert resumptions([mine], [begun, ended]) == []  # it had ended before the signal came
    assert resumptions([mine], [begun]) == []
    assert resumptions([mine], [claim(5, attempt=1, owner=FIRST)]) == []


def test_percentiles() -> None:
    assert percentile([], 0.99) == 0
    assert percentile([3, 1, 2], 0.5) == 2
    assert percentile(range(101), 0.99) == 99


def test_an_owner_names_its_process() -> None:
    assert process_of(None) == ""
    assert process_of(FIRST) == "11"
