"""ResponseProcessor: one model response, from the gateway's chunks to shown events and stored parts.

The parser (parsing/) decides what is prose and what is a call; the draft gives calls their ids and types
their arguments; this shows all of it as it arrives.
"""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextlib import aclosing
from typing import assert_never

from factotum.agent.config import ProcessorConfig
from factotum.agent.draft import Draft, Response, readable
from factotum.agent.ports import EventSink, PlannedCall
from factotum.llm.faults import ModelFault
from factotum.llm.port import (
    FallbackChunk,
    ModelGateway,
    ModelRequest,
    ReasoningChunk,
    StopChunk,
    TextChunk,
    ToolCallChunk,
    UsageChunk,
)
from factotum.parsing.events import CallBroken, CallDelta, CallEnded, CallStarted, ParseEvent, Reasoning, Text
from factotum.protocol.events import Delta, ModelChanged, ReasoningDelta, TextDelta, ToolArgumentsDelta
from factotum.protocol.messages import ToolCallPart
from factotum.tools.registry import Registry
from factotum.tools.tool import Effect

OnCall = Callable[[Draft, int], Awaitable[None]]
"""Told of a call, by its number, as soon as it has ended; the stream waits for it."""


class ResponseProcessor:
    """Streams responses into drafts. One processor serves all the steps of a run.

    It keeps in mind which model the last answer came from, to tell when another one takes over.
    """

    def __init__(
        self, gateway: ModelGateway, registry: Registry, events: EventSink, config: ProcessorConfig
    ) -> None:
        self._gateway = gateway
        self._registry = registry
        self._events = events
        self._config = config
        self._model: str | None = None

    def draft(self, message_id: str, model: str) -> Draft:
        """Begin a message, which `model` is asked for."""
        return Draft(message_id, model, self._registry, self._config)

    def again(self, draft: Draft, model: str) -> tuple[Draft, Sequence[ParseEvent]]:
        """Begin the message of a withdrawn draft anew, with what the limit of length had left of it.

        `model` is asked. Returns it with what is to be shown.
        """
        fresh = self.draft(draft.message_id, model)
        return fresh, fresh.again(draft)

    async def process(self, request: ModelRequest, draft: Draft, on_call: OnCall | None = None) -> Response:
        """Stream one response into `draft`, which keeps what came so far whatever happens.

        Returns what of it is not stored yet. Raises ModelFault, also for a response that holds neither text
        nor a call.
        """
        self._model = self._model or request.model
        async with aclosing(self._gateway.stream(request)) as chunks:
            async for chunk in chunks:
                if isinstance(chunk, FallbackChunk):
                    draft.model = chunk.model
                    await self._note_model(draft, chunk.reason)
                    continue
                if draft.model != self._model:
                    await self._note_model(draft, f"{draft.model} answers again.")
                if parsed := _parsed(chunk, draft):
                    await self.show(draft, parsed, on_call)
                    if draft.is_full:
                        break
        await self.show(draft, draft.end(), on_call)
        response = draft.response()
        if response.is_empty and not (draft.in_pieces or draft.is_half):
            raise ModelFault(
                "empty_response",
                "The model returned neither text nor a call.",
                hint="Try again, or choose another model.",
                partial=True,
            )
        return response

    def planned(self, calls: Sequence[ToolCallPart]) -> list[PlannedCall]:
        """Return the calls with their effects, for the ledger. One that cannot run has none."""
        return [PlannedCall(call, self._effect(call)) for call in calls]

    def _effect(self, call: ToolCallPart) -> Effect:
        return "pure" if call.fault is not None else self._registry.get(call.name).effect

    async def _note_model(self, draft: Draft, reason: str) -> None:
        if draft.model != self._model:
            before, self._model = self._model or draft.model, draft.model
            await self._events.emit(ModelChanged(from_model=before, to_model=draft.model, reason=reason))

    async def show(self, draft: Draft, parsed: Sequence[ParseEvent], on_call: OnCall | None = None) -> None:
        """Show what was read of a response."""
        for event in parsed:
            if not isinstance(event, _ENDS):
                text, kind = _piece(draft, event)
                delta = draft.deltas.get(kind)
                if delta is None:
                    delta = draft.deltas[kind] = _delta(draft, event)
                self._events.more(delta, text)
            elif on_call is not None:
                await on_call(draft, event.call)


_ENDS = (CallEnded, CallBroken)
_Said = TextChunk | ReasoningChunk | ToolCallChunk | UsageChunk | StopChunk


def _parsed(chunk: _Said, draft: Draft) -> Sequence[ParseEvent]:
    """Read one chunk into the draft; return what of it is certain now."""
    match chunk:
        case TextChunk(text=text):
            draft.heard.append(chunk)
            return draft.assembler.text(readable(text))
        case ReasoningChunk(text=text, signed=signed):
            draft.heard.append(chunk)
            return draft.assembler.reasoning(readable(text), signed)
        case ToolCallChunk(index=index, call_id=call_id, name=name, arguments=arguments):
            name = None if name is None else readable(name)
            return draft.assembler.native(index, call_id, name, readable(arguments))
        case UsageChunk(usage=usage):
            draft.usage, draft.newest_usage = draft.usage.plus(usage), usage
        case StopChunk(reason=reason):
            draft.stop = reason
        case _:
            assert_never(chunk)
    return ()


def _piece(draft: Draft, event: Text | Reasoning | CallStarted | CallDelta) -> tuple[str, Hashable]:
    """Return what is shown of an event, and its kind: pieces of one kind differ in nothing but this text."""
    match event:
        case Text(text=text) | Reasoning(text=text):
            return text, type(event)
        case CallStarted(call=call, name=name):
            draft.names[call] = name
            return "", (call, None)
        case CallDelta(call=call, parameter=parameter, text=text):
            return text, (call, parameter)
        case _:
            assert_never(event)


def _delta(draft: Draft, event: Text | Reasoning | CallStarted | CallDelta) -> Delta:
    match event:
        case Text():
            return TextDelta(message_id=draft.message_id, text="")
        case Reasoning():
            return ReasoningDelta(message_id=draft.message_id, text="")
        case CallStarted(call=call) | CallDelta(call=call):
            return ToolArgumentsDelta(
                message_id=draft.message_id,
                call_id=draft.call_id(call),
                name=draft.names[call],
                parameter=event.parameter if isinstance(event, CallDelta) else None,
                text="",
            )
        case _:
            assert_never(event)
