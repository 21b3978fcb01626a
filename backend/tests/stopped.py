"""Processes that are stopped without dying: they answer nothing, and the system says nothing of them."""

import os
import signal
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def stopped(leader: int | None) -> Generator[None]:
    """Stop a process and its children, as Postgres and its backends are, for as long as the block lasts."""
    assert leader is not None
    os.kill(leader, signal.SIGSTOP)  # first: then there come no more of them
    family = [leader]
    try:
        children = Path(f"/proc/{leader}/task/{leader}/children").read_text().split()
        for child in map(int, children):
            os.kill(child, signal.SIGSTOP)
            family.append(child)
        yield
    finally:
        for process in family:
            os.kill(process, signal.SIGCONT)
