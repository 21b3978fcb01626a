"""Makes an image small enough for a model, inside the sandbox: `PATH SIDE PIXELS BYTES`.

Prints a line of JSON and the new image, PNG or JPEG; or a line of JSON that says what is wrong.
"""

import io
import json
import os
import stat
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import IO, Any

LARGEST_FILE = 50_000_000
LARGEST_PIXELS = 100_000_000
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")


class Refused(Exception):
    """The image is not taken. The arguments: a code, and why."""


def opened(path: str) -> IO[bytes]:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_FILE:
        os.close(descriptor)
        raise Refused("image_too_large", f"it is no file of at most {LARGEST_FILE:,} bytes")
    return os.fdopen(descriptor, "rb")


def shrink(path: str, side: int, pixels: int, most: int) -> tuple[dict[str, Any], bytes]:
    try:
        pil: Any = import_module("PIL.Image")
        operations: Any = import_module("PIL.ImageOps")
    except ImportError:
        raise Refused("image_unsupported", "the sandbox's Python has no pillow") from None
    pil.MAX_IMAGE_PIXELS = None
    with opened(path) as file:
        try:
            image: Any = pil.open(file, formats=FORMATS)
            width, height = image.size
            if width * height > LARGEST_PIXELS:
                raise Refused("image_too_large", f"it has {width} x {height} pixels")
            frames = getattr(image, "n_frames", 1)
            image.draft("RGB", (2 * side, 2 * side))
            image.load()
            image = operations.exif_transpose(image)
        except import_module("PIL").UnidentifiedImageError:
            raise Refused("not_an_image", "it is no PNG, JPEG, GIF or WebP image") from None
        except (OSError, SyntaxError, ValueError, EOFError) as error:
            raise Refused("image_broken", f"it cannot be read: {error}"[:300]) from None
    clear = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    image = image.convert("RGBA" if clear else "RGB")
    scale = min(1.0, side / max(image.size), (pixels / (image.width * image.height)) ** 0.5)
    while True:
        size = tuple(max(1, int(length * scale)) for length in image.size)
        small = image if scale == 1.0 else image.resize(size, pil.Resampling.LANCZOS)
        for kind, data in encoded(small, pil):
            if len(data) <= most:
                told = {"type": kind, "from": [width, height], "frames": frames}
                return told | {"width": small.width, "height": small.height}, data
        scale *= 0.7


def encoded(image: Any, module: Any) -> Iterator[tuple[str, bytes]]:
    """Yield the image in ever fewer bytes."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    yield "image/png", buffer.getvalue()
    if image.mode == "RGBA":
        ground = module.new("RGB", image.size, "white")
        ground.paste(image, mask=image.getchannel("A"))
        image = ground
    for quality in (88, 70, 50):
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality)
        yield "image/jpeg", buffer.getvalue()


def main(path: str, *bounds: str) -> None:
    try:
        told, data = shrink(path, *map(int, bounds))
    except Refused as error:
        told, data = {"code": error.args[0], "why": error.args[1]}, b""
    except OSError as error:
        told, data = {"code": "image_broken", "why": f"{error}"[:300]}, b""
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + data)


if __name__ == "__main__":
    main(*sys.argv[1:])
