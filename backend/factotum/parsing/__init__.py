"""Sans-IO machines that turn a model's text into prose and tool calls. No asyncio, no third party.

Law 2: however the text is cut, the merged events are the same. Law 3: nothing inside one tool's content is
ever another call. Callers use `Assembler` (and `TagShape`, which tells it how a tool is written as a tag),
and the `render` functions, which are its inverse; the machines it is made of are `XmlCalls` over
`TagScanner`, and `NativeCalls`.
"""

from factotum.parsing.assembler import (
    AssembledCall,
    AssembledPart,
    AssembledReasoning,
    AssembledText,
    Assembler,
)
from factotum.parsing.events import (
    CallBroken,
    CallDelta,
    CallEnded,
    CallStarted,
    ParseEvent,
    Reasoning,
    Text,
)
from factotum.parsing.native_calls import NativeCalls
from factotum.parsing.render import render_invoke, render_tag
from factotum.parsing.shapes import TagShape
from factotum.parsing.tag_scanner import TagScanner
from factotum.parsing.xml_calls import XmlCalls

__all__ = [
    "AssembledCall",
    "AssembledPart",
    "AssembledReasoning",
    "AssembledText",
    "Assembler",
    "CallBroken",
    "CallDelta",
    "CallEnded",
    "CallStarted",
    "NativeCalls",
    "ParseEvent",
    "Reasoning",
    "TagScanner",
    "TagShape",
    "Text",
    "XmlCalls",
    "render_invoke",
    "render_tag",
]
