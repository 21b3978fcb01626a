"""One response of a model may be stored in pieces, when its calls run while it is still being written.

A piece ends with the call that was to run, so that what ran and the words before it are never lost. The id of
each further piece follows from the id of the one before: no piece needs a mark, and any reader can tell.
"""

from collections.abc import Iterable, Sequence

from factotum.core.ids import derived_id
from factotum.protocol.messages import Message


def rest_id(message_id: str) -> str:
    """Return the id of the message that holds what follows in the same response."""
    return derived_id(message_id, "rest")


class Joined:
    """Messages with the pieces of each response put together, in the place of the first."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.messages: list[Message] = []
        self._rest: str | None = None
        self._place = 0

    def extend(self, messages: Iterable[Message]) -> None:
        """Take in more of the log, in its order."""
        for message in messages:
            if message.id == self._rest:
                first = self.messages[self._place]
                joined = first.model_copy(update={"parts": (*first.parts, *message.parts)})
                self.messages[self._place] = joined
                self._rest = rest_id(message.id)
                continue
            if message.role == "assistant":
                self._place, self._rest = len(self.messages), rest_id(message.id)
            self.messages.append(message)


def last_response(messages: Sequence[Message]) -> int | None:
    """Return the place of the first piece of the last response, or None when the model has not spoken."""
    found: int | None = None
    for place in range(len(messages) - 1, -1, -1):
        if messages[place].role != "assistant":
            continue
        if found is not None and rest_id(messages[place].id) != messages[found].id:
            break
        found = place
    return found
