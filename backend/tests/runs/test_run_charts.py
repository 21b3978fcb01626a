"""Charts of a run's Python, in a real sandbox: files of the workspace, shown to a model that sees."""

import base64
from pathlib import Path

import pytest

from factotum.protocol.messages import ToolResultPart
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.settings import default_sandbox_python
from tests.needs import needs_sandbox
from tests.runs.played import calls, completes
from tests.runs.real_machine import Machine
from tests.runs.stage import Stage

SITE = default_sandbox_python()
DRAW = "import matplotlib.pyplot as plt\nplt.plot([1, 4, 9])\nplt.title('squares')\nsum([1, 4, 9])"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()[:10]


async def test_a_chart_is_seen_and_kept(stage: Stage, tmp_path: Path) -> None:
    if SITE is None:
        pytest.skip("the sandbox has no Python of its own here")
    tmp_path.chmod(0o755)
    sandboxes = LocalSandboxProvider(tmp_path / "sandboxes", python_site=SITE)
    await needs_sandbox(sandboxes)
    stage.models.default = lambda: "sees"  # type: ignore[method-assign]
    machine = Machine(stage, sandboxes)
    run = await machine.carry(calls(("run_python", {"code": DRAW})), completes())
    assert run.status == "finished"
    parts = [p for m in await stage.messages(run) for p in m.parts if isinstance(p, ToolResultPart)]
    (image,) = parts[0].images
    assert image.path.startswith("charts/")
    assert "14" in parts[0].output
    assert f"[chart: {image.path}" in parts[0].output
    assert [PNG in str(request.messages) for request in stage.gateway.requests] == [False, True]
    sandbox = await sandboxes.open(run.project_id)
    assert (await sandbox.stat(image.path)).size_bytes > 1000
    (row,) = await stage.sql("select data from factotum.images where thread_id = %s", run.thread_id)
    assert bytes(row["data"]).startswith(b"\x89PNG")
    await sandboxes.aclose()
