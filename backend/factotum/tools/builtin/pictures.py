"""Images of the workspace for a model: made small inside the sandbox, checked here, never decoded here."""

import hashlib
from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationError

from factotum.protocol.messages import ImageRef
from factotum.sandbox.port import Sandbox
from factotum.tools.builtin.inside import command
from factotum.tools.tool import Picture, ToolError

LONGEST_SIDE = 1_568
MOST_PIXELS = 1_150_000
"""Larger images are made smaller by the providers themselves, and cost no more tokens than these."""
MOST_BYTES = 700_000

_SECONDS = 60.0
_HEADER_LIMIT = 2_000
_BOUNDS = {
    "image/png": (b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"),
    "image/jpeg": (b"\xff\xd8\xff", b"\xff\xd9"),
}

_Side = Annotated[int, Field(ge=1, le=LONGEST_SIDE)]


class _Made(BaseModel):
    type: Literal["image/png", "image/jpeg"]
    width: _Side
    height: _Side
    original: Annotated[tuple[int, int], Field(alias="from")]
    frames: Annotated[int, Field(ge=1)]


class _Refusal(BaseModel):
    code: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    why: Annotated[str, Field(max_length=1_000)]


async def picture_of(sandbox: Sandbox, path: str) -> tuple[Picture, str]:
    """Return an image for a model, and a sentence on what it is.

    `path` is a clean one of the workspace. Raises ToolError: `not_an_image`, `image_broken`,
    `image_too_large`, `image_unsupported`, `image_failed`.
    """
    line = command("shrink", path, str(LONGEST_SIDE), str(MOST_PIXELS), str(MOST_BYTES))
    result = await sandbox.exec(
        f"{line} 2>/dev/null", timeout=_SECONDS, output_limit=MOST_BYTES + _HEADER_LIMIT
    )
    head, _, data = result.output.partition(b"\n")
    try:
        made = _Made.model_validate_json(head[:_HEADER_LIMIT])
    except ValidationError:
        raise _refusal(path, head[:_HEADER_LIMIT]) from None
    start, end = _BOUNDS[made.type]
    if len(data) > MOST_BYTES or not (data.startswith(start) and data.endswith(end)):
        raise _failed(path)
    ref = ImageRef(
        id=hashlib.sha256(data).hexdigest(),
        path=path,
        media_type=made.type,
        width=made.width,
        height=made.height,
    )
    width, height = made.original
    said = f"{path}: {width} x {height} pixels"
    if (made.width, made.height) != made.original:
        said += f", shown as {made.width} x {made.height}"
    if made.frames > 1:
        said += f"; the first of {made.frames:,} frames"
    return Picture(ref, data), f"{said}."


def _refusal(path: str, head: bytes) -> ToolError:
    try:
        refusal = _Refusal.model_validate_json(head)
    except ValidationError:
        return _failed(path)
    return ToolError(
        f"{path} cannot be shown: {refusal.why}.",
        hint="Convert or crop it with Python and pillow, then look at the new file.",
        code=refusal.code,
    )


def _failed(path: str) -> ToolError:
    return ToolError(
        f"{path} could not be made ready to be shown.",
        hint="It may take too much memory or time: make it smaller with Python and pillow first.",
        code="image_failed",
    )
