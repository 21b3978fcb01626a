"""Writes calls as XML: the exact inverse of `XmlCalls`, for prompts and for history in another dialect.

What was parsed can be written, and what was written parses to the same call; an argument that the dialect
cannot carry is refused with ValueError.
"""

import re
from collections.abc import Mapping

from factotum.parsing.entities import escape
from factotum.parsing.opening_tag import LONGEST_TAG
from factotum.parsing.shapes import INVOKE, PARAMETER, WHITE, WRAPPER, TagShape


def render_tag(shape: TagShape, arguments: Mapping[str, str]) -> str:
    """Write a call as the tool's own tag. Raises ValueError for an argument that the tag cannot carry."""
    unknown = arguments.keys() - set(shape.parameters)
    if unknown:
        raise ValueError(f"<{shape.tag}> has no place for {', '.join(sorted(unknown))}.")
    opening = _opening(shape.tag, {name: arguments[name] for name in shape.attributes if name in arguments})
    elements = [
        f"<{name}>{_body(name, arguments[name], name in shape.decode)}</{name}>"
        for name in shape.elements
        if name in arguments
    ]
    if shape.content is not None and shape.content in arguments:
        return f"{opening}>{''.join(elements)}{_content(shape, shape.content, arguments)}</{shape.tag}>"
    if not elements:
        return f"{opening}/>"
    return "\n".join((f"{opening}>", *elements, f"</{shape.tag}>"))


def render_invoke(name: str, arguments: Mapping[str, str], decode: frozenset[str] = frozenset()) -> str:
    """Write a call in the invoke dialect, in its wrapper. `decode` is that of the tool's `TagShape`, if it
    has one.

    Raises ValueError for an empty name and for an argument that the dialect cannot carry.
    """
    if not name or "" in arguments:
        raise ValueError("A call and each of its arguments need a name.")
    parameters = [
        f"{_opening(PARAMETER, {'name': key})}>{_body(PARAMETER, value, key in decode)}</{PARAMETER}>"
        for key, value in arguments.items()
    ]
    opening = f"{_opening(INVOKE, {'name': name})}>"
    return "\n".join((f"<{WRAPPER}>", opening, *parameters, f"</{INVOKE}>", f"</{WRAPPER}>"))


def _opening(tag: str, attributes: Mapping[str, str]) -> str:
    """Write an opening tag without its end."""
    written = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    return _checked(f"<{tag}{written}")


def _checked(tag: str) -> str:
    if len(tag) > LONGEST_TAG - len("/>"):
        raise ValueError(f"The attributes are too long: a tag may have {LONGEST_TAG} characters in all.")
    return tag


def _body(tag: str, text: str, decoded: bool) -> str:
    """Write the text between `<tag>` and `</tag>`, with the newline at each end that the parser drops."""
    if decoded:
        text = escape(text)
    elif f"</{tag}>" in text:
        raise ValueError(f"The text contains </{tag}>, which would end it.")
    return f"\n{text}\n" if "\n" in text else text


def _content(shape: TagShape, name: str, arguments: Mapping[str, str]) -> str:
    """Write the content; where there are elements, it must not look like one, nor like layout."""
    text, decoded = arguments[name], name in shape.decode
    if shape.elements:
        opens = "|".join(map(re.escape, shape.elements))
        if not text.strip(WHITE):
            raise ValueError(f"<{shape.tag}> has elements, so that an empty {name} cannot be told from none.")
        if not decoded and re.match(rf"[{WHITE}]*<(?:{opens})[{WHITE}/>]", text):
            raise ValueError(f"{name} begins like an element of <{shape.tag}>.")
    return _body(shape.tag, text, decoded)
