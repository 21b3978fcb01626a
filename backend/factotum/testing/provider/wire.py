"""What the player needs of a vendor's wire format."""

from collections.abc import Iterator
from typing import ClassVar, Literal, Protocol

from pydantic import JsonValue

from factotum.testing.provider.pieces import Reply, Request, Spoken
from factotum.testing.provider.refusal import Refusal
from factotum.testing.provider.script import Finish


class Encoder(Protocol):
    """Writes one streamed answer, as the bytes of server-sent events."""

    def open(self) -> Iterator[bytes]:
        """Yield what goes before the first piece."""
        ...

    def piece(self, piece: Spoken) -> Iterator[bytes]:
        """Yield what one piece is."""
        ...

    def close(self, finish: Finish, stop: str | None) -> Iterator[bytes]:
        """Yield the end of the message. `stop`: the stop sequence that ended it."""
        ...


class Wire(Protocol):
    """One vendor's format. Pure: no time, no connections."""

    name: ClassVar[Literal["openai", "anthropic"]]
    """The vendor."""

    def read(self, body: JsonValue) -> Request:
        """Read a request. Raises Refusal for what the vendor refuses."""
        ...

    def error(self, refusal: Refusal, *, request_id: str) -> tuple[int, dict[str, JsonValue]]:
        """Return the status and body of an error answer."""
        ...

    def error_frame(self, refusal: Refusal, *, request_id: str) -> bytes:
        """Return how a failure in mid-stream is said."""
        ...

    def models(self, names: tuple[str, ...]) -> dict[str, JsonValue]:
        """Return the list of models."""
        ...

    def ping(self) -> bytes:
        """Return a sign of life."""
        ...

    def encoder(self, reply: Reply) -> Encoder:
        """Return the writer of one streamed answer."""
        ...

    def whole(self, reply: Reply, pieces: list[Spoken], stop: str | None) -> dict[str, JsonValue]:
        """Return the answer to a request that does not stream. `stop`: the stop sequence that ended it."""
        ...
