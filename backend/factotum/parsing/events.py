"""What the machines say: prose, reasoning, and the life of each call.

A call is named by `call`, its number in the message from 0, whatever its dialect.
"""

from dataclasses import dataclass
from typing import Literal

from factotum.protocol.dialect import Dialect


@dataclass(frozen=True, slots=True)
class Text:
    """Prose, never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Reasoning:
    """Reasoning, never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class CallStarted:
    """A call opened and its name is known. `call_id` is the provider's id, or None for the XML dialects."""

    call: int
    name: str
    dialect: Dialect
    call_id: str | None = None


@dataclass(frozen=True, slots=True)
class CallDelta:
    """More of a call.

    `parameter` names an XML parameter (decoded text); None: a raw fragment of native JSON.
    """

    call: int
    parameter: str | None
    text: str


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The call is whole. Native arguments are decoded JSON; XML ones are text, typed later by the schema.

    `raw` is the exact source text for the XML dialects and empty for native calls. `call_id` is the
    provider's id, which may have come later than the start. A call has exactly one end: this, or
    `CallBroken`.
    """

    call: int
    name: str
    dialect: Dialect
    arguments: dict[str, object]
    raw: str = ""
    call_id: str | None = None


@dataclass(frozen=True, slots=True)
class CallBroken:
    """The call can never run: cut off before its end (`incomplete`) or unreadable (`malformed`).

    `reason` is for the model. A call whose name never came has no `CallStarted`, and `name` is empty.
    """

    call: int
    name: str
    dialect: Dialect
    kind: Literal["incomplete", "malformed"]
    reason: str
    raw: str = ""
    call_id: str | None = None


ParseEvent = Text | Reasoning | CallStarted | CallDelta | CallEnded | CallBroken
