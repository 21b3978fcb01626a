"""The XML call under way: what was read of it, and the first thing that is wrong with it."""

from dataclasses import dataclass, field
from io import StringIO

from factotum.parsing.events import CallBroken, CallEnded
from factotum.parsing.parameter_text import ParameterText
from factotum.parsing.shapes import WHITE, TagShape
from factotum.protocol.dialect import Dialect

_EXCERPT = 40
_STRAY = "stray text"  # told at the end, when its first characters are known however they were cut


@dataclass(slots=True)
class OpenParameter:
    """A parameter under way; `close` is the one literal that ends it.

    `kept` is False in a call that is broken.
    """

    name: str
    close: str
    text: ParameterText
    kept: bool = True


@dataclass(slots=True)
class OpenCall:
    """A call under way. `shape` is None for a tool that declares no tag (then the dialect is "invoke")."""

    number: int
    name: str
    dialect: Dialect
    tag: str
    shape: TagShape | None
    raw: StringIO = field(default_factory=StringIO)
    arguments: dict[str, object] = field(default_factory=dict[str, object])
    fault: str | None = None
    parameter: OpenParameter | None = None
    pending: list[str] = field(default_factory=list[str])  # white space: content, if any content follows
    nested: int = 0  # how many tags of the same name are open inside
    stray: str = ""  # the first characters of text where none belongs

    @property
    def close(self) -> str:
        """The call's own closing tag."""
        return f"</{self.tag}>"

    @property
    def content(self) -> str | None:
        """The parameter that is the text between the tags, in the tag dialect."""
        return self.shape.content if self.shape and self.dialect == "tag" else None

    def decodes(self, parameter: str) -> bool:
        """Whether the tool declares that entities are decoded in this parameter."""
        return self.shape is not None and parameter in self.shape.decode

    def present_parameter(self) -> OpenParameter:
        """The parameter under way, where there must be one."""
        assert self.parameter is not None, "asked for only inside a parameter"
        return self.parameter

    def blame(self, fault: str) -> None:
        """Note what is wrong; the first fault is the one that is told."""
        if self.fault is None:
            self.fault = fault

    def stray_text(self, text: str) -> None:
        """Text where none belongs; white space alone is layout."""
        if not self.stray:
            text = text.lstrip(WHITE)
        if text and len(self.stray) < _EXCERPT:
            self.stray = (self.stray + text[:_EXCERPT])[:_EXCERPT]
            self.blame(_STRAY)

    def ended(self) -> CallEnded | CallBroken:
        """The call's own closing tag was read."""
        raw = self.raw.getvalue()
        if self.fault is None:
            return CallEnded(self.number, self.name, self.dialect, self.arguments, raw)
        reason = f"The call was not run: {self._told()}."
        return CallBroken(self.number, self.name, self.dialect, "malformed", reason, raw)

    def cut_off(self) -> CallBroken:
        """The message ended first."""
        missing = self.close
        if self.parameter is not None and self.parameter.close != self.close:
            missing = f"{self.parameter.close} and {self.close}"
        also = "" if self.fault is None else f" Besides, {self._told()}."
        reason = f"The call was cut off before {missing} and was not run: write it again, whole.{also}"
        return CallBroken(self.number, self.name, self.dialect, "incomplete", reason, self.raw.getvalue())

    def _told(self) -> str:
        if self.fault is _STRAY:
            stray = " ".join(self.stray.split())
            return f"there is text in <{self.tag}> outside its parameters: {stray!r}; {self._places()}"
        return str(self.fault)

    def _places(self) -> str:
        """Say where arguments go."""
        if self.dialect == "invoke":
            return 'put each argument in <parameter name="…">…</parameter>'
        elements = self.shape.elements if self.shape else ()
        if not elements:
            return "it takes nothing between its tags"
        return "it takes " + ", ".join(f"<{element}>" for element in elements)
