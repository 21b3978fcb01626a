"""Ctrl-C means what it means in a fresh process, whatever other tests' event loops have left behind."""

import signal
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _own_ctrl_c() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction] - pytest finds it
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
