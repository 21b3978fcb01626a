"""Looking at images: what the program inside says is checked, and real images of all kinds come out small."""

import json
import struct

import pytest

from factotum.testing.memory_context import MemoryToolContext
from factotum.testing.memory_sandbox import MemorySandbox, ScriptedCommand
from factotum.tools.arguments import bind
from factotum.tools.builtin.pictures import LONGEST_SIDE, MOST_BYTES, MOST_PIXELS
from factotum.tools.builtin.read import read_file
from factotum.tools.builtin.see import see_image
from factotum.tools.builtin.shell import shell
from factotum.tools.execute import ToolResult, execute

PNG = b"\x89PNG\r\n\x1a\n...IEND\xaeB`\x82"
SAID = {"type": "image/png", "width": 4, "height": 3, "from": [8, 6], "frames": 2}


async def told(output: bytes) -> ToolResult:
    machine = MemorySandbox(files={"a.png": PNG})
    machine.script(ScriptedCommand(pieces=(("stdout", output),)))
    return await MemoryToolContext(machine).call(see_image, path="a.png")


async def test_an_image_is_handed_on() -> None:
    result = await told(json.dumps(SAID).encode() + b"\n" + PNG)
    assert result.text == (
        "a.png: 8 x 6 pixels, shown as 4 x 3; the first of 2 frames. The image follows the results."
    )
    (picture,) = result.pictures
    assert picture.data == PNG
    assert (picture.ref.path, picture.ref.width, len(picture.ref.id)) == ("a.png", 4, 64)


@pytest.mark.parametrize(
    ("output", "code"),
    [
        (b'{"code": "image_broken", "why": "it is torn"}\n', "image_broken"),
        (b'{"code": "<b>", "why": ""}\n', "image_failed"),
        (b"", "image_failed"),
        (json.dumps(SAID).encode() + b"\n", "image_failed"),
        (json.dumps(SAID).encode() + b"\n" + PNG[:-1], "image_failed"),
        (json.dumps(SAID | {"type": "image/jpeg"}).encode() + b"\n" + PNG, "image_failed"),
        (json.dumps(SAID | {"type": "image/svg+xml"}).encode() + b"\n<svg/>", "image_failed"),
        (json.dumps(SAID | {"width": 9999}).encode() + b"\n" + PNG, "image_failed"),
        (json.dumps(SAID).encode() + b"\n" + PNG[:8] + b"x" * MOST_BYTES + PNG[8:], "image_failed"),
    ],
)
async def test_what_is_no_image_is_not_handed_on(output: bytes, code: str) -> None:
    result = await told(output)
    assert (result.code, result.pictures) == (code, ())


async def test_paths_are_checked_first(context: MemoryToolContext) -> None:
    for path, code in (("none.png", "file_not_found"), ("../a.png", "path_outside"), (".", "not_a_file")):
        assert (await context.call(see_image, path=path)).code == code


async def test_reading_an_image_names_the_tool_that_shows_it() -> None:
    context = MemoryToolContext(MemorySandbox(files={"a.png": PNG}))
    assert "see_image shows it" in (await context.call(read_file, path="a.png")).text


MAKE = """
from PIL import Image
import random
noise = Image.frombytes("RGB", (3000, 2000), random.Random(1).randbytes(18_000_000))
noise.save("noise.png"); noise.save("noise.jpg", quality=95); noise.save("noise.webp", quality=60)
small = Image.new("RGBA", (20, 10), (255, 0, 0, 128)); small.save("small.png")
red = Image.new("RGB", (9, 9), "red")
Image.new("RGB", (9, 9)).save("moving.gif", save_all=True, append_images=[red])
Image.new("L", (5000, 2)).save("strip.png")
turned = Image.new("RGB", (40, 20)); exif = turned.getexif(); exif[274] = 6
turned.save("turned.jpg", exif=exif)
Image.new("1", (12000, 12000)).save("bomb.png")
data = open("noise.png", "rb").read(); open("torn.png", "wb").write(data[:5000])
"""


async def test_real_images_of_all_kinds(real: MemoryToolContext) -> None:
    made = await real.call(shell, command=f"python3 - <<'E'\n{MAKE}\nE", timeout_seconds=200)
    assert "exit code 0" in made.text, made.text
    for name in (
        "noise.png",
        "noise.jpg",
        "noise.webp",
        "small.png",
        "moving.gif",
        "strip.png",
        "turned.jpg",
    ):
        result = await execute(see_image, real, bind(see_image, {"path": name}, "native"))
        assert result.outcome == "ok", (name, result.text)
        (picture,) = result.pictures
        ref = picture.ref
        assert len(picture.data) <= MOST_BYTES
        assert max(ref.width, ref.height) <= LONGEST_SIDE
        assert ref.width * ref.height <= MOST_PIXELS
        if ref.media_type == "image/png":
            assert struct.unpack(">II", picture.data[16:24]) == (ref.width, ref.height)
        match name:
            case "noise.png":
                assert result.text.startswith("noise.png: 3000 x 2000 pixels, shown as ")
            case "small.png":
                assert (ref.media_type, ref.width, ref.height) == ("image/png", 20, 10)
            case "moving.gif":
                assert "the first of 2 frames" in result.text
            case "turned.jpg":
                assert (ref.width, ref.height) == (20, 40)
            case _:
                pass


async def test_real_files_that_are_none(real: MemoryToolContext) -> None:
    await real.call(shell, command=f"python3 - <<'E'\n{MAKE}\nE\necho hi >text.png; mkfifo pipe.png")
    for name, code in (
        ("torn.png", "image_broken"),
        ("bomb.png", "image_too_large"),
        ("text.png", "not_an_image"),
        ("pipe.png", "image_too_large"),
    ):
        assert ((await real.call(see_image, path=name)).code, name) == (code, name)
