"""What people write to a run that has not ended: kept with the run until it reads it.

Law: what was accepted is read by the run, or stands in the thread when the run has ended.
"""

from collections.abc import Sequence

from pydantic import TypeAdapter

from factotum.core.errors import Conflict, NotFound
from factotum.protocol.messages import Message, TextPart
from factotum.protocol.runs import Run, UnreadMessage
from factotum.store.jsonb import clean_text, encode, exactly
from factotum.store.messages import Messages
from factotum.store.runs import Runs
from factotum.store.tx import Tx

_MOST_UNREAD = 50
_UNREAD: TypeAdapter[tuple[UnreadMessage, ...]] = TypeAdapter(tuple[UnreadMessage, ...])


class Steering:
    """Queries on what a run has not read yet, in a tenant's transaction."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def live_run(self, thread_id: str) -> Run | None:
        """Return the run of the thread whose turn it is; it does not end until the transaction does.

        None when all have ended, and for a caller who may not change the thread.
        """
        row = await self._tx.one(
            """
select id from factotum.runs where thread_id = %s and ended_at is null
order by id limit 1 for no key update""",
            (thread_id,),
        )
        return None if row is None else await Runs(self._tx).get(str(row["id"]))

    async def run_ahead(self, thread_id: str) -> Run | None:
        """As `live_run`, but nothing is locked, and a caller who may only read is told too."""
        row = await self._tx.one(
            "select id from factotum.runs where thread_id = %s and ended_at is null order by id limit 1",
            (thread_id,),
        )
        return None if row is None else await Runs(self._tx).get(str(row["id"]))

    async def send(self, run_id: str, message: UnreadMessage) -> None:
        """Leave a message with a run that `live_run` returned. The same id again changes nothing.

        Raises Conflict (`too_many_unread`).
        """
        found = await self._tx.one(
            """
select exists (select from factotum.messages where id = %(message)s)
    or unread @> jsonb_build_array(jsonb_build_object('id', %(message)s::text)) as known,
    jsonb_array_length(unread) as waiting
from factotum.runs where id = %(run)s""",
            {"run": run_id, "message": message.id},
        )
        if found is not None and found["known"]:
            return
        if found is not None and found["waiting"] >= _MOST_UNREAD:
            raise Conflict(
                f"{_MOST_UNREAD} messages wait for the run to read them.",
                hint="Wait until it has, or send it with delivery `queue`.",
                code="too_many_unread",
            )
        await self._tx.run(
            "update factotum.runs set unread = unread || %s::jsonb where id = %s",
            (encode(_UNREAD, (message,)), run_id),
        )

    async def unread(self, run_id: str) -> tuple[UnreadMessage, ...]:
        """Return what the run has not read, in the order it came; nothing for a run that is not there.

        Raises WrittenByNewer.
        """
        row = await self._tx.one("select unread from factotum.runs where id = %s", (run_id,))
        return () if row is None else exactly(_UNREAD, row["unread"])

    async def last_unread(self, run_id: str) -> tuple[UnreadMessage, ...]:
        """As `unread`; until the transaction ends nothing more can be sent. For the end of a run."""
        row = await self._tx.one(
            "select unread from factotum.runs where id = %s for no key update", (run_id,)
        )
        return () if row is None else exactly(_UNREAD, row["unread"])

    async def take(self, run_id: str, thread_id: str, messages: Sequence[UnreadMessage]) -> list[Message]:
        """Store messages at the thread's leaf, as the run's, each once, and return them as stored."""
        if not messages:
            return []
        log = Messages(self._tx)
        stored = [
            await log.append(thread_id, "user", [TextPart(text=each.text)], run_id=run_id, message_id=each.id)
            for each in messages
        ]
        await self._tx.run(
            """
update factotum.runs set unread = coalesce((
    select jsonb_agg(one order by place) from jsonb_array_elements(unread) with ordinality as u (one, place)
    where one ->> 'id' <> all(%s)), '[]')
where id = %s""",
            ([each.id for each in messages], run_id),
        )
        return stored

    async def change_input(self, run_id: str, text: str) -> Run:
        """Replace the task of a run that waits for its turn.

        Raises NotFound, Forbidden, Conflict (`run_not_waiting_its_turn`) once the task is a message.
        """
        touched = await self._tx.run(
            "update factotum.runs set input = %s where id = %s and status = 'queued' and input is not null",
            (clean_text(text), run_id),
        )
        if touched:
            return await Runs(self._tx).get(run_id)
        run = await Runs(self._tx).get(run_id)
        if run.status == "queued" and run.input is not None:
            raise await self._tx.refusal("runs", run_id, NotFound("There is no such run."))
        raise Conflict(
            "The task of this run is a message of the thread already.",
            hint=f"Edit it: POST /v1/threads/{run.thread_id}/messages/{run.message_id}/edit.",
            code="run_not_waiting_its_turn",
        )

    async def begin(self, run_id: str, message_id: str) -> None:
        """Note that the run's turn has come and that its task stands in the thread as `message_id`."""
        await self._tx.run(
            "update factotum.runs set input = null, message_id = %s where id = %s", (message_id, run_id)
        )
