"""Images in a run on a real Postgres: stored once with the result, read again by another worker."""

import base64
import json

from factotum.llm.port import ModelRequest
from factotum.protocol.messages import ToolResultPart
from factotum.sandbox.port import Sandbox
from factotum.testing.memory_sandbox import MemorySandboxProvider, ScriptedCommand
from tests.runs.played import Gate, calls, says
from tests.runs.stage import Stage

PNG = b"\x89PNG\r\n\x1a\nseenIEND\xaeB`\x82"
MADE = {"type": "image/png", "width": 4, "height": 3, "from": [4, 3], "frames": 1}
SHRUNK = ScriptedCommand(pieces=(("stdout", json.dumps(MADE).encode() + b"\n" + PNG),), files={"a.png": PNG})


class WithImage(MemorySandboxProvider):
    """Each project has an image, and a command that makes it small."""

    def __init__(self) -> None:
        super().__init__(commands=[SHRUNK, SHRUNK])

    async def open(self, project_id: str, **_: object) -> Sandbox:
        sandbox = await super().open(project_id)
        if not await sandbox.list():
            await sandbox.exec("make a.png")
        return sandbox


def shows(request: ModelRequest) -> bool:
    return base64.b64encode(PNG).decode() in str(request.messages)


def offers(request: ModelRequest) -> bool:
    return "see_image" in str(request.tools)


async def test_an_image_is_seen_also_by_the_worker_that_takes_over(stage: Stage) -> None:
    stage.models.default = lambda: "sees"  # type: ignore[method-assign]
    stage.sandboxes = WithImage()
    gate = Gate()
    stage.gateway.turns = [calls(("see_image", {"path": "a.png"})), says("A dot.", gate)]
    run = await stage.submit()
    stage.start(run)
    await gate.reached.wait()
    assert [shows(request) for request in stage.gateway.requests] == [False, True]
    await stage.let_lease_run_out(run)
    gate.released.set()
    ended = await stage.carry(run)
    assert ended.status == "finished"
    assert shows(stage.gateway.requests[-1])
    assert all(map(offers, stage.gateway.requests))
    (result,) = [p for m in await stage.messages(run) for p in m.parts if isinstance(p, ToolResultPart)]
    (image,) = result.images
    assert (image.path, image.media_type, image.width) == ("a.png", "image/png", 4)
    (row,) = await stage.sql("select id, data from factotum.images where thread_id = %s", run.thread_id)
    assert (row["id"], bytes(row["data"])) == (image.id, PNG)
    assert base64.b64encode(PNG) not in b"".join(entry.data for entry in await stage.bus.stored(run.id))


async def test_a_model_that_cannot_see_is_not_offered_it(stage: Stage) -> None:
    stage.gateway.turns = [says("Well.")]
    run = await stage.carry(await stage.submit())
    assert run.status == "finished"
    assert not offers(stage.gateway.requests[0])
