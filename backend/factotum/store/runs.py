"""Runs as people and workers of a tenant see them.

Law: a write that names an attempt is refused once a newer one owns the run; what has ended does not change.
"""

from builtins import list as list_of
from typing import Any, get_args

from pydantic import JsonValue, TypeAdapter

from factotum.core.errors import Conflict, NotFound, StaleAttempt
from factotum.core.ids import new_id
from factotum.protocol.budgets import BudgetUse
from factotum.protocol.runs import (
    ENDED,
    ErrorInfo,
    FinishReason,
    Plan,
    Question,
    Run,
    RunOptions,
    RunStatus,
    UnreadMessage,
    Usage,
)
from factotum.store.budget_columns import RUN_BUDGET
from factotum.store.jsonb import clean_text, encode, exactly, known
from factotum.store.paging import newest_in_accounts, page
from factotum.store.records import Answer
from factotum.store.threads import thread_missing
from factotum.store.tx import Tx

_COLUMNS = (
    "id, thread_id, project_id, account_id, agent_id, status, model, options, message_id, input, unread,"
    " attempt, step, usage, plan, question, finish_reason, error, deliverables,"
    " created_at, started_at, ended_at, " + RUN_BUDGET
)
_PAGE = newest_in_accounts("runs", _COLUMNS)
_PAGE_IN_STATUS = newest_in_accounts("runs", _COLUMNS, where="status = %(status)s")
_ANSWER: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)
_OPTIONS = TypeAdapter(RunOptions)
_USAGE = TypeAdapter(Usage)
_PLAN = TypeAdapter(Plan)
_BUDGET = TypeAdapter(BudgetUse)
_QUESTION = TypeAdapter(Question)
_ERROR = TypeAdapter(ErrorInfo)
_UNREAD: TypeAdapter[tuple[UnreadMessage, ...]] = TypeAdapter(tuple[UnreadMessage, ...])
_PATHS: TypeAdapter[tuple[str, ...]] = TypeAdapter(tuple[str, ...])
_REASONS: frozenset[str] = frozenset(get_args(FinishReason))


class Runs:
    """Queries on runs, in a tenant's transaction."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def create(
        self,
        thread_id: str,
        *,
        created_by: str,
        model: str,
        agent_id: str | None = None,
        options: RunOptions | None = None,
        idempotency_key: str | None = None,
        run_id: str | None = None,
        message_id: str | None = None,
        task: str | None = None,
        log_seq: int = 0,
    ) -> tuple[Run, bool]:
        """Store a queued run, and say whether it is new: a key that the thread knows gives back its run.

        It works on the message `message_id`, or keeps its `task` until its turn comes. `log_seq` is the last
        number that its log will have before a worker opens it.
        `created_by` must be the transaction's caller. Raises NotFound (`thread_not_found`), Forbidden,
        Conflict (`idempotency_key_reused`) when the key belongs to another thread's run.
        """
        row = await self._tx.one(
            f"""
insert into factotum.runs
    (id, account_id, project_id, thread_id, created_by, agent_id, model, options, idempotency_key, message_id,
    input, log_seq)
select %(id)s::uuid, account_id, project_id, id, %(user)s::uuid, %(agent)s::uuid, %(model)s,
    %(options)s::jsonb, %(key)s, %(message)s::uuid, %(task)s, %(log_seq)s
from factotum.threads where id = %(thread)s
on conflict (account_id, idempotency_key) where idempotency_key is not null do nothing
returning {_COLUMNS}""",
            {
                "id": run_id or new_id(),
                "user": created_by,
                "agent": agent_id,
                "model": model,
                "options": encode(_OPTIONS, options or RunOptions()),
                "key": idempotency_key,
                "thread": thread_id,
                "message": message_id,
                "task": task and clean_text(task),
                "log_seq": log_seq,
            },
        )
        if row is not None:
            return _run(row), True
        return await self._known(thread_id, idempotency_key), False

    async def get(self, run_id: str, *, whole: bool = False) -> Run:
        """Return one. Raises NotFound (`run_not_found`).

        `whole`: for who works on it; options that only a newer version knows raise WrittenByNewer then.
        """
        row = await self._tx.one(f"select {_COLUMNS} from factotum.runs where id = %s", (run_id,))
        if row is None:
            raise _missing()
        if whole:
            exactly(_OPTIONS, row["options"])
        return _run(row)

    async def lock(self, run_id: str) -> Run:
        """Return one that will not change until the transaction ends. Raises NotFound, Forbidden."""
        row = await self._tx.one(
            f"select {_COLUMNS} from factotum.runs where id = %s for no key update", (run_id,)
        )
        if row is None:
            raise await self._tx.refusal("runs", run_id, _missing())
        return _run(row)

    async def take_turn(self, thread_id: str) -> None:
        """Lock the thread, so that ids made until the transaction ends stand in the order of the runs.

        A caller who may not change the thread locks nothing, and is refused when the run is created.
        """
        await self._tx.one("select 1 from factotum.threads where id = %s for no key update", (thread_id,))

    async def list(
        self, thread_id: str, *, status: RunStatus | None = None, after: str | None = None, limit: int = 50
    ) -> list_of[Run]:
        """Return a page of a thread's runs, newest first: those after the run with id `after`."""
        rows = await self._tx.all(
            f"""
select {_COLUMNS} from factotum.runs
where thread_id = %s and status = coalesce(%s, status)
    and id < coalesce(%s::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
order by id desc limit %s""",
            (thread_id, status, after, page(limit)),
        )
        return [_run(row) for row in rows]

    async def log_seq(self, run_id: str) -> int:
        """Return the last sequence of the run's log that Postgres knows of. Raises NotFound."""
        row = await self._tx.one("select log_seq from factotum.runs where id = %s", (run_id,))
        if row is None:
            raise _missing()
        return int(row["log_seq"])

    async def request_stop(self, run_id: str) -> Run:
        """Ask a run to stop: one that no worker carries is `stopped` at once, a running one is `stopping`.

        One that has ended is given back as it is. Raises NotFound, Forbidden.
        """
        row = await self._tx.one(
            f"""
update factotum.runs set stop_requested = true,
    status = case when status in ('queued', 'awaiting_input') then 'stopped' else 'stopping' end,
    ended_at = case when status in ('queued', 'awaiting_input') then clock_timestamp() end
where id = %s and status not in ('finished', 'failed', 'stopped')
returning {_COLUMNS}""",
            (run_id,),
        )
        if row is not None:
            return _run(row)
        return await self._ended_or_refused(run_id)

    async def put_answer(self, run_id: str, answer: JsonValue) -> Run:
        """Store a person's answer and queue the run again.

        Raises NotFound, Forbidden, Conflict (`run_not_waiting`) when the run asks nothing.
        """
        row = await self._tx.one(
            f"""
update factotum.runs set status = 'queued', answer = %s::jsonb, enqueued = false,
    queued_at = clock_timestamp()
where id = %s and status = 'awaiting_input' returning {_COLUMNS}""",
            (encode(_ANSWER, answer), run_id),
        )
        if row is not None:
            return _run(row)
        refusal = await self._tx.refusal("runs", run_id, _missing())
        current = await self._tx.one("select status from factotum.runs where id = %s", (run_id,))
        if current is not None and current["status"] != "awaiting_input":
            raise Conflict(
                f"The run is {current['status']} and waits for no answer.",
                hint="Send a message to the thread instead.",
                code="run_not_waiting",
            )
        raise refusal

    async def answer(self, run_id: str) -> Answer | None:
        """Return the answer that the run was resumed with and its question, or None.

        Raises NotFound, WrittenByNewer.
        """
        row = await self._tx.one("select question, answer from factotum.runs where id = %s", (run_id,))
        if row is None:
            raise _missing()
        if row["question"] is None or row["answer"] is None:
            return None
        return Answer(
            question=exactly(_QUESTION, row["question"]), value=_ANSWER.validate_json(row["answer"])
        )

    async def hold(self, run_id: str, attempt: int) -> bool:
        """Fence the transaction: until it ends no other attempt can begin. Raises StaleAttempt.

        Says whether the run has messages to read (store/steering.py).
        Call it first in each transaction of a step. A heartbeat is not kept waiting by it: KEY SHARE stands
        in the way of the claim's lock and of a deletion only.
        """
        row = await self._tx.one(
            """
select has_unread from factotum.runs
where id = %s and attempt = %s and status in ('running', 'stopping') for key share""",
            (run_id, attempt),
        )
        if row is None:
            raise stale()
        return bool(row["has_unread"])

    async def save_step(
        self, run_id: str, attempt: int, *, step: int, usage: Usage, log_seq: int, plan: Plan | None = None
    ) -> bool:
        """Store where the run stands, and say whether a stop was requested. No plan: it stays as it is.

        Raises StaleAttempt.
        """
        row = await self._tx.one(
            """
update factotum.runs set step = %s, crashes = 0, usage = %s::jsonb, plan = coalesce(%s::jsonb, plan),
    log_seq = greatest(log_seq, %s)
where id = %s and attempt = %s and status in ('running', 'stopping') returning stop_requested""",
            (step, encode(_USAGE, usage), _optional(_PLAN, plan), log_seq, run_id, attempt),
        )
        if row is None:
            raise stale()
        return bool(row["stop_requested"])

    async def save_plan(self, run_id: str, attempt: int, plan: Plan) -> None:
        """Replace the run's plan. Raises StaleAttempt."""
        await self._fenced(
            """
update factotum.runs set plan = %s::jsonb
where id = %s and attempt = %s and status in ('running', 'stopping')""",
            (encode(_PLAN, plan), run_id, attempt),
        )

    async def list_all(
        self, *, status: RunStatus | None = None, after: str | None = None, limit: int = 50
    ) -> list_of[Run]:
        """Return a page of all the caller's runs, newest first: those after the run with id `after`."""
        bounds = {"account": None, "status": status, "after": after, "limit": page(limit)}
        rows = await self._tx.all(_PAGE if status is None else _PAGE_IN_STATUS, bounds)
        return [_run(row) for row in rows]

    async def clear_answer(self, run_id: str, attempt: int) -> None:
        """Forget the question and its answer, once the answer stands in a message. Raises StaleAttempt."""
        await self._fenced(
            """
update factotum.runs set question = null, answer = null
where id = %s and attempt = %s and status in ('running', 'stopping')""",
            (run_id, attempt),
        )

    async def await_input(self, run_id: str, attempt: int, *, question: Question, log_seq: int) -> None:
        """Let the run wait for a person and free its worker.

        Raises StaleAttempt, and Conflict (`run_stopping`) when a stop was requested meanwhile.
        """
        row = await self._tx.one(
            """
update factotum.runs set status = 'awaiting_input', question = %s::jsonb, answer = null, owner = null,
    lease_until = null, waits_since = clock_timestamp(), log_seq = greatest(log_seq, %s)
where id = %s and attempt = %s and status = 'running' returning id""",
            (encode(_QUESTION, question), log_seq, run_id, attempt),
        )
        if row is None:
            await self.hold(run_id, attempt)
            raise Conflict("The run is being stopped and asks nothing more.", code="run_stopping")

    async def finish(
        self,
        run_id: str,
        attempt: int,
        *,
        status: RunStatus,
        usage: Usage,
        log_seq: int,
        finish_reason: FinishReason | None = None,
        error: ErrorInfo | None = None,
        deliverables: tuple[str, ...] = (),
    ) -> Run:
        """End the run for good, as `finished`, `failed` or `stopped`. Raises StaleAttempt."""
        if status not in ENDED:
            raise ValueError(f"{status} is not an end")
        row = await self._tx.one(
            f"""
update factotum.runs set status = %s, finish_reason = %s, error = %s::jsonb, deliverables = %s::jsonb,
    usage = %s::jsonb, log_seq = greatest(log_seq, %s), question = null, answer = null, owner = null,
    lease_until = null, ended_at = clock_timestamp()
where id = %s and attempt = %s and status in ('running', 'stopping') returning {_COLUMNS}""",
            (
                status,
                finish_reason,
                _optional(_ERROR, error),
                encode(_PATHS, deliverables),
                encode(_USAGE, usage),
                log_seq,
                run_id,
                attempt,
            ),
        )
        if row is None:
            raise stale()
        return _run(row)

    async def release(self, run_id: str, attempt: int) -> None:
        """Hand the run over, as a draining worker does: its lease ends now, and anybody may claim it.

        It waits since `queued_at` then. Raises StaleAttempt.
        """
        await self._fenced(
            """
update factotum.runs set lease_until = '-infinity', queued_at = clock_timestamp()
where id = %s and attempt = %s and status in ('running', 'stopping')""",
            (run_id, attempt),
        )

    async def _fenced(self, query: Any, params: tuple[object, ...]) -> None:
        if not await self._tx.run(query, params):
            raise stale()

    async def _known(self, thread_id: str, key: str | None) -> Run:
        """Return the run that holds `key`, found to be taken."""
        row = await self._tx.one(
            f"""
select {_COLUMNS} from factotum.runs
where idempotency_key = %s and account_id = (select account_id from factotum.threads where id = %s)""",
            (key, thread_id),
        )
        if row is None:
            raise thread_missing()
        if row["thread_id"] != thread_id.lower():
            raise Conflict(
                "This Idempotency-Key was used for a run of another thread.",
                hint="Use a new key for each request.",
                code="idempotency_key_reused",
            )
        return _run(row)

    async def _ended_or_refused(self, run_id: str) -> Run:
        run = await self.get(run_id)
        if run.status not in ENDED:
            raise await self._tx.refusal("runs", run_id, _missing())
        return run


def stale() -> StaleAttempt:
    """Return the error for a write of an attempt that no longer owns its run."""
    return StaleAttempt("A newer attempt owns this run, or it has ended.")


def _missing() -> NotFound:
    return NotFound("There is no such run.", code="run_not_found")


def _optional(adapter: TypeAdapter[Any], value: object) -> str | None:
    return None if value is None else encode(adapter, value)


def _run(row: dict[str, Any]) -> Run:
    """Read a row; what only a newer version can read of it is left out."""
    waits, reason = row["status"] == "awaiting_input", row["finish_reason"]
    return Run.model_validate(
        {
            **row,
            "options": known(_OPTIONS, row["options"], RunOptions()),
            "unread": known(_UNREAD, row["unread"], ()),
            "usage": known(_USAGE, row["usage"], Usage()),
            "budget": row["budget"] and _BUDGET.validate_json(row["budget"]),
            "plan": row["plan"] and known(_PLAN, row["plan"], None),
            "question": known(_QUESTION, row["question"], None) if waits else None,
            "finish_reason": reason if reason in _REASONS else None,
            "error": row["error"] and known(_ERROR, row["error"], None),
            "deliverables": _PATHS.validate_json(row["deliverables"]),
        }
    )
