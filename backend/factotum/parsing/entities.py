"""The five XML entities and character references: `decode` and its inverse, `escape`.

Anything else that begins with `&` is text, so that a model that forgets to escape loses nothing.
Source: https://www.w3.org/TR/xml/#sec-references
"""

import re

_REFERENCE = re.compile(r"&(?:(lt|gt|amp|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));", re.ASCII)
_CUT = re.compile(r"&(?:#(?:x[0-9A-Fa-f]{0,6}|[0-9]{0,7})|[a-z]{0,4})\Z", re.ASCII)
_LONGEST = len("&#x10ffff;")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})


def _character(match: re.Match[str]) -> str:
    name, decimal, hexadecimal = match.groups()
    if name:
        return _NAMED[name]
    code = int(decimal) if decimal else int(hexadecimal, 16)
    valid = 0 < code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF
    return chr(code) if valid else match.group()


def decode(text: str) -> str:
    """Replace every reference by its character. References to no character stay as they are."""
    return _REFERENCE.sub(_character, text) if "&" in text else text


def escape(text: str) -> str:
    """Write `text` so that `decode` gives it back and no tag, quote or CDATA section can be read in it."""
    return text.translate(_ESCAPES)


def cut_reference(text: str) -> int:
    """Return where a reference begins that the end of `text` may have cut off, else the length of `text`."""
    match = _CUT.search(text, max(0, len(text) - _LONGEST))
    return match.start() if match else len(text)
