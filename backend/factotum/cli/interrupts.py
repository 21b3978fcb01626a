"""Ctrl-C as something that is counted and decided on, not an exception in the middle of anything."""

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self


class Interrupts:
    """A context that counts SIGINT. Where it is ignored, as for a job in the background, it stays so."""

    def __init__(self) -> None:
        self.count = 0
        self._counts = False

    def __enter__(self) -> Self:
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._take)
            self._counts = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._counts:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    @contextmanager
    def raised(self) -> Generator[None]:
        """Raise KeyboardInterrupt inside this block, so that reading a line ends; it is counted too."""
        if not self._counts:
            yield
            return
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            yield
        except KeyboardInterrupt:
            self.count += 1
            raise
        finally:
            signal.signal(signal.SIGINT, self._take)

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
