"""Pipes in an event loop: read as they fill, at the reader's pace, and written within a time."""

import asyncio
import fcntl
import os
import struct
import termios
from collections.abc import Callable

_CHUNK = 65536


def pipe() -> tuple[int, int]:
    """Return a reading end and a writing end."""
    return os.pipe()


class Reader:
    """Gives what comes to `take`, until the end, then calls `at_end`. Can be held back."""

    def __init__(self, descriptor: int, take: Callable[[bytes], None], at_end: Callable[[], None]) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._take = take
        self._at_end = at_end
        self._loop = asyncio.get_running_loop()
        self._is_open = True
        self._reads = False
        self.go_on()

    def hold(self) -> None:
        """Read no more for now: whoever writes is held up."""
        if self._reads:
            self._reads = False
            self._loop.remove_reader(self._descriptor)

    def go_on(self) -> None:
        """Read again."""
        if self._is_open and not self._reads:
            self._reads = True
            self._loop.add_reader(self._descriptor, self._read)

    def catch_up(self) -> None:
        """Read what has been written up to now."""
        if self._is_open:
            most = fcntl.ioctl(self._descriptor, termios.FIONREAD, bytes(4))
            for _ in range(0, struct.unpack("i", most)[0], _CHUNK):
                self._read()

    def close(self) -> None:
        """Let go, whether it has ended or not."""
        if self._is_open:
            self.hold()
            self._is_open = False
            os.close(self._descriptor)
            self._at_end()

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._take(data)
        else:
            self.close()


async def send(descriptor: int, data: bytes, seconds: float) -> int:
    """Write to a pipe for at most `seconds`; return how many bytes went. Raises OSError."""
    os.set_blocking(descriptor, False)
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    sent = 0
    while sent < len(data):
        try:
            sent += os.write(descriptor, data[sent : sent + _CHUNK])
            continue
        except BlockingIOError:
            pass
        ready = asyncio.Event()
        loop.add_writer(descriptor, ready.set)
        try:
            await asyncio.wait_for(ready.wait(), max(until - loop.time(), 0))
        except TimeoutError:
            break
        finally:
            loop.remove_writer(descriptor)
    return sent
