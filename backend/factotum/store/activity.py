"""What is going on in a thread or a project right now, and who is there to work on it."""

from factotum.store.tx import Tx

_UNENDED = "('queued', 'running', 'awaiting_input', 'stopping')"
_WORKER_SILENCE_SECONDS = 30


class Activity:
    """Queries about runs that have not ended, in a tenant's transaction, and about workers."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def unended_run_of_thread(self, thread_id: str) -> str | None:
        """Return the id of a run of the thread that has not ended, or None.

        The thread is locked: until the transaction ends nobody can submit another run to it.
        """
        await self._tx.all("select id from factotum.threads where id = %s for update", (thread_id,))
        row = await self._tx.one(
            f"select id from factotum.runs where thread_id = %s and status in {_UNENDED} limit 1",
            (thread_id,),
        )
        return None if row is None else str(row["id"])

    async def unended_run_of_project(self, project_id: str) -> str | None:
        """As `unended_run_of_thread`, for all threads of a project; no thread can be added meanwhile."""
        await self._tx.all("select id from factotum.projects where id = %s for update", (project_id,))
        await self._tx.all(
            "select id from factotum.threads where project_id = %s order by id for update", (project_id,)
        )
        row = await self._tx.one(
            f"""
select r.id from factotum.threads t join factotum.runs r on r.thread_id = t.id
where t.project_id = %s and r.status in {_UNENDED} limit 1""",
            (project_id,),
        )
        return None if row is None else str(row["id"])

    async def live_workers(self) -> int:
        """Return how many workers have been heard of lately."""
        async with self._tx.as_login() as connection:
            cursor = await connection.execute(
                "select count(*) as heard from queue.procrastinate_workers"
                " where last_heartbeat > now() - make_interval(secs => %s)",
                (_WORKER_SILENCE_SECONDS,),
            )
            row = await cursor.fetchone()
        return 0 if row is None else int(row["heard"])
