"""What must be true of every write that the database accepted. Pure: notes in, complaints out.

The notes of a run are in the order of the database's transactions (each holds the run's row), so they are its
history: who carried it when, what each wrote, and how each call of the ledger went.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby

from chaos.history import Note, process_of

_CARRIED = {"running", "stopping"}
_ENDED = {"finished", "failed", "stopped"}
_NEXT_STATES = {
    "": {"pending"},
    "pending": {"started", "finished"},
    "started": {"started", "finished"},
    "finished": set[str](),
}


def stale_writes(notes: Iterable[Note]) -> list[str]:
    """Return every write of a worker to a run that another process, or another attempt, owned."""
    return [
        f"run {note.run_id}: {note.writer} wrote {note.table} ({note.change}), but"
        f" {note.old_owner or 'nobody'} owned attempt {note.old_attempt} (the write: {note.item_attempt})"
        for note in notes
        if note.writer.startswith("worker") and _is_stale(note)
    ]


def _is_stale(note: Note) -> bool:
    if note.table == "runs":
        goes_on = note.old_status in _CARRIED and note.attempt == note.old_attempt
        return goes_on and not _owned(note)
    if note.table == "messages":
        return note.change != "user" and not _owned(note)
    return not _owned(note) or note.item_attempt != note.attempt


def _owned(note: Note) -> bool:
    return process_of(note.old_owner) == note.writer.partition(":")[2]


def bad_claims(notes: Sequence[Note]) -> list[str]:
    """Return how runs changed hands wrongly: live leases that were taken, steps back, second ends."""
    complaints: list[str] = []
    for note in notes:
        if note.table != "runs" or note.operation != "UPDATE":
            continue
        where = f"run {note.run_id}, attempt {note.old_attempt} > {note.attempt}"
        if note.attempt not in (note.old_attempt, note.old_attempt + 1):
            complaints.append(f"{where}: attempts do not follow one another")
        taken_over = note.attempt > note.old_attempt and note.old_status in _CARRIED
        if taken_over and note.lease_left is not None and note.lease_left > 0:
            complaints.append(f"{where}: taken {note.lease_left:.1f} s before its lease ended")
        if note.old_status in _ENDED and (note.status, note.attempt) != (note.old_status, note.old_attempt):
            complaints.append(f"{where}: {note.old_status} became {note.status}")
    return complaints


def bad_ledger(notes: Sequence[Note]) -> list[str]:
    """Return the calls that did not go from pending over started to finished, or unsafe ones begun twice."""
    complaints: list[str] = []
    calls = [note for note in notes if note.table == "tool_calls"]
    for (run_id, call_id), history in _grouped(calls):
        changes = [note.change for note in history]
        for change in changes:
            before, _, after = change.partition(">")
            if after not in _NEXT_STATES.get(before, set()):
                complaints.append(f"run {run_id}, call {call_id}: {change}")
        starts = sum(change.endswith(">started") for change in changes)
        if starts > 1 and history[0].effect == "unsafe":
            complaints.append(f"run {run_id}, call {call_id}: an unsafe call was started {starts} times")
    return complaints


def changed_messages(notes: Iterable[Note]) -> list[str]:
    """Return the messages that were changed or deleted: the log is only ever appended to."""
    return [
        f"run {note.run_id}: message {note.item} was changed by {note.writer} ({note.operation})"
        for note in notes
        if note.table == "messages" and note.operation != "INSERT"
    ]


def _grouped(calls: list[Note]) -> list[tuple[tuple[str, str], list[Note]]]:
    ordered = sorted(calls, key=lambda note: (note.run_id, note.item))  # stable: histories keep their order
    return [(key, list(group)) for key, group in groupby(ordered, lambda note: (note.run_id, note.item))]
