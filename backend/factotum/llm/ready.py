"""Messages that are serialised once, however many calls they go into.

A run sends its whole history at every turn. What is new in it is one message; only that should cost anything.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

import orjson
from pydantic import JsonValue

Shape = tuple[str, ...]
"""How a message is made: its role, whether it has text, and its other fields."""

_USUAL = frozenset({"role", "content", "tool_calls", "tool_call_id"})


class ReadyMessage(dict[str, JsonValue]):
    """A message that keeps its JSON. Nobody may change it any more."""

    __slots__ = ("_known", "_variants")

    def known(self) -> tuple[bytes, Shape | None]:
        """Return its JSON and its shape, worked out once."""
        try:
            return self._known
        except AttributeError:
            self._known: tuple[bytes, Shape | None] = orjson.dumps(without_nulls(self)), _shape(self)
            return self._known

    def variant(
        self, key: Hashable, make: Callable[[], Iterable[Mapping[str, JsonValue]]]
    ) -> "Sequence[ReadyMessage]":
        """Return what the message becomes for somebody, made once. `key` names whom."""
        try:
            variants = self._variants
        except AttributeError:
            self._variants: dict[Hashable, Sequence[ReadyMessage]] = {}
            variants = self._variants
        found = variants.get(key)
        if found is None:
            found = variants[key] = [ReadyMessage(message) for message in make()]
        return found


def serialised(message: Mapping[str, JsonValue]) -> tuple[bytes, Shape | None]:
    """Return a message's JSON and shape. Raises TypeError for what is no JSON, lone surrogates for one."""
    if isinstance(message, ReadyMessage):
        return message.known()
    return orjson.dumps(without_nulls(message)), _shape(message)


def without_nulls(message: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the message as LiteLLM sends it to OpenAI: what is null is left out."""
    return {name: value for name, value in message.items() if value is not None}


def _shape(message: Mapping[str, JsonValue]) -> Shape | None:
    """Return the shape; None for one with blocks of content or unusual fields, which providers differ in."""
    content = message.get("content")
    if not _USUAL.issuperset(message) or not (content is None or isinstance(content, str)):
        return None
    return str(message.get("role")), str(content is None), *sorted(message.keys() - {"role", "content"})
