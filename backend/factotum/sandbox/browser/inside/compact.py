"""Playwright's accessibility snapshot, made compact: what can be acted on is numbered.

Pure. A line of the snapshot is `- role "name" [attribute] [ref=e1] [box=x,y,w,h]: text`, indented under its
parent. Names come from the page: only what stands between the name and the text is taken for an attribute.
"""

import re
from typing import NamedTuple

ROLES = frozenset(
    {
        "button",
        "checkbox",
        "combobox",
        "gridcell",
        "link",
        "listbox",
        "menuitem",
        "menuitemcheckbox",
        "menuitemradio",
        "option",
        "radio",
        "scrollbar",
        "searchbox",
        "slider",
        "spinbutton",
        "switch",
        "tab",
        "textbox",
        "treeitem",
    }
)
_LINE = re.compile(
    r'(?P<role>[\w-]+)(?P<name> "(?:[^"\\]|\\.)*")?(?P<attributes>(?: \[[^\]]*\])*)(?P<text>:.*)?', re.DOTALL
)
_REF = re.compile(r"\[ref=(\w+)\]")
_BOX = re.compile(r"\[box=(-?\d+),(-?\d+),(\d+),(\d+)\]")
_HIDDEN = re.compile(r" \[(?:ref|box|cursor)=[^\]]*\]")
_PLAIN = frozenset({"generic", "none", "paragraph", "presentation", "rowgroup", "text"})
_LONGEST_LINE = 400


class Box(NamedTuple):
    """Where an element is in the window, in pixels."""

    x: int
    y: int
    width: int
    height: int


class Line(NamedTuple):
    """One element: its text without indentation, its depth, its number if it can be acted on.

    `box` is None also in frames: what is told of it there is relative to the frame.
    """

    depth: int
    text: str
    ref: str
    in_window: bool
    box: "Box | None"


def read(snapshot: str, width: int, height: int) -> "list[Line]":
    """Return the lines that say something. `width` and `height` are the window's."""
    lines: list[Line] = []
    parents: list[tuple[int, bool, bool, bool]] = []  # indentation, kept, in the window, in a frame
    for raw in snapshot.splitlines():
        body = raw.lstrip(" ")
        if not body.startswith("- "):
            continue
        indent = len(raw) - len(body)
        while parents and parents[-1][0] >= indent:
            parents.pop()
        found = _LINE.fullmatch(_unquoted(body[2:]))
        if found is None:
            continue
        visible, framed = parents[-1][2:] if parents else (True, False)
        role, name, attributes, text = (found[key] or "" for key in ("role", "name", "attributes", "text"))
        ref = _REF.search(attributes)
        box = None if framed else _box(attributes)
        if box is not None:
            visible = box.x < width and box.y < height and box.x + box.width > 0 and box.y + box.height > 0
        number = ref[1] if ref is not None and (role in ROLES or "[cursor=pointer]" in attributes) else ""
        words = text[1:].strip()
        kept = bool(number or name or words or role not in _PLAIN)
        parents.append((indent, kept, visible, framed or role == "iframe"))
        if kept:
            depth = sum(each[1] for each in parents) - 1
            lines.append(Line(depth, _shown(role, name, attributes, number, words), number, visible, box))
    return lines


def write(lines: "list[Line]", limit: int) -> str:
    """Return the lines as text of at most about `limit` characters.

    What is too long keeps what is in the window; what is still too long is cut.
    """
    text = _joined(lines)
    if len(text) <= limit:
        return text
    near = [line for line in lines if line.in_window]
    note = "[only what is in the window is shown; scroll for more, or read all of it with browser_extract]"
    text = _joined(near)
    if len(text) > limit:
        text = text[: text.rfind("\n", 0, limit)]
        note = "[too much to show; browser_extract reads all of it]"
    return f"{text}\n{note}"


def _joined(lines: "list[Line]") -> str:
    return "\n".join(f"{'  ' * min(line.depth, 12)}{line.text}" for line in lines)


def _shown(role: str, name: str, attributes: str, number: str, words: str) -> str:
    shown = "" if role in _PLAIN and not number else role
    shown += name + _HIDDEN.sub("", attributes)
    if number:
        shown += f" [{number}]"
    if words:
        shown += f": {_unquoted_text(words)}" if shown else _unquoted_text(words)
    return shown.strip()[:_LONGEST_LINE]


def _box(attributes: str) -> "Box | None":
    found = _BOX.search(attributes)
    return None if found is None else Box(*(int(each) for each in found.groups()))


def _unquoted(body: str) -> str:
    """Take off YAML's quotes round a key."""
    if not body.startswith("'"):
        return body
    end = re.match(r"'((?:[^']|'')*)'", body)
    return body if end is None else end[1].replace("''", "'") + body[end.end() :]


def _unquoted_text(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1].replace('\\"', '"')
    return text
