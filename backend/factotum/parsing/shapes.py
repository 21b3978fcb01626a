"""How a tool may be written as a tag: what the XML machines know of a tool, and nothing else."""

import re
from dataclasses import dataclass

WRAPPER, INVOKE, PARAMETER = "function_calls", "invoke", "parameter"
"""The three tags of the invoke dialect; no tool may be named like one of them."""

WHITE = " \t\r\n"
"""What counts as white space between tags."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class TagShape:
    """A tool as a tag: `<tag attribute="…"><element>…</element>content</tag>`.

    `name` is the tool's name, which may differ from the tag. Every parameter is in exactly one place, and
    `content` names the one that is the text between the tags, after the elements. `decode` names the
    parameters in whose text XML entities and CDATA sections are decoded, in both dialects; any other text
    is taken literally, so that code with `<` and `&lt;` survives. Attribute values are always decoded.

    Raises ValueError for a shape that could not be read back: a bad name, or a parameter in two places.
    """

    name: str
    tag: str
    attributes: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()
    content: str | None = None
    decode: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse what cannot be parsed."""
        for name in (self.tag, *self.attributes, *self.elements):
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} in the tag of tool {self.name!r} is not an XML name.")
        if self.tag in (WRAPPER, INVOKE, PARAMETER):
            raise ValueError(
                f"<{self.tag}> belongs to the invoke dialect: give tool {self.name!r} another tag."
            )
        if self.tag in self.elements:
            raise ValueError(f"An element of tool {self.name!r} is named like its tag <{self.tag}>.")
        parameters = self.parameters
        if len(set(parameters)) < len(parameters):
            raise ValueError(f"A parameter of tool {self.name!r} is in two places of its tag.")
        if not self.decode <= set(parameters):
            raise ValueError(f"`decode` of tool {self.name!r} names a parameter that it does not have.")

    @property
    def parameters(self) -> tuple[str, ...]:
        """Every parameter: attributes, then elements, then the content."""
        return (*self.attributes, *self.elements, *(() if self.content is None else (self.content,)))
