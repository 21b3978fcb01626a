"""A service of its own for each test that needs one."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.service_support import Service

StartService = Callable[..., Service]


@pytest.fixture
def start_service(tmp_path: Path) -> Iterator[StartService]:
    """Return a function that starts a service on a fresh data folder, playing a script."""
    folder = Path(tempfile.mkdtemp(prefix="ft-"))
    folder.chmod(0o711)
    services: list[Service] = []

    def start(script: Any, **environment: str) -> Service:
        file = tmp_path / "script.json"
        if isinstance(script, Path):
            file = script
        else:
            file.write_text(json.dumps(script))
        service = Service(folder / "data", file, **environment)
        services.append(service)
        service.start()
        return service

    yield start
    for service in services:
        service.close()
    shutil.rmtree(folder, ignore_errors=True)
