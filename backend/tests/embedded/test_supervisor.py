"""A supervised child: ready when it says so, restarted when it dies, ended by stop, explained if it fails."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from factotum.core.errors import SetupFault
from factotum.embedded.account import Account
from factotum.embedded.log import BoundedLog
from factotum.embedded.orphans import end_orphans, processes_in
from factotum.embedded.supervisor import Child, ChildFailed, ChildSpec, run_once
from tests.embedded.processes import gone, kill, restarted

AS_WE_ARE = Account(-1, -1)
SERVES = "import time; print('serving', flush=True); time.sleep(60)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SERVES


def child(tmp_path: Path, program: str) -> Child:
    spec = ChildSpec(
        name="Test",
        command=[sys.executable, "-c", program],
        account=AS_WE_ARE,
        ready_marker="serving",
        stop_signals=((signal.SIGTERM, 0.5),),
    )
    return Child(spec, BoundedLog(tmp_path / "log"))


def test_it_is_ready_when_it_says_so_and_gone_after_stop(tmp_path: Path) -> None:
    supervised = child(tmp_path, SERVES)
    supervised.start(20)
    pid = supervised.pid
    assert pid is not None
    supervised.stop()
    assert gone(pid, 0.1)
    assert supervised.pid is None
    assert not supervised.wait_ready(0)
    supervised.stop()


def test_one_that_will_not_listen_is_killed(tmp_path: Path) -> None:
    supervised = child(tmp_path, DEAF)
    supervised.start(20)
    pid = supervised.pid
    assert pid is not None
    supervised.stop()
    assert gone(pid, 0.1)


def test_it_is_started_again_when_it_dies(tmp_path: Path) -> None:
    supervised = child(tmp_path, SERVES)
    supervised.start(20)
    first = supervised.pid
    kill(first)
    assert restarted(supervised)
    assert supervised.pid != first
    supervised.stop()


def test_one_that_exits_at_once_is_explained_and_not_restarted(tmp_path: Path) -> None:
    supervised = child(tmp_path, "import sys; print('the reason'); sys.exit(3)")
    with pytest.raises(ChildFailed, match="exited with code 3") as caught:
        supervised.start(20)
    assert caught.value.tail == "the reason"
    assert supervised.restarts == 0


def test_one_that_is_never_ready_is_ended(tmp_path: Path) -> None:
    supervised = child(tmp_path, "import time; time.sleep(60)")
    with pytest.raises(ChildFailed, match=r"was not ready after 0\.5 seconds"):
        supervised.start(0.5)
    assert supervised.pid is None


def test_what_goes_wrong_before_a_start_reaches_the_caller(tmp_path: Path) -> None:
    def refuse() -> None:
        raise SetupFault("no", code="data_folder_broken")

    spec = ChildSpec("Test", ["/bin/true"], AS_WE_ARE, "serving", ((signal.SIGTERM, 1),))
    with pytest.raises(SetupFault, match="no"):
        Child(spec, BoundedLog(tmp_path / "log"), before_start=refuse).start(20)


def test_a_program_that_is_missing_is_named(tmp_path: Path) -> None:
    spec = ChildSpec("Test", ["/no/such/program"], AS_WE_ARE, "serving", ((signal.SIGTERM, 1),))
    with pytest.raises(ChildFailed) as caught:
        Child(spec, BoundedLog(tmp_path / "log")).start(20)
    assert "No such file" in caught.value.tail


def test_children_inherit_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    code, output = run_once(["/usr/bin/env"], AS_WE_ARE, timeout=20)
    assert code == 0
    assert sorted(line.split("=")[0] for line in output.split()) == ["LC_ALL", "PATH", "TZ"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes users: run this as root")
def test_as_root_a_child_keeps_no_group_of_ours() -> None:
    code, output = run_once(["/usr/bin/id"], Account(54_321, 54_322), timeout=20)
    assert (code, output.strip()) == (0, "uid=54321 gid=54322 groups=54322")


@pytest.mark.parametrize(("program", "patience"), [(SERVES, 5), (DEAF, 0.2)])
def test_orphans_are_found_by_their_folder_and_ended(tmp_path: Path, program: str, patience: float) -> None:
    orphan = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, stdout=subprocess.PIPE)
    assert orphan.stdout is not None
    orphan.stdout.readline()
    assert processes_in(tmp_path) == {orphan.pid}
    started = time.monotonic()
    assert end_orphans(tmp_path, patience=patience) == 1
    assert time.monotonic() - started < 20
    assert orphan.wait(5) in {-signal.SIGTERM, -signal.SIGKILL}
    assert end_orphans(tmp_path) == 0
    orphan.stdout.close()


def test_a_leader_is_asked_by_interrupt(tmp_path: Path) -> None:
    program = (
        "import time; print('serving', flush=True)\ntry: time.sleep(60)\nexcept KeyboardInterrupt: exit(7)"
    )
    leader = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, stdout=subprocess.PIPE)
    assert leader.stdout is not None
    leader.stdout.readline()
    end_orphans(tmp_path, [leader.pid, 1])
    assert leader.wait(5) == 7
    leader.stdout.close()
