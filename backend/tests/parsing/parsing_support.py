"""What the parser's tests share: a set of tools, the merging of events, and every way to cut a text."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from factotum.parsing import (
    Assembler,
    CallBroken,
    CallDelta,
    CallEnded,
    ParseEvent,
    Reasoning,
    TagShape,
    Text,
    XmlCalls,
)

TOOLS = (
    TagShape("files_str_replace", "str-replace", ("file_path",), ("old_str", "new_str")),
    TagShape("files_create", "create-file", ("file_path", "mode"), (), "contents"),
    TagShape("shell_run", "shell", ("cwd",), (), "command"),
    TagShape("ask", "ask", ("kind",), ("option",), "question", frozenset({"question", "option"})),
    TagShape("note", "note", (), ("title",), "body"),
    TagShape("memo", "memo", (), (), "memo", frozenset({"memo"})),
    TagShape("web_search", "search", ("query", "count")),
    TagShape("complete", "complete"),
)
SHAPES: Mapping[str, TagShape] = {shape.name: shape for shape in TOOLS}
FRAGMENTS = (
    "<", ">", "/", "</", "/>", "<shell", "<shell>", "</shell>", '<shell cwd="', "='", '"', "'",
    "<str-replace>", "</str-replace>", "<old_str>", "</old_str>", "<new_str/>", "<old_str 1>",
    "<complete/>", "<complete>", "</complete>", "<memo>", "</memo>", "<![CDATA[", "]]>", "]",
    "&lt;", "&", "&#6", "5;", "<note>", "</note>", "<title>", "</title>", "<function_calls>",
    "</function_calls>", '<invoke name="f">', "<invoke>", "</invoke>", '<parameter name="p">',
    "</parameter>", "<parameter>", "`", "```", "\n", " ", "\r\n", "a", "str", "é",
    '{"a":', '\\"', "}", "[",
)  # fmt: skip
"""What texts are made of when chance alone would not come up with it."""


def merged(events: Iterable[ParseEvent]) -> list[ParseEvent]:
    """Join neighbours that continue each other: what must not depend on how the text was cut."""
    out: list[ParseEvent] = []
    for event in events:
        last = out[-1] if out else None
        if isinstance(event, Text) and isinstance(last, Text):
            out[-1] = Text(last.text + event.text)
        elif isinstance(event, Reasoning) and isinstance(last, Reasoning):
            out[-1] = Reasoning(last.text + event.text)
        elif (
            isinstance(event, CallDelta)
            and isinstance(last, CallDelta)
            and (event.call, event.parameter) == (last.call, last.parameter)
        ):
            out[-1] = CallDelta(event.call, event.parameter, last.text + event.text)
        else:
            out.append(event)
    return out


def cut(text: str, size: int) -> list[str]:
    """Cut `text` into pieces of `size` characters."""
    return [text[at : at + size] for at in range(0, len(text), size)]


def cut_at(text: str, places: Iterable[int]) -> list[str]:
    """Cut `text` at `places`, wherever they are."""
    edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[start:end] for start, end in pairwise(edges)]


def feed_xml(pieces: Sequence[str]) -> list[ParseEvent]:
    """Parse the pieces of one message."""
    machine = XmlCalls(SHAPES)
    events = [event for piece in pieces for event in machine.feed(piece)]
    return merged(events + machine.close())


def every_way(text: str) -> Iterator[list[str]]:
    """The text whole, in pieces of every small size, and cut once at each place."""
    yield [text]
    for size in (1, 2, 3, 4, 5, 7, 11):
        yield cut(text, size)
    for at in range(1, len(text)):
        yield [text[:at], text[at:]]


def parse(text: str) -> list[ParseEvent]:
    """Parse `text` in every way, and with more prose after it; answer with the events that all agree on."""
    whole = feed_xml([text])
    for pieces in every_way(text):
        assert feed_xml(pieces) == whole, pieces
    return whole


def parse_with_trailing(text: str) -> list[ParseEvent]:
    """Like `parse`, for a text that ends in prose: trailing data must change nothing before it."""
    whole = parse(text)
    after = parse(f"{text} and on.")
    expected = merged([*whole, Text(" and on.")])
    assert after == expected
    return whole


def ends(events: Iterable[ParseEvent]) -> list[CallEnded | CallBroken]:
    """The ends of the calls, in order."""
    return [event for event in events if isinstance(event, CallEnded | CallBroken)]


def prose(events: Iterable[ParseEvent]) -> str:
    """All text, joined."""
    return "".join(event.text for event in events if isinstance(event, Text))


def one_call(text: str) -> CallEnded | CallBroken:
    """Parse a text that holds exactly one call, ended or broken, and trailing prose; return its end."""
    found = ends(parse_with_trailing(text))
    assert len(found) == 1, found
    return found[0]


def arguments(text: str) -> dict[str, object]:
    """The arguments of the one whole call in `text`; its deltas say the same."""
    events = parse_with_trailing(text)
    (call,) = ends(events)
    assert isinstance(call, CallEnded), call
    assert call.raw in text
    shown: dict[str, str] = {}
    for event in events:
        if isinstance(event, CallDelta):
            assert event.parameter is not None
            shown[event.parameter] = shown.get(event.parameter, "") + event.text
    assert shown == {name: value for name, value in call.arguments.items() if value}
    return call.arguments


def native(*deltas: tuple[int, str | None, str | None, str], truncated: bool = False) -> list[ParseEvent]:
    """Feed native deltas through an Assembler, whole and with their arguments cut in every small size."""
    whole = _native(deltas, 1_000_000, truncated=truncated)
    for size in (1, 2, 3, 5):
        assert _native(deltas, size, truncated=truncated) == whole
    return whole


def _native(
    deltas: Sequence[tuple[int, str | None, str | None, str]], size: int, *, truncated: bool
) -> list[ParseEvent]:
    machine = Assembler()
    events: list[ParseEvent] = []
    for index, call_id, name, text in deltas:
        pieces = cut(text, size) or [""]
        events += machine.native(index, call_id, name, pieces[0])
        for piece in pieces[1:]:
            events += machine.native(index, None, None, piece)
    return merged(events + machine.close(truncated))
