"""What a tool is, what it is given, and what it gives back."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pydantic import BaseModel, JsonValue

from factotum.core.errors import FactotumError
from factotum.protocol.events import FileChanged, PlanUpdated, SandboxChanged
from factotum.protocol.messages import ImageRef
from factotum.protocol.network import NetworkLayers
from factotum.protocol.runs import Question
from factotum.sandbox.port import OutputStream, Sandbox

Effect = Literal["pure", "idempotent", "unsafe"]
"""What running a call twice does: nothing, the same as once, or something else."""

ToolEvent = PlanUpdated | FileChanged | SandboxChanged


class ToolContext(Protocol):
    """What a running tool may use. Made by the agent for one call; it holds no secret of the operator."""

    @property
    def call_id(self) -> str:
        """The call's id: an idempotency key that stays the same when the call is run again after a crash."""
        ...

    @property
    def network(self) -> NetworkLayers:
        """What its agent and its run say about the network, for tools that go there themselves."""
        ...

    async def sandbox(self) -> Sandbox:
        """The project's sandbox, started when it is first asked for. Raises SandboxRefused."""
        ...

    async def text_of(self, id_: str) -> str | None:
        """The whole output of an earlier call of the thread, or a person's message, by its id; else None."""
        ...

    async def output(self, stream: OutputStream, text: str) -> None:
        """Show output while the tool runs."""
        ...

    async def show_page(self, jpeg: bytes, address: str, title: str) -> None:
        """Show what the browser looks like now, to a person who watches; the newest picture is kept."""
        ...

    async def emit(self, event: ToolEvent) -> None:
        """Say that the plan, a file or the sandbox changed."""
        ...


@dataclass(frozen=True, slots=True)
class Ask:
    """The run must wait for a person; the answer becomes the result of this call."""

    question: Question


@dataclass(frozen=True, slots=True)
class Complete:
    """The task is done. `deliverables` are workspace paths."""

    deliverables: tuple[str, ...] = ()


Signal = Ask | Complete


@dataclass(frozen=True, slots=True)
class Picture:
    """An image for a model that can see, with its bytes, and what the log says of it."""

    ref: ImageRef
    data: bytes


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """What a tool gave back: `text` for the model, and at most one signal to the loop.

    `pictures` are shown to a model that can see, and left out for others: the text must do without them.
    `display` is the text as a person is shown it, in colours, where that is another one.
    """

    text: str
    signal: Signal | None = None
    pictures: tuple[Picture, ...] = ()
    display: str | None = None


class ToolError(FactotumError):
    """A failure that the model can see and mend: it becomes the result of the call, and the run goes on."""

    code = "tool_error"


@dataclass(frozen=True, slots=True)
class XmlForm:
    """How a tool is written as a tag of its own: `<tag attribute="…"><element>…</element>content</tag>`.

    Every parameter is in exactly one place. `content` names the one, if any, that is the text in between.
    """

    tag: str
    attributes: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()
    content: str | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """One declared tool.

    `deadline_seconds` bounds a call, `output_limit` is the most characters the model is given.
    `example` are the arguments of a correct call, as JSON, shown to models that must learn or mend one.
    `ends_turn`: the tool only speaks with the person, and may give a signal that ends the model's turn.
    `needs_vision`: it is offered to models alone that can see.
    A policy may name the tool also as `family.name`, and in parentheses what its parameter `subject` is.
    """

    name: str
    description: str
    schema: Mapping[str, JsonValue]
    arguments: type[BaseModel]
    effect: Effect
    xml: XmlForm
    run: Callable[..., Awaitable[ToolOutput]]
    deadline_seconds: float = 120.0
    output_limit: int = 30_000
    example: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    ends_turn: bool = False
    tags: frozenset[str] = field(default_factory=frozenset)
    family: str = ""
    subject: str | None = None
    needs_vision: bool = False
