"""The embedded Valkey keeps what it was given, whatever dies."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from factotum.core.errors import SetupFault
from factotum.embedded.data_folder import DataFolder
from factotum.embedded.valkey import EmbeddedValkey
from tests.embedded.processes import client, kill, restarted


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedValkey]:
    """Yield a running Valkey in a new folder."""
    with DataFolder(folder) as data:
        server = EmbeddedValkey(data)
        server.start()
        yield server
        server.stop()


def test_it_never_evicts_and_listens_on_no_port(server: EmbeddedValkey, folder: Path) -> None:
    with client(server.url) as valkey:
        assert valkey.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert valkey.config_get("port") == {"port": "0"}
        assert valkey.config_get("appendfsync") == {"appendfsync": "everysec"}
    for name in ("valkey", "valkey/data", "valkey/socket"):
        assert (folder / name).stat().st_mode & 0o077 == 0, name


def test_a_restart_keeps_streams(folder: Path) -> None:
    with DataFolder(folder) as data:
        server = EmbeddedValkey(data)
        server.start()
        with client(server.url) as valkey:
            valkey.xadd("log", {"a": "1"}, id="1-0")
        server.stop()
        server.start()
        with client(server.url) as valkey:
            assert valkey.xrange("log") == [("1-0", {"a": "1"})]
        server.stop()


def test_a_killed_server_comes_back_with_its_data(server: EmbeddedValkey) -> None:
    with client(server.url) as valkey:
        valkey.set("kept", "yes")
    killed = server.pid
    kill(killed)
    assert restarted(server)
    assert server.pid != killed
    with client(server.url) as valkey:
        assert valkey.get("kept") == "yes"


def test_a_broken_log_is_refused(folder: Path) -> None:
    with DataFolder(folder) as data:
        server = EmbeddedValkey(data)
        server.start()
        with client(server.url) as valkey:
            valkey.set("kept", "yes")
        server.stop()
        log = next((folder / "valkey/data/appendonlydir").glob("*.incr.aof"))
        log.write_bytes(b"rubbish\r\n" * 10)
        with pytest.raises(SetupFault, match="last words") as caught:
            EmbeddedValkey(data).start()
        assert caught.value.stable_code == "data_folder_broken"
        assert log.read_bytes() == b"rubbish\r\n" * 10
