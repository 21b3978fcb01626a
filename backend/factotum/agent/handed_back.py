"""The reasoning of a message, in the form in which the gateway hands it back to the model that wrote it."""

from collections.abc import Sequence

from pydantic import JsonValue

from factotum.protocol.messages import Part, ReasoningPart, TextPart, ToolCallPart


def own_reasoning(parts: Sequence[Part], model: str) -> dict[str, JsonValue]:
    """Return what a message carries for `model` alone, which wrote it: its name and its reasoning.

    llm/port.py tells the form. Signed blocks stand in the order in which the model gave them. Providers check
    where they stood, so the text and the calls that followed each are told where that is not all of it.
    """
    origin: dict[str, JsonValue] = {"model": model}
    reasoning = [part for part in parts if isinstance(part, ReasoningPart)]
    if not reasoning:
        return {"origin": origin}
    signed = [part.signed for part in reasoning if part.signed]
    if not signed:
        return {"origin": origin, "reasoning_content": "".join(part.text for part in reasoning)}
    segments = _segments(parts)
    if len(segments) > 1:
        origin["segments"] = list[JsonValue](segments)
    return {"origin": origin, "thinking_blocks": list[JsonValue](signed)}


def _segments(parts: Sequence[Part]) -> list[list[JsonValue]]:
    """Cut the parts wherever a block or a text comes after what would be sent behind it."""
    segments: list[tuple[int, list[str], int]] = []
    for part in parts:
        signed, texts, calls = segments[-1] if segments else (0, [], 0)
        match part:
            case ReasoningPart(signed=block) if block and not texts and not calls:
                _put(segments, (signed + 1, texts, calls))
            case ReasoningPart(signed=block) if block:
                segments.append((1, [], 0))
            case TextPart(text=text) if calls:
                segments.append((0, [text], 0))
            case TextPart(text=text):
                _put(segments, (signed, [*texts, text], calls))
            case ToolCallPart():
                _put(segments, (signed, texts, calls + 1))
            case _:
                pass
    return [[signed, "".join(texts), calls] for signed, texts, calls in segments]


def _put(segments: list[tuple[int, list[str], int]], segment: tuple[int, list[str], int]) -> None:
    segments[-1:] = [segment]
