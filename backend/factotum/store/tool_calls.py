"""The ledger of tool calls. Law: only the newest attempt writes, and what is finished stays."""

from typing import Any

from pydantic import JsonValue, TypeAdapter

from factotum.core.errors import Conflict
from factotum.protocol.messages import Outcome
from factotum.store.jsonb import clean_text, encode
from factotum.store.records import CallEffect, ToolCall
from factotum.store.runs import stale
from factotum.store.tx import Tx

_COLUMNS = (
    "run_id, call_id, message_id, name, arguments, effect, attempt, state, outcome, output,"
    " started_at, finished_at"
)
_ARGUMENTS: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])

# The fence, in the statement itself: nothing is written unless the attempt still owns the run.
_HELD = """
with held as materialized (
    select id, account_id from factotum.runs
    where id = %(run)s and attempt = %(attempt)s and status in ('running', 'stopping') for key share
)"""


class ToolCalls:
    """Queries on the ledger, in a tenant's transaction. All writes raise StaleAttempt."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def open(
        self,
        run_id: str,
        attempt: int,
        *,
        call_id: str,
        message_id: str,
        name: str,
        arguments: dict[str, JsonValue],
        effect: CallEffect,
    ) -> ToolCall:
        """Enter a call as pending, and return its row; one entered already is given back as it stands."""
        row = await self._tx.one(
            f"""{_HELD}
insert into factotum.tool_calls (run_id, call_id, account_id, message_id, name, arguments, effect, attempt)
select id, %(call)s, account_id, %(message)s::uuid, %(name)s, %(arguments)s::jsonb, %(effect)s, %(attempt)s
from held on conflict (run_id, call_id) do nothing returning {_COLUMNS}""",
            {
                "run": run_id,
                "attempt": attempt,
                "call": call_id,
                "message": message_id,
                "name": name,
                "arguments": encode(_ARGUMENTS, arguments),
                "effect": effect,
            },
        )
        if row is None:
            return await self._standing(run_id, attempt, call_id)
        return _call(row)

    async def start(self, run_id: str, attempt: int, call_id: str) -> ToolCall:
        """Say that the call begins to execute under this attempt. Raises Conflict (`call_finished`)."""
        row = await self._tx.one(
            f"""{_HELD}
update factotum.tool_calls set state = 'started', attempt = %(attempt)s, started_at = clock_timestamp()
from held where run_id = held.id and call_id = %(call)s and state <> 'finished' returning {_COLUMNS}""",
            {"run": run_id, "attempt": attempt, "call": call_id},
        )
        if row is None:
            return await self._refuse(run_id, attempt, call_id)
        return _call(row)

    async def output_in(self, thread_id: str, call_id: str) -> str | None:
        """Return the output of a finished call of any run of a thread, None if there is none."""
        row = await self._tx.one(
            """
select output from factotum.runs join factotum.tool_calls on run_id = runs.id
where thread_id = %s and call_id = %s and state = 'finished' order by run_id desc limit 1""",
            (thread_id, clean_text(call_id)),
        )
        return None if row is None else str(row["output"])

    async def finish(
        self, run_id: str, attempt: int, call_id: str, *, outcome: Outcome, output: str
    ) -> ToolCall:
        """Store how the call ended, once. Raises Conflict (`call_finished`) for a second end."""
        row = await self._tx.one(
            f"""{_HELD}
update factotum.tool_calls set state = 'finished', attempt = %(attempt)s, outcome = %(outcome)s,
    output = %(output)s, finished_at = clock_timestamp()
from held where run_id = held.id and call_id = %(call)s and state <> 'finished' returning {_COLUMNS}""",
            {
                "run": run_id,
                "attempt": attempt,
                "call": call_id,
                "outcome": outcome,
                "output": clean_text(output),
            },
        )
        if row is None:
            return await self._refuse(run_id, attempt, call_id)
        return _call(row)

    async def for_run(self, run_id: str) -> list[ToolCall]:
        """Return all calls of a run, in the order they were entered."""
        rows = await self._tx.all(
            f"select {_COLUMNS} from factotum.tool_calls where run_id = %s order by created_at, call_id",
            (run_id,),
        )
        return [_call(row) for row in rows]

    async def untouched(self, run_id: str) -> list[ToolCall]:
        """Return the calls of a run that never began, in the order they were entered."""
        rows = await self._tx.all(
            f"""
select {_COLUMNS} from factotum.tool_calls
where run_id = %s and state = 'pending' order by created_at, call_id""",
            (run_id,),
        )
        return [_call(row) for row in rows]

    async def _standing(self, run_id: str, attempt: int, call_id: str) -> ToolCall:
        """Return the call as it stands, if the attempt still owns the run and the call was entered."""
        row = await self._tx.one(
            f"""{_HELD}
select {_COLUMNS} from factotum.tool_calls join held on run_id = held.id where call_id = %(call)s""",
            {"run": run_id, "attempt": attempt, "call": call_id},
        )
        if row is None:
            raise stale()
        return _call(row)

    async def _refuse(self, run_id: str, attempt: int, call_id: str) -> ToolCall:
        call = await self._standing(run_id, attempt, call_id)
        raise Conflict(f"The call has ended already: {call.outcome}.", code="call_finished")


def _call(row: dict[str, Any]) -> ToolCall:
    return ToolCall.model_validate({**row, "arguments": _ARGUMENTS.validate_json(row["arguments"])})
