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
        self._count = 0
        self._taken = 0
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

    @property
    def pending(self) -> bool:
        """Whether Ctrl-C was pressed since `take` was asked last."""
        return self._count > self._taken

    def take(self) -> bool:
        """Tell whether Ctrl-C was pressed, once for each time that it was found so."""
        pressed, self._taken = self.pending, self._count
        return pressed

    @contextmanager
    def raised(self) -> Generator[None]:
        """Raise KeyboardInterrupt inside this block, so that reading a line ends; it is counted too.

        One that was pressed just before is raised at once: it must not be lost.
        """
        if not self._counts:
            yield
            return
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            if self.pending:
                raise KeyboardInterrupt
            yield
        except KeyboardInterrupt:
            self._count = max(self._count, self._taken + 1)
            raise
        finally:
            signal.signal(signal.SIGINT, self._take)

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        self._count += 1
