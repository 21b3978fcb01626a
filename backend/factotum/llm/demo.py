"""The demo model: a script behind the gateway port that really drives the tools, and says so.

Like a model it keeps nothing: what it does next follows from the messages alone.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

from pydantic import JsonValue

from factotum.llm.demo_tasks import DEMO_TASKS, NOTICE, Done, Move, find_task, next_move
from factotum.llm.port import ModelChunk, ModelRequest, StopChunk, TextChunk, ToolCallChunk, UsageChunk
from factotum.protocol.runs import Usage

DEMO_MODEL: Final = "demo"

_TEXT_PIECE: Final = 12
_ARGUMENTS_PIECE: Final = 48
_CHARACTERS_A_TOKEN: Final = 4

_Message = Mapping[str, JsonValue]


class DemoGateway:
    """Plays the demo. `delay` is the pause between chunks, in seconds, so that people see it write."""

    def __init__(self, *, delay: float = 0.02) -> None:
        self._delay = delay

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelChunk, None]:
        """Yield the next move as a model would: text, then one native call. Never raises a fault."""
        start = _last_wish(request.messages)
        move = _move(request.messages[start:])
        text = move.text if _answered(request.messages[start:]) else NOTICE + move.text
        arguments = json.dumps(move.arguments, ensure_ascii=False)
        for chunk in _chunks(text, _call_id(request.messages), move.name, arguments):
            yield chunk
            await asyncio.sleep(self._delay)
        written = len(text) + len(arguments)
        yield UsageChunk(
            Usage(
                input_tokens=sum(len(str(message)) for message in request.messages) // _CHARACTERS_A_TOKEN,
                output_tokens=written // _CHARACTERS_A_TOKEN + 1,
                cost_usd=0.0,
            )
        )
        yield StopChunk("tool_calls")


def _move(messages: Sequence[_Message]) -> Move:
    """Decide from the messages since the person's last wish."""
    wish = _text(messages[0]) if messages else ""
    task = find_task(wish)
    if task is None:
        offers = "\n".join(f"- {offer.prompt}" for offer in DEMO_TASKS)
        return Move(
            f"I cannot do that. What I can do is:\n{offers}\n",
            "complete",
            {"summary": f"The demo cannot do this task. It can do these:\n{offers}"},
        )
    return next_move(task, tuple(_calls(messages)))


def _last_wish(messages: Sequence[_Message]) -> int:
    """Return where the person's last wish stands; what programs write in their place starts with `<`."""
    places = [
        place
        for place, message in enumerate(messages)
        if message.get("role") == "user" and not _text(message).lstrip().startswith("<")
    ]
    return places[-1] if places else len(messages)


def _calls(messages: Iterable[_Message]) -> Iterator[Done]:
    """Yield the calls that have a result, in order."""
    messages = list(messages)
    results = {m.get("tool_call_id"): _text(m) for m in messages if m.get("role") == "tool"}
    for message in messages:
        for call in cast("list[dict[str, Any]]", message.get("tool_calls") or []):
            if call["id"] in results:
                function = call["function"]
                arguments = json.loads(function["arguments"] or "{}")
                yield Done(function["name"], arguments, results[call["id"]])


def _answered(messages: Iterable[_Message]) -> bool:
    return any(message.get("role") == "assistant" for message in messages)


def _text(message: _Message) -> str:
    """Return a message's text, whether it is one text or a list of parts."""
    content = message.get("content")
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return "\n".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def _call_id(messages: Sequence[_Message]) -> str:
    """Return an id that no other call of the thread has, and that is the same when the step is done again."""
    return f"call_demo_{len(messages)}"


def _chunks(text: str, call_id: str, name: str, arguments: str) -> Iterator[ModelChunk]:
    for start in range(0, len(text), _TEXT_PIECE):
        yield TextChunk(text[start : start + _TEXT_PIECE])
    yield ToolCallChunk(0, call_id, name, "")
    for start in range(0, len(arguments), _ARGUMENTS_PIECE):
        yield ToolCallChunk(0, None, None, arguments[start : start + _ARGUMENTS_PIECE])
