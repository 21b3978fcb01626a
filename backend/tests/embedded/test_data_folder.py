"""The data folder: made once, closed to others, taken by one service, clear about what is wrong with it."""

import os
import shutil
from pathlib import Path

import pytest

from factotum.core.errors import SetupFault
from factotum.embedded.account import Account, service_account, user_name
from factotum.embedded.data_folder import DataFolder
from factotum.embedded.log import BoundedLog
from factotum.embedded.wheels import postgres_programs, valkey_program

AS_WE_ARE = Account(-1, -1)


def test_the_token_is_made_once_and_is_for_the_owner_only(folder: Path) -> None:
    token = DataFolder(folder).local_token()
    assert len(token) >= 43
    assert DataFolder(folder).local_token() == token
    assert (folder / "token").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in folder.iterdir()] == ["token"]


def test_a_token_left_open_to_others_is_closed(folder: Path) -> None:
    token = DataFolder(folder).local_token()
    (folder / "token").chmod(0o644)
    assert DataFolder(folder).local_token() == token
    assert (folder / "token").stat().st_mode & 0o777 == 0o600


def test_a_token_cut_short_is_refused(folder: Path) -> None:
    DataFolder(folder).local_token()
    (folder / "token").write_text("short")
    with pytest.raises(SetupFault, match="cut short") as caught:
        DataFolder(folder).local_token()
    assert caught.value.stable_code == "data_folder_broken"


def test_the_folder_is_given_back(folder: Path) -> None:
    with DataFolder(folder) as first:
        first.lock()
        with pytest.raises(SetupFault, match=f"process {os.getpid()}") as caught:
            DataFolder(folder).lock()
        assert caught.value.stable_code == "data_folder_in_use"
    with DataFolder(folder):
        pass


def test_a_file_in_the_place_of_the_folder_is_named(folder: Path) -> None:
    folder.write_text("not a folder")
    with pytest.raises(SetupFault, match=str(folder)) as caught:
        DataFolder(folder).lock()
    assert caught.value.stable_code == "data_folder_broken"


def test_a_full_disk_is_named_before_anything_is_started(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.disk_usage

    def nearly_full(path: Path) -> object:
        return real(path)._replace(free=1_000_000)

    monkeypatch.setattr(shutil, "disk_usage", nearly_full)
    with pytest.raises(SetupFault, match="1 MB are left") as caught:
        DataFolder(folder).lock()
    assert caught.value.stable_code == "disk_full"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full: run it on Linux")
def test_a_log_on_a_full_disk_loses_lines_but_not_the_child() -> None:
    log = BoundedLog(Path("/dev/full"))
    log.write("said")
    assert log.tail() == "said"


def test_a_log_stays_bounded(tmp_path: Path) -> None:
    log = BoundedLog(tmp_path / "log", limit=1000, remembered=3)
    for number in range(1000):
        log.write(f"line {number}\n")
    assert log.tail() == "line 997\nline 998\nline 999"
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 2100
    assert (tmp_path / "log").stat().st_mode & 0o077 == 0


def test_a_path_of_another_users_making_is_not_trusted_for_sockets(folder: Path) -> None:
    deep = DataFolder(folder / ("x" * 100))
    first = deep.socket_room("socket", AS_WE_ARE)
    assert deep.socket_room("socket", AS_WE_ARE) == first
    first.chmod(0o777)
    with pytest.raises(SetupFault, match="open to others"):
        deep.socket_room("socket", AS_WE_ARE)
    first.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes users: run this as root")
def test_as_root_programs_out_of_reach_are_copied(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    account = service_account(folder)
    assert account.uid != 0
    folder.mkdir()
    folder.chmod(0o755)

    def unreachable(self: Account, path: Path) -> bool:
        return False

    monkeypatch.setattr(Account, "can_reach", unreachable)
    programs, valkey = postgres_programs(account, folder), valkey_program(account, folder)
    made = (programs / "postgres").stat().st_mtime_ns
    assert postgres_programs(account, folder) == programs
    assert (programs / "postgres").stat().st_mtime_ns == made
    monkeypatch.undo()
    assert account.can_reach(programs / "initdb")
    assert account.can_reach(valkey)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes users: run this as root")
def test_as_root_a_folder_out_of_reach_is_refused(folder: Path) -> None:
    folder.parent.chmod(0o700)
    account = service_account(folder)
    with DataFolder(folder) as data, pytest.raises(SetupFault, match=user_name(account.uid)) as caught:
        data.room("postgres", account)
    assert caught.value.stable_code == "data_folder_unreachable"


def test_a_user_without_a_name_is_shown_by_number() -> None:
    assert user_name(54_321) == "54321"


def test_an_account_reaches_what_modes_allow(folder: Path) -> None:
    folder.mkdir()
    (folder / "file").write_text("")
    status = folder.stat()
    stranger = Account(54_321, 54_322)
    owner, member = Account(status.st_uid, 54_322), Account(54_321, status.st_gid)
    modes = {0o755: (True, True, True), 0o750: (True, True, False), 0o700: (True, False, False)}
    for mode, expected in modes.items():
        folder.chmod(mode)
        (folder / "file").chmod(mode)
        reached = tuple(each.can_reach(folder / "file") for each in (owner, member, stranger))
        assert reached == expected, oct(mode)
    assert AS_WE_ARE.can_reach(folder / "nowhere")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes users: run this as root")
def test_as_root_the_owner_of_the_data_is_kept(folder: Path) -> None:
    folder.mkdir()
    os.chown(folder, 54_321, 54_322)
    assert service_account(folder) == Account(54_321, 54_322)
