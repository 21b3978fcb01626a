"""A model in process that plays a list of replies, for tests of whatever stands on the gateway port.

It records the requests it got and fails clearly, with ScriptIsDry, when it is asked for more than it has.
"""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from pydantic import JsonValue

from factotum.llm.faults import ModelFault
from factotum.llm.port import (
    ModelChunk,
    ModelRequest,
    ReasoningChunk,
    StopChunk,
    StopReason,
    TextChunk,
    ToolCallChunk,
    UsageChunk,
)
from factotum.protocol.dialect import Dialect
from factotum.protocol.runs import Usage
from factotum.tools.rendering import render_call
from factotum.tools.tool import Tool


class ScriptIsDry(Exception):
    """The gateway was asked for a reply that its script does not have."""


@dataclass(slots=True)
class Pause:
    """The stream holds here: sets `reached`, and goes on when `go_on` is set."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)


Piece: TypeAlias = ModelChunk | ModelFault | Pause


@dataclass(frozen=True, slots=True)
class Reply:
    """One streamed reply, piece by piece. A fault among the pieces is raised there and ends it."""

    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class NativeCall:
    """A call in the provider's own form, in two fragments. `arguments` may be JSON text, also broken."""

    name: str
    arguments: Mapping[str, JsonValue] | str

    def chunks(self, index: int) -> list[ModelChunk]:
        """Return its deltas: the id and the name come first and only once."""
        text = self.arguments if isinstance(self.arguments, str) else json.dumps(dict(self.arguments))
        half = len(text) // 2
        return [
            ToolCallChunk(index, f"provider-{index}", self.name, text[:half]),
            ToolCallChunk(index, None, None, text[half:]),
        ]


Item: TypeAlias = str | NativeCall | Piece

_SUMMARISED = re.compile(r"<context>\nThe earlier part of .*?, (\d+) of them yours\.", re.DOTALL)

STEP_USAGE = Usage(input_tokens=10, cached_tokens=4, output_tokens=2, cost_usd=0.25)
"""What every reply uses that comes to its end, unless it says otherwise."""


def reply(*items: Item, stop: StopReason | None = None, usage: Usage = STEP_USAGE) -> Reply:
    """Make a reply of prose (text), native calls, chunks, faults and pauses, in order.

    It ends with its usage and a stop, whose reason follows from the items if none is given; a reply that
    holds a fault ends there.
    """
    pieces: list[Piece] = []
    native = 0
    for item in items:
        if isinstance(item, str):
            pieces.append(TextChunk(item))
        elif isinstance(item, NativeCall):
            pieces.extend(item.chunks(native))
            native += 1
        else:
            pieces.append(item)
    pieces += [UsageChunk(usage), StopChunk(stop or ("tool_calls" if native else "stop"))]
    return Reply(tuple(pieces))


def reasoning(text: str, signed: dict[str, JsonValue] | None = None) -> ReasoningChunk:
    """Make a piece of reasoning."""
    return ReasoningChunk(text, signed)


def call(tool: Tool, arguments: Mapping[str, JsonValue], dialect: Dialect = "native") -> str | NativeCall:
    """Write a call of a tool as a model does in `dialect`."""
    if dialect == "native":
        return NativeCall(tool.name, arguments)
    return f"\n{render_call(tool, arguments, dialect)}\n"


class ScriptedGateway:
    """Plays replies in order, one a request; `requests` and `open_streams` are there to be looked at."""

    def __init__(self, replies: Iterable[Reply]) -> None:
        self._replies = list(replies)
        self.requests: list[ModelRequest] = []
        self.open_streams = 0

    @property
    def left(self) -> int:
        """How many replies nobody has asked for."""
        return len(self._replies)

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelChunk]:
        """Play the next reply. Raises its fault, and ScriptIsDry when there is none."""
        self.requests.append(request)
        chosen = self._next(request)
        self.open_streams += 1
        try:
            for piece in chosen.pieces:
                await asyncio.sleep(0)
                if isinstance(piece, ModelFault):
                    raise piece
                if isinstance(piece, Pause):
                    piece.reached.set()
                    await piece.go_on.wait()
                else:
                    yield piece
        finally:
            self.open_streams -= 1

    def _next(self, request: ModelRequest) -> Reply:
        if not self._replies:
            raise _dry(request, f"all of its replies are played, in {len(self.requests) - 1} requests")
        return self._replies.pop(0)


class TurnGateway(ScriptedGateway):
    """Plays the n-th turn to a request in which the model has spoken n times, however often it is asked.

    That is what a model does that is asked again after a crash. A turn may be several tries: each request of
    it takes the next, and the last one stays. Asked for the summary of a record, it plays `summary`.
    """

    def __init__(self, turns: Sequence[Reply | Sequence[Reply]], summary: Reply | None = None) -> None:
        super().__init__(())
        self._turns = [[turn] if isinstance(turn, Reply) else list(turn) for turn in turns]
        self._summary = summary or reply("Task: as said. Open points: all of it.")

    def _next(self, request: ModelRequest) -> Reply:
        if asks_for_summary(request):
            return self._summary
        spoken = turns_in(request.messages)
        if spoken >= len(self._turns):
            raise _dry(request, f"it has {len(self._turns)} turns, and this is turn {spoken + 1}")
        tries = self._turns[spoken]
        return tries.pop(0) if len(tries) > 1 else tries[0]


def asks_for_summary(request: ModelRequest) -> bool:
    """Whether the request is for the summary of a run's oldest turns, and not for its next step."""
    return str(request.messages[-1]["content"]).startswith("Summarise this record.")


def turns_in(messages: Iterable[Mapping[str, JsonValue]]) -> int:
    """Count the model's messages, also those that a summary stands for."""
    count = 0
    for message in messages:
        summarised = _SUMMARISED.match(str(message["content"])) if message["role"] == "user" else None
        count += int(summarised[1]) if summarised else message["role"] == "assistant"
    return count


def _dry(request: ModelRequest, why: str) -> ScriptIsDry:
    last = json.dumps(request.messages[-1], ensure_ascii=False)[:500]
    return ScriptIsDry(f"The script has no reply: {why}. The request ends with {last}")
