"""Every stream of the corpus (tests/corpus/README.md): as it came, and with every text cut up."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from parsing_support import merged

from factotum.parsing import (
    AssembledCall,
    AssembledPart,
    AssembledReasoning,
    Assembler,
    CallBroken,
    CallEnded,
    ParseEvent,
    TagShape,
)

FOLDER = Path(__file__).parent.parent / "corpus"
STREAMS = sorted(FOLDER.glob("stream-*.json"))
PROVIDERS = {"openai", "anthropic", "gemini", "deepseek", "ollama", "xml", "native"}


def shape_of(fields: Mapping[str, Any]) -> TagShape:
    return TagShape(
        fields["name"],
        fields["tag"],
        attributes=tuple(fields.get("attributes", ())),
        elements=tuple(fields.get("elements", ())),
        content=fields.get("content"),
        decode=frozenset(fields.get("decode", ())),
    )


def shapes(stream: Mapping[str, Any]) -> dict[str, TagShape] | None:
    if stream["shapes"] is None:
        return None
    return {fields["name"]: shape_of(fields) for fields in stream["shapes"]}


def pieces(text: str | None, *, cut: bool) -> Iterator[str]:
    yield from (text if cut else (text,)) if text else ()


def feed(machine: Assembler, delta: Mapping[str, Any], *, cut: bool) -> Iterator[ParseEvent]:
    """One delta as LiteLLM gives it: reasoning, then text, then native calls."""
    for piece in pieces(delta.get("reasoning_content"), cut=cut):
        yield from machine.reasoning(piece)
    for block in delta.get("thinking_blocks") or ():
        if block.get("signature"):
            yield from machine.reasoning("", block)
    for piece in pieces(delta.get("content"), cut=cut):
        yield from machine.text(piece)
    for call in delta.get("tool_calls") or ():
        function = call["function"]
        first, *rest = list(pieces(function.get("arguments"), cut=cut)) or [""]
        yield from machine.native(call["index"], call.get("id"), function.get("name"), first)
        for piece in rest:
            yield from machine.native(call["index"], None, None, piece)


def event_json(event: ParseEvent) -> dict[str, Any]:
    kind = re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()
    return {"type": kind, **asdict(event)}


def part_json(part: AssembledPart) -> dict[str, Any]:
    if isinstance(part, AssembledCall):
        outcome = {"arguments": part.arguments} if part.broken is None else {"broken": part.broken.kind}
        return {"type": "call", "call": part.call, "name": part.name, "call_id": part.call_id, **outcome}
    if isinstance(part, AssembledReasoning):
        return {"type": "reasoning", "text": part.text, "signed": part.signed}
    return {"type": "text", "text": part.text}


@pytest.mark.parametrize("cut", [False, True], ids=["as it came", "by character"])
@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
def test_stream(path: Path, cut: bool) -> None:
    stream = json.loads(path.read_text(encoding="utf-8"))
    machine = Assembler(shapes(stream), max_xml_calls=stream["max_xml_calls"])
    events = [event for delta in stream["deltas"] for event in feed(machine, delta, cut=cut)]
    events += machine.close(truncated=stream["finish_reason"] == "length")
    assert [event_json(event) for event in merged(events)] == stream["events"]
    assert [part_json(part) for part in machine.parts] == stream["parts"]
    assert machine.limit_reached == stream["limit_reached"]
    started = {event.call for event in events if isinstance(event, CallEnded | CallBroken)}
    assert started == {part.call for part in machine.parts if isinstance(part, AssembledCall)}


def test_the_corpus_covers_every_provider_and_kind_of_event() -> None:
    assert {path.stem.split("-")[1] for path in STREAMS} == PROVIDERS
    kinds = {event["type"] for path in STREAMS for event in json.loads(path.read_text("utf-8"))["events"]}
    assert kinds == {"text", "reasoning", "call_started", "call_delta", "call_ended", "call_broken"}
