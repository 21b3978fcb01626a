"""Messages that are serialised once, however many calls they go into.

A run sends its whole history at every turn. What is new in it is one message; only that should cost anything.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence

import orjson
from pydantic import JsonValue

Shape = str
"""How a message is made: its role, whether it has text, and its other fields."""

_SAID = frozenset({"role", "content"})
_USUAL = _SAID | {"tool_calls", "tool_call_id"}

Serialised = tuple[bytes, Shape | None]
"""A message's JSON, and its shape; None for one whose shape providers differ in."""


class ReadyMessage(dict[str, JsonValue]):
    """A message that keeps its JSON, and what it becomes for a provider. Nobody may change it any more."""

    __slots__ = ("_serialised", "_variants")

    def serialised(self) -> Serialised:
        """Return its JSON and its shape, worked out once. Raises TypeError for what is no JSON."""
        try:
            return self._serialised
        except AttributeError:
            self._serialised: Serialised = _serialised(self)
            return self._serialised

    def variants(self) -> "dict[Hashable, Sequence[ReadyMessage]]":
        """Return what the message became for somebody, by whom."""
        try:
            return self._variants
        except AttributeError:
            self._variants: dict[Hashable, Sequence[ReadyMessage]] = {}
            return self._variants


def all_serialised(messages: Iterable[Mapping[str, JsonValue]]) -> list[Serialised]:
    """Return each message's JSON and shape. Raises TypeError for what is no JSON, lone surrogates for one."""
    return [
        message.serialised() if isinstance(message, ReadyMessage) else _serialised(message)
        for message in messages
    ]


def without_nulls(message: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the message as LiteLLM sends it to OpenAI: what is null is left out."""
    return {name: value for name, value in message.items() if value is not None}


def _serialised(message: Mapping[str, JsonValue]) -> Serialised:
    return orjson.dumps(without_nulls(message)), _shape(message)


def _shape(message: Mapping[str, JsonValue]) -> Shape | None:
    """Return the shape; None for one with blocks of content or unusual fields."""
    content = message.get("content")
    if not _USUAL.issuperset(message) or not (content is None or isinstance(content, str)):
        return None
    return " ".join((str(message.get("role")), str(content is None), *sorted(message.keys() - _SAID)))
