"""A folder of its own for each test, and services on it that can be killed."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.embedded.processes import Service, StartService


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield the path of a data folder that does not exist yet, short enough for sockets."""
    parent = Path(tempfile.mkdtemp(prefix="ft-"))
    parent.chmod(0o755)
    yield parent / "d"
    shutil.rmtree(parent, ignore_errors=True)


@pytest.fixture
def start_service(folder: Path) -> Iterator[StartService]:
    """Yield a function that starts a service on `folder`; all are ended after the test."""
    with contextlib.ExitStack() as services:
        yield lambda user=None: services.enter_context(Service(folder, user=user))
