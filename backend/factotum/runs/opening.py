"""Where in a thread's tree a run begins: at its end, beside a message of the user's, or from one again."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

from factotum.core.errors import Conflict, InvalidInput, NotFound
from factotum.core.ids import new_id
from factotum.protocol.messages import Message, TextPart
from factotum.protocol.runs import Run
from factotum.store.branches import Branches
from factotum.store.messages import Messages
from factotum.store.tx import Tx


class Place(Protocol):
    """How a run takes its place in a thread, which is locked. `ahead` is the run whose turn it is now.

    `stores`: a run whose turn it is gets a message of its own.
    """

    stores: ClassVar[bool]

    def message_id(self, ahead: Run | None) -> str | None:
        """Return the id of the message that the run will work on; None while it must wait for its turn."""
        ...

    async def open(self, tx: Tx, run: Run, text: str, ahead: Run | None) -> Message | None:
        """Let the thread go on with the run; store and return its message, if it gets one of its own now.

        Raises Conflict, NotFound, InvalidInput.
        """
        ...


class AtTheEnd:
    """After the thread's leaf; behind another run, what that will be is known when the turn comes."""

    stores: ClassVar[bool] = True

    def message_id(self, ahead: Run | None) -> str | None:
        """Return a new id when it is the run's turn."""
        return new_id() if ahead is None else None

    async def open(self, tx: Tx, run: Run, text: str, ahead: Run | None) -> Message | None:
        """Store the task when it is the run's turn. Raises Conflict (`run_awaiting_input`)."""
        if ahead is None:
            return await _append(tx, run, text)
        if ahead.status == "awaiting_input":
            asks = ahead.question.reason if ahead.question is not None else "question"
            where = "approvals" if asks == "approval" else "input"
            raise Conflict(
                "A run of this thread waits for an answer.",
                hint=f"Answer it with POST /v1/runs/{ahead.id}/{where}, or stop it.",
                code="run_awaiting_input",
            )
        return None


AT_THE_END = AtTheEnd()


@dataclass(frozen=True, slots=True)
class Beside:
    """In the place of a message of the user's, on a branch of its own."""

    message: str
    stores: ClassVar[bool] = True

    def message_id(self, ahead: Run | None) -> str | None:
        """Return a new id."""
        del ahead
        return new_id()

    async def open(self, tx: Tx, run: Run, text: str, ahead: Run | None) -> Message | None:
        """Store the new text after what the old message follows.

        Raises Conflict (`run_in_progress`), NotFound, InvalidInput (`message_not_editable`).
        """
        refuse_while_running(ahead)
        old = await message_of(tx, run.thread_id, self.message)
        if old.role != "user":
            raise InvalidInput(
                "Only what a user wrote can be edited.",
                hint=f"Have it written again: POST /v1/threads/{run.thread_id}/messages/{old.id}/retry.",
                code="message_not_editable",
            )
        await Branches(tx).move(run.thread_id, old.parent_id)
        return await _append(tx, run, text)


@dataclass(frozen=True, slots=True)
class From:
    """From a message of the user's on, which has been answered before."""

    message: str
    stores: ClassVar[bool] = False

    def message_id(self, ahead: Run | None) -> str | None:
        """Return that message's id."""
        del ahead
        return self.message

    async def open(self, tx: Tx, run: Run, text: str, ahead: Run | None) -> Message | None:
        """Let the thread go on after the message; nothing is stored.

        Raises Conflict (`run_in_progress`), NotFound.
        """
        del text
        refuse_while_running(ahead)
        await message_of(tx, run.thread_id, self.message)
        await Branches(tx).move(run.thread_id, self.message)
        return None


async def message_of(tx: Tx, thread_id: str, message_id: str) -> Message:
    """Return a message of a thread. Raises NotFound (`message_not_found`)."""
    message = await Messages(tx).get(message_id)
    if message.thread_id != thread_id:
        raise NotFound("There is no such message.", code="message_not_found")
    return message


def refuse_while_running(run: Run | None) -> None:
    """Raise Conflict (`run_in_progress`) when there is a run of the thread that has not ended."""
    if run is not None:
        raise Conflict(
            "A run of this thread has not ended.",
            hint=f"Wait for its end, or stop it: POST /v1/runs/{run.id}/stop.",
            code="run_in_progress",
        )


async def _append(tx: Tx, run: Run, text: str) -> Message:
    return await Messages(tx).append(
        run.thread_id, "user", [TextPart(text=text)], run_id=run.id, message_id=run.message_id
    )
