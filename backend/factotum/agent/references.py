"""References: what stands in a request in the place of a long output, or of a person's long message."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from factotum.protocol.messages import Message, Part, TextPart, ToolResultPart

WORTH_IT = 2_000
"""Characters from which a text is worth a reference."""

_SHOWN = 400
_SHOWN_OF_A_PERSON = 1_500


@dataclass(frozen=True, slots=True)
class Shortened:
    """A text that could go, with what would stand in its place. `id`: of the call, or of the message."""

    id: str
    whole: str
    reference: str


def by_reference(message: Message, ids: Collection[str]) -> Message:
    """Return `message` with references in the place of what `ids` name; itself, if that is nothing."""
    if message.role == "user":
        if message.id not in ids:
            return message
        return message.model_copy(update={"parts": (TextPart(text=_person(message)),)})
    if not any(_is_named(part, ids) for part in message.parts):
        return message
    parts = tuple(
        _output(part) if isinstance(part, ToolResultPart) and _is_named(part, ids) else part
        for part in message.parts
    )
    return message.model_copy(update={"parts": parts})


def outputs(messages: Iterable[Message], known: Collection[str]) -> Iterator[Shortened]:
    """Yield the outputs that are worth a reference and have none yet."""
    for message in messages:
        for part in message.parts:
            if isinstance(part, ToolResultPart) and len(part.output) > WORTH_IT and part.call_id not in known:
                yield Shortened(part.call_id, part.output, _output(part).output)


def words(messages: Iterable[Message], known: Collection[str]) -> Iterator[Shortened]:
    """Yield the person's messages that are very long and have no reference yet."""
    for message in messages:
        text = message.text
        if (
            message.role == "user"
            and len(text) > 2 * _SHOWN_OF_A_PERSON + WORTH_IT
            and message.id not in known
        ):
            yield Shortened(message.id, text, _person(message))


def _is_named(part: Part, ids: Collection[str]) -> bool:
    return isinstance(part, ToolResultPart) and part.call_id in ids


def _output(part: ToolResultPart) -> ToolResultPart:
    """Return the result with the begin of its output, its size, and how to read more of it."""
    text = part.output
    lines = text.count("\n") + 1
    reference = (
        f"{text[:_SHOWN]}\n"
        f"[To save room only the first {_SHOWN} characters of this output of {part.name} are shown; it has "
        f"{len(text):,} characters in {lines:,} lines. {_more(part.call_id, _SHOWN)}]"
    )
    return part.model_copy(update={"output": reference})


def _person(message: Message) -> str:
    text = message.text
    left_out = len(text) - 2 * _SHOWN_OF_A_PERSON
    return (
        f"{text[:_SHOWN_OF_A_PERSON]}\n"
        f"[To save room {left_out:,} of this message's {len(text):,} characters are left out here. "
        f"{_more(message.id, _SHOWN_OF_A_PERSON)}]\n"
        f"{text[-_SHOWN_OF_A_PERSON:]}"
    )


def _more(id_: str, start: int) -> str:
    return f"To read more, call expand_output with call_id {id_} and start {start}."
