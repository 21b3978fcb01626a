"""Attacks by names and by planted files, on what the service itself runs inside."""

import pytest

from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.sandbox.local.sandbox import LocalSandbox
from factotum.testing.memory_context import MemoryToolContext
from factotum.testing.sandbox_conformance import chunks, content
from factotum.tools.builtin.archives import zip_files
from factotum.tools.builtin.files import move_file
from factotum.tools.builtin.find import search_files

NAMES = (
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e/x",
    "..\\..\\x",
    "\u2024\u2024/x",
    "..\uff0fx",
    "~/x",
    "$HOME/x",
    "$(touch ran)",
    "`touch ran`",
    "; touch ran #",
    "'\"; touch ran; '",
    "-rf",
    "--files-from=x",
    "a\ntouch ran\n",
    "...",
    "x/.../y",
)


@pytest.mark.attack(18, 11, control="each file is written, read, searched, packed and moved under its name")
async def test_18_a_name_is_only_a_name(sandbox: LocalSandbox) -> None:
    context = MemoryToolContext(sandbox)
    for number, name in enumerate(NAMES):
        await sandbox.write(name, chunks(f"mine {number}\n".encode()), limit=99)
        assert await content(sandbox, name) == f"mine {number}\n".encode()
        found = await context.call(search_files, pattern=f"mine {number}$", path=name)
        assert f":1: mine {number}" in found.text, name
        packed = await context.call(zip_files, paths=[name], target=f"packed/{number}.zip")
        assert packed.outcome == "ok", packed.text
        assert (await context.call(move_file, path=name, target=f"moved/{number}")).outcome == "ok"
    left = {info.path for info in await sandbox.list(recursive=True)}
    assert not {path for path in left if path.rpartition("/")[2] == "ran"}
    seen = await sandbox.exec("ls ~ /workspace/.. /tmp")
    assert b"ran" not in seen.output


@pytest.mark.attack(19, control="the agent's own Python runs what was planted")
async def test_19_planted_modules_do_not_run_in_ours(
    provider: LocalSandboxProvider, sandbox: LocalSandbox
) -> None:
    """Neither in the supervisor, when the sandbox starts again, nor in the programs of tools."""
    plant = """
site=$(python3 -c 'import site; print(site.getusersitepackages())')
mkdir -p "$site"
echo 'import pathlib; pathlib.Path("/workspace/ran").touch()' >"$site/evil.pth"
for name in sitecustomize usercustomize json zipfile tarfile socket; do
  echo 'import pathlib; pathlib.Path("/workspace/ran").touch()' >$name.py
  cp $name.py "$site"
done
echo '{"mcpServers": {"x": {"command": "touch", "args": ["/workspace/ran"]}}}' >.mcp.json
echo data >file
"""
    assert (await sandbox.exec(plant)).exit_code == 0
    await sandbox.exec("rm -f ran")
    await provider.stop(sandbox.project_id)
    assert (await sandbox.exec("cat file")).output == b"data\n"
    context = MemoryToolContext(sandbox)
    assert (await context.call(zip_files, paths=["file"], target="file.zip")).outcome == "ok"
    assert (await sandbox.search("data"))[0].path == "file"
    assert "ran" not in {info.path for info in await sandbox.list()}
    await sandbox.exec("python3 -c pass")
    assert "ran" in {info.path for info in await sandbox.list()}
