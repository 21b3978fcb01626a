"""What a person does in the agent's browser while they have it, and what they see: bounded, tagged unions.

Nothing of this is stored anywhere. Places are in pixels of the window, WIDTH x HEIGHT, from its upper left.
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from factotum.core.frozen import Frozen

WIDTH = 1280
HEIGHT = 800
MOST_EVENTS = 100
MOST_TYPED = 500
MOST_PASTED = 20_000

Modifier = Literal["Alt", "Control", "Meta", "Shift"]
Modifiers = Annotated[tuple[Modifier, ...], Field(max_length=4)]
Key = Annotated[str, StringConstraints(pattern=r"^(?:[A-Za-z][A-Za-z0-9]{0,30}|[!-~])$")]
Across = Annotated[float, Field(ge=0, le=WIDTH)]
Down = Annotated[float, Field(ge=0, le=HEIGHT)]
Distance = Annotated[float, Field(ge=-10_000, le=10_000)]


class Pointed(Frozen):
    """What happens at a place of the window."""

    x: Across
    y: Down
    modifiers: Modifiers = ()


class PointerMoved(Pointed):
    """The pointer moved there."""

    type: Literal["move"] = "move"


class Pressed(Pointed):
    """A button of the mouse went down or up; `count` is 2 for the second of a double click."""

    type: Literal["down", "up"]
    button: Literal["left", "middle", "right"] = "left"
    count: Annotated[int, Field(ge=1, le=3)] = 1


class Wheeled(Pointed):
    """The wheel was turned by so many pixels."""

    type: Literal["wheel"] = "wheel"
    dx: Distance = 0
    dy: Distance = 0


class KeyPressed(Frozen):
    """A key was pressed: by its name, such as Enter, or by its character where a modifier is held."""

    type: Literal["key"] = "key"
    key: Key
    modifiers: Modifiers = ()


class Typed(Frozen):
    """Characters were typed."""

    type: Literal["text"] = "text"
    text: Annotated[str, StringConstraints(min_length=1, max_length=MOST_TYPED)]


class Pasted(Frozen):
    """A text was put in at once."""

    type: Literal["paste"] = "paste"
    text: Annotated[str, StringConstraints(min_length=1, max_length=MOST_PASTED)]


class AddressGiven(Frozen):
    """An address was entered."""

    type: Literal["go"] = "go"
    url: Annotated[str, StringConstraints(min_length=1, max_length=4_000)]


class HistoryUsed(Frozen):
    """Back, forward, or the page loaded again."""

    type: Literal["history"] = "history"
    action: Literal["back", "forward", "reload"]


class TabUsed(Frozen):
    """A tab was opened, or the tab with a number, from 1, chosen or closed."""

    type: Literal["tab"] = "tab"
    action: Literal["open", "switch", "close"]
    tab: Annotated[int, Field(ge=0, le=20)] = 0


class DialogAnswered(Frozen):
    """The page's dialog was answered; `text` is for one that asks for some."""

    type: Literal["dialog"] = "dialog"
    accept: bool
    text: Annotated[str, StringConstraints(max_length=2_000)] = ""


InputEvent = Annotated[
    PointerMoved
    | Pressed
    | Wheeled
    | KeyPressed
    | Typed
    | Pasted
    | AddressGiven
    | HistoryUsed
    | TabUsed
    | DialogAnswered,
    Field(discriminator="type"),
]


class BrowserTab(Frozen):
    """One open page."""

    title: str
    address: str
    current: bool


class BrowserDialog(Frozen):
    """A dialog that the page holds open: `alert`, `confirm` or `prompt`, and what stands in its field."""

    type: str
    message: str
    default: str


class BrowserLook(Frozen):
    """What the browser shows now.

    `picture` is a JPEG in base64, of the whole window; None: as the one with the same `mark`, or there is
    none. `held`: a person has the browser.
    """

    picture: str | None
    mark: str
    tabs: tuple[BrowserTab, ...]
    dialog: BrowserDialog | None
    held: bool
