"""Attacks on files: out of the workspace, into other workspaces, and on whoever reads what the agent made.

Each has a positive control: the same thing works where it should. Numbers are those of the attack suite.
"""

import asyncio
import itertools
import os
import time
from pathlib import Path

import pytest

from factotum.core.errors import FactotumError, InvalidInput
from factotum.core.ids import new_id
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.sandbox.local.sandbox import LocalSandbox
from factotum.testing.sandbox_conformance import appears, chunks, content, failure


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A host file that the service can read and no sandbox may."""
    file = tmp_path / "secret"
    file.write_text("the operator's secret")
    return file


@pytest.mark.attack(1, 2, control="a roundabout path to an own file is read")
async def test_01_02_paths_out(sandbox: LocalSandbox, secret: Path) -> None:
    await sandbox.write("in", chunks(b"mine"), limit=9)
    for path in ("../" * 30 + str(secret)[1:], str(secret), f"/workspace/..{secret}", "/workspacex"):
        assert (await failure(content(sandbox, path))).stable_code == "path_outside"
        assert (await failure(sandbox.write(path, chunks(b"x"), limit=9))).stable_code == "path_outside"
    assert await content(sandbox, "/workspace/./a/../in") == b"mine"


@pytest.mark.attack(3, control="a link to an own file is followed")
async def test_03_links_out(sandbox: LocalSandbox, secret: Path) -> None:
    await sandbox.exec(
        f"ln -s {secret} file; ln -s {secret.parent} folder; ln -s ../../.. up; ln -s own good"
    )
    await sandbox.write("own", chunks(b"mine"), limit=9)
    for path in ("file", "folder/secret", "up/etc/passwd"):
        assert (await failure(content(sandbox, path))).stable_code == "path_outside"
    for path in ("folder/secret", "folder/new", "up/new"):
        assert (await failure(sandbox.write(path, chunks(b"x"), limit=9))).stable_code == "path_outside"
        assert (await failure(sandbox.delete(path))).stable_code == "path_outside"
    assert (await failure(sandbox.list("folder"))).stable_code == "path_outside"
    assert [entry.path for entry in await sandbox.list(recursive=True)] == [
        "file",
        "folder",
        "good",
        "own",
        "up",
    ]
    await sandbox.write("file", chunks(b"replaced"), limit=9)
    await sandbox.delete("folder")
    assert secret.read_text() == "the operator's secret"
    assert await content(sandbox, "good") == b"mine"


@pytest.mark.attack(4, control="the same path is read while it is harmless")
async def test_04_link_swapped_between_check_and_use(sandbox: LocalSandbox, secret: Path) -> None:
    swap = f"""
import os, ctypes
os.makedirs("real", exist_ok=True); open("real/secret", "w").write("harmless")
os.symlink({str(secret.parent)!r}, "fake")
libc = ctypes.CDLL(None)
while not os.path.exists("stop"):
    libc.renameat2(-100, b"real", -100, b"fake", 2)
"""
    await sandbox.write("swap.py", chunks(swap.encode()), limit=9999)
    swapping = asyncio.create_task(sandbox.exec("python3 swap.py", timeout=30))
    await appears(sandbox, "fake")
    seen: set[str] = set()
    until = time.monotonic() + 20
    for attempt in itertools.count():
        if (attempt > 200 and {"harmless", "path_outside"} <= seen) or time.monotonic() > until:
            break
        try:
            seen.add((await content(sandbox, "real/secret")).decode())
            await sandbox.write("real/new", chunks(b"x"), limit=9)
        except FactotumError as error:
            seen.add(error.stable_code)
    await sandbox.write("stop", chunks(), limit=0)
    await swapping
    assert "harmless" in seen
    assert "path_outside" in seen
    assert "the operator's secret" not in seen
    assert sorted(entry.name for entry in secret.parent.iterdir()) == ["secret"]


@pytest.mark.attack(5, control="an own file is linked")
async def test_05_hard_links_to_the_host(sandbox: LocalSandbox) -> None:
    result = await sandbox.exec(
        "exec 2>&1; ln /usr/bin/env stolen || echo refused; echo x >a; ln a b && cat b"
    )
    assert b"refused" in result.output
    assert result.output.endswith(b"x\n")


@pytest.mark.attack(6, 7, control="an own file is read")
async def test_06_07_magic_links(sandbox: LocalSandbox) -> None:
    await sandbox.exec(
        "ln -s /proc/self/root root; ln -s /proc/self/fd fds; ln -s /proc/self/cwd cwd; echo x >own"
    )
    for path in ("root/etc/passwd", "fds/0", "cwd/pyproject.toml"):
        assert (await failure(content(sandbox, path))).stable_code == "path_outside"
    assert await content(sandbox, "own") == b"x\n"


@pytest.mark.attack(10, control="a regular file is read")
async def test_10_devices_and_pipes_do_not_hang_a_reader(sandbox: LocalSandbox) -> None:
    await sandbox.exec(
        "mkfifo pipe; python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"sock\")'; "
        "ln -s /dev/zero zero; "
        "mknod device c 1 5 || true; echo x >file"
    )
    codes = {path: (await failure(content(sandbox, path))).stable_code for path in ("pipe", "sock", "zero")}
    assert codes == {"pipe": "not_a_file", "sock": "not_a_file", "zero": "path_outside"}
    assert (await failure(content(sandbox, "device"))).stable_code == "file_not_found"
    await sandbox.write("pipe", chunks(b"now a file"), limit=99)
    assert await content(sandbox, "pipe") == b"now a file"
    assert await content(sandbox, "file") == b"x\n"


@pytest.mark.attack(11, control="a plain name is listed")
async def test_11_names_that_are_not_text(sandbox: LocalSandbox) -> None:
    await sandbox.exec(r"touch $'bad\xff' good")
    assert [entry.path for entry in await sandbox.list()] == ["bad\\xff", "good"]
    assert (await failure(sandbox.stat("a\0/../../etc/passwd"))).stable_code == "path_invalid"


@pytest.mark.attack(15, control="a smaller one is made")
async def test_15_sparse_files(sandbox: LocalSandbox) -> None:
    result = await sandbox.exec("truncate -s 1T huge; echo $?; truncate -s 30M fine; echo $?")
    assert result.output.split()[-1] == b"0"
    assert b"\n0\n0" not in result.output
    assert [entry.path for entry in await sandbox.list() if entry.size_bytes] == ["fine"]


@pytest.mark.attack(16, control="there is room again after deleting")
async def test_16_disk_fill(sandbox: LocalSandbox, provider: LocalSandboxProvider) -> None:
    fill = "for i in $(seq 1 5000); do head -c 8M /dev/zero >~/big$i; sleep 0.02; done"
    result = await sandbox.exec(fill, timeout=60)
    assert not result.timed_out
    assert result.exit_code == 137
    assert b"disk of 67108864 bytes is full" in result.output
    assert (await failure(sandbox.write("more", chunks(b"x"), limit=9))).stable_code == "disk_full"
    # The agent is not locked out: it can see what happened and make room.
    assert (await sandbox.exec("rm ~/big*; echo small >file")).exit_code == 0
    assert await content(sandbox, "file") == b"small\n"


@pytest.mark.attack(17, control="its folder is deleted")
async def test_17_inode_fill(sandbox: LocalSandbox) -> None:
    many = "import itertools\nfor i in itertools.count():\n  open(f'{i}', 'w').close()\n"
    await sandbox.write("many.py", chunks(many.encode()), limit=999)
    result = await sandbox.exec("mkdir d; cd d; python3 ../many.py", timeout=60)
    assert result.exit_code == 137
    assert b"3000 files" in result.output
    await sandbox.delete("d")
    assert [entry.path for entry in await sandbox.list()] == ["many.py"]


async def test_deep_trees_can_be_counted_listed_and_deleted(sandbox: LocalSandbox) -> None:
    dig = "import os\nfor _ in range(1500):\n  os.mkdir('folder-name'); os.chdir('folder-name')\n"
    await sandbox.write("dig.py", chunks(dig.encode()), limit=999)
    result = await sandbox.exec("python3 dig.py; chmod 500 folder-name; sleep 1; echo free to go on")
    assert result.exit_code == 137
    assert b"nested no deeper" in result.output
    # It is told once, and the next command can go on, to mend it for one.
    assert (await sandbox.exec("sleep 1; chmod 500 folder-name; ls")).exit_code == 0
    assert len(await sandbox.list(recursive=True, limit=5000)) > 200
    await sandbox.delete("folder-name")
    assert [entry.path for entry in await sandbox.list()] == ["dig.py"]


@pytest.mark.attack(19, control="it runs where the agent sources it itself")
async def test_19_planted_settings_run_nothing(sandbox: LocalSandbox) -> None:
    await sandbox.exec(
        "for f in .bashrc .bash_profile .profile .bash_login; do "
        "echo 'touch /workspace/ran' | tee ~/$f >$f; done; "
        'echo \'open("/workspace/ran", "w")\' | tee ~/sitecustomize.py >sitecustomize.py; '
        "mkdir -p .git/hooks; echo 'touch /workspace/ran' >.git/hooks/pre-commit"
    )
    await sandbox.exec("true")
    await sandbox.list(recursive=True)
    assert "ran" not in [entry.path for entry in await sandbox.list()]
    await sandbox.exec(". ~/.bashrc")
    assert "ran" in [entry.path for entry in await sandbox.list()]


@pytest.mark.attack(29, control="the copied program runs")
async def test_29_set_user_id_bits_mean_nothing(sandbox: LocalSandbox) -> None:
    result = await sandbox.exec(
        "cp /usr/bin/id own; chmod 6755 own; ./own -u; grep -c ' nosuid\\| nosuid,\\|,nosuid' /proc/mounts;"
        "grep -v nosuid /proc/mounts | cut -d' ' -f2; grep NoNewPrivs /proc/self/status"
    )
    lines = result.output.decode().split("\n")
    assert lines[0] == "1000"
    assert int(lines[1]) > 10
    assert lines[2:] == ["NoNewPrivs:\t1", ""]


@pytest.mark.attack(50, control="the owner sees the same file")
async def test_50_other_tenants(provider: LocalSandboxProvider, sandbox: LocalSandbox) -> None:
    await sandbox.write("mine", chunks(b"private"), limit=9)
    other = await provider.open(new_id())
    probe = f"ls -R / 2>/dev/null | grep -c -e mine$ -e {sandbox.project_id}; ls /workspace | wc -l"
    assert (await other.exec(probe)).output.split() == [b"0", b"0"]
    assert (await sandbox.exec(probe)).output.split() == [b"1", b"1"]
    await provider.delete(other.project_id)


@pytest.mark.attack(50, control="the same project opens again")
async def test_50_tenants_are_different_host_users(tmp_path: Path, sandbox: LocalSandbox) -> None:
    if os.geteuid() != 0:
        pytest.skip("as an ordinary user all projects run as that user")
    provider = LocalSandboxProvider(tmp_path)
    one, two = await provider.open("one"), await provider.open("two")
    users = {tmp_path.joinpath(name, "workspace").stat().st_uid for name in (one.project_id, two.project_id)}
    assert len(users) == 2
    assert 0 not in users
    assert all(
        tmp_path.joinpath(name, "workspace").stat().st_mode & 0o777 == 0o700 for name in ("one", "two")
    )
    again = await LocalSandboxProvider(tmp_path).open("one")
    assert again.project_id == "one"
    provider.close()


@pytest.mark.attack(50, control="ids that are ids are taken everywhere else")
def test_50_project_ids_are_no_paths(tmp_path: Path) -> None:
    provider = LocalSandboxProvider(tmp_path)
    for wrong in ("../x", "", ".system", "a/b", "a\0", "x" * 65, "é"):
        with pytest.raises(InvalidInput, match="id"):
            asyncio.run(provider.open(wrong))
        with pytest.raises(InvalidInput, match="id"):
            asyncio.run(provider.delete(wrong))
