"""A thread as a tree: reading one path of it, with the ways beside it, and choosing which one goes on."""

from factotum.core.errors import Conflict
from factotum.core.frozen import Frozen
from factotum.features.ids import named, position
from factotum.features.pages import Page, PageRequest, next_after
from factotum.store.branches import Branches
from factotum.store.database import Database
from factotum.store.records import Caller, PlacedMessage, Thread
from factotum.store.runs import Runs
from factotum.store.steering import Steering
from factotum.store.threads import Threads

END = "end"
"""The cursor `before` that begins with the newest messages."""


class MessagePage(Page[PlacedMessage]):
    """A page of a path, oldest first. Its cursors are positions; `previous` is for `?before=`."""

    previous: str | None = None


class BranchChoice(Frozen):
    """Which path a thread shall go on with: the newest one through this message."""

    message_id: str


class BranchService:
    """The paths of the caller's threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def messages(
        self,
        caller: Caller,
        thread_id: str,
        page: PageRequest,
        *,
        leaf: str | None = None,
        before: str | None = None,
    ) -> MessagePage:
        """Return a page of the thread's own path, or of the newest one through the message `leaf`.

        `before`, a position or `end`, reads backwards. Raises NotFound, InvalidInput (`invalid_cursor`).
        """
        async with self._database.tenant(caller) as tx:
            await Threads(tx).get(thread_id)
            branches = Branches(tx)
            if leaf is not None:
                leaf = await branches.newest_below(thread_id, named("message", leaf))
            if before is not None:
                bound = None if before == END else position(before)
                found = await branches.last_placed(thread_id, leaf=leaf, before=bound, limit=page.limit)
            else:
                after = position(page.after)
                found = await branches.placed(thread_id, leaf=leaf, after=after, limit=page.limit)
        last = str(found[-1].position) if found else ""
        older = str(found[0].position) if found and found[0].parent_id is not None else None
        following = next_after(found, page.limit, last) if before is None else None
        return MessagePage(items=tuple(found), next=following, previous=older)

    async def choose(self, caller: Caller, thread_id: str, choice: BranchChoice) -> Thread:
        """Let the thread go on with the newest path through a message.

        Raises NotFound, Forbidden, Conflict (`run_in_progress`) while a run of the thread has not ended.
        """
        message_id = named("message", choice.message_id)
        async with self._database.tenant(caller) as tx:
            await Runs(tx).take_turn(thread_id)
            await Threads(tx).get(thread_id)
            running = await Steering(tx).run_ahead(thread_id)
            if running is not None:
                raise Conflict(
                    "A run of this thread has not ended.",
                    hint=f"Wait for its end, or stop it: POST /v1/runs/{running.id}/stop. "
                    "To look at another path meanwhile, read the messages with ?leaf=.",
                    code="run_in_progress",
                )
            await Branches(tx).move(thread_id, await Branches(tx).newest_below(thread_id, message_id))
            return await Threads(tx).get(thread_id)
