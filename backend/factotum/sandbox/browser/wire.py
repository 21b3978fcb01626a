"""What the driver says, read without trust: lines of JSON, bounded, of known shapes; else it is no driver."""

import base64
import binascii
from typing import Annotated

from pydantic import Field, ValidationError

from factotum.core.frozen import Frozen

LINE_BYTES = 500_000
"""The longest line that is taken: a picture, or the text of an answer."""
JPEG_BYTES = 150_000

CODES = frozenset(
    {
        "address_failed",
        "address_invalid",
        "browser_ended",
        "browser_failed",
        "browser_interrupted",
        "browser_not_taken",
        "browser_stopped",
        "browser_taken",
        "browser_timeout",
        "download_failed",
        "element_covered",
        "element_gone",
        "element_invalid",
        "element_not_ready",
        "file_not_found",
        "keys_invalid",
        "no_file_field",
        "no_network",
        "no_page",
        "not_a_list",
        "option_not_found",
        "page_hangs",
        "page_moved",
        "page_timeout",
        "page_too_large",
        "path_invalid",
        "place_invalid",
        "tab_closed",
        "tab_not_found",
        "text_not_found",
        "too_many_tabs",
    }
)
"""The codes of faults that the driver may name; any other becomes `browser_failed`."""

Path = Annotated[str, Field(min_length=1, max_length=400)]


class Confused(Exception):
    """What came is nothing that a driver of ours says."""


class Frame(Frozen):
    """A picture of the page, as JPEG in base64."""

    jpeg: Annotated[str, Field(max_length=JPEG_BYTES * 4 // 3 + 4)]
    address: Annotated[str, Field(max_length=4_000)]
    title: Annotated[str, Field(max_length=1_000)]

    def picture(self) -> bytes:
        """Return the picture. Raises Confused for what is no JPEG."""
        try:
            data = base64.b64decode(self.jpeg, validate=True)
        except binascii.Error:
            raise Confused from None
        if not data.startswith(b"\xff\xd8\xff"):
            raise Confused
        return data


class Tab(Frozen):
    """One open page; `current` is the one that is worked in."""

    title: Annotated[str, Field(max_length=1_000)]
    address: Annotated[str, Field(max_length=4_000)]
    current: bool


class Dialog(Frozen):
    """A dialog that a page holds open; `default` is what stands in its field."""

    type: Annotated[str, Field(max_length=20)]
    message: Annotated[str, Field(max_length=2_000)]
    default: Annotated[str, Field(max_length=2_000)]


class Done(Frozen):
    """A request was done: text for the model, and the workspace paths of files that it says it wrote.

    The rest is for a person who has the browser, or looks on. `mark` names the picture, `seconds` tells how
    long they had it.
    """

    text: Annotated[str, Field(max_length=100_000)]
    files: Annotated[tuple[Path, ...], Field(max_length=20)] = ()
    frame: Frame | None = None
    mark: Annotated[str, Field(max_length=100)] = ""
    tabs: Annotated[tuple[Tab, ...], Field(max_length=20)] = ()
    dialog: Dialog | None = None
    held: bool = False
    seconds: Annotated[float, Field(ge=0)] = 0.0


class Failed(Frozen):
    """A request failed."""

    code: Annotated[str, Field(max_length=100)]
    message: Annotated[str, Field(max_length=2_000)]
    hint: Annotated[str, Field(max_length=2_000)] = ""

    def known_code(self) -> str:
        """Return the code, if a driver may name it."""
        return self.code if self.code in CODES else "browser_failed"


class Said(Frozen):
    """One line of the driver; exactly one of the last three is there."""

    id: Annotated[str, Field(max_length=64)]
    frame: Frame | None = None
    ok: Done | None = None
    error: Failed | None = None


class Lines:
    """Cuts the driver's bytes into lines. What does not begin as JSON is kept apart, its newest end only."""

    def __init__(self) -> None:
        self._rest = b""
        self.noise = b""

    def feed(self, data: bytes) -> list[Said]:
        """Take more bytes; return the lines that are whole by now. Raises Confused."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LINE_BYTES:
            raise Confused
        said: list[Said] = []
        for line in whole:
            if not line.startswith(b"{"):
                self.noise = (self.noise + line + b"\n")[-1_000:]
                continue
            try:
                said.append(Said.model_validate_json(line))
            except ValidationError:
                raise Confused from None
        return said
