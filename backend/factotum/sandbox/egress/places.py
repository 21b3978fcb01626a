"""Where the proxies of the services that share a data folder listen, and what killed ones left behind."""

import os
import socket
from contextlib import suppress
from pathlib import Path

from factotum.sandbox.egress.authority import Authority
from factotum.sandbox.egress.proxy import SOCKET

_FOLDER = ".egress"


def place_for_proxy(sandboxes: Path) -> Path:
    """Return a folder for a new proxy, among the sandboxes; remove those of dead services. Blocks."""
    parent = sandboxes / _FOLDER
    parent.mkdir(parents=True, exist_ok=True)
    parent.chmod(0o711)
    for folder in parent.iterdir():
        if not _answers(folder):
            with suppress(OSError):
                (folder / SOCKET).unlink(missing_ok=True)
                Authority.withdraw(folder)
                folder.rmdir()
    return parent / f"{os.getpid()}-{os.urandom(6).hex()}"


def _answers(folder: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe, suppress(OSError):
        probe.settimeout(1)
        held = os.open(folder, os.O_PATH | os.O_DIRECTORY)
        try:
            probe.connect(f"/proc/self/fd/{held}/{SOCKET}")
        finally:
            os.close(held)
        return True
    return False
