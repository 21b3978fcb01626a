"""Carries connections of programs in here to the egress proxy outside, whose socket is bound in."""

import _socket
import _thread

from .carry import shovel
from .light import signal
from .shared import WATCHED

PORT = 3128
SOCKET = "/run/egress/proxy.sock"
MOST = 128


def listen() -> "_socket.socket":
    """Take the port."""
    listener = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    listener.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", PORT))
    listener.listen(MOST)
    return listener


def forward(listener: "_socket.socket") -> None:
    """Carry every connection that comes, at most so many at once."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, WATCHED)
    room = [None] * MOST
    while True:
        inner = _socket.socket(fileno=accept(listener))
        try:
            room.pop()
        except IndexError:
            inner.close()
            continue
        try:
            _thread.start_new_thread(join, (inner, room))
        except RuntimeError:  # no room for threads now
            inner.close()
            room.append(None)


def accept(listener: "_socket.socket") -> int:
    """Wait for a connection, and return its descriptor: what `socket.socket` does, without its import."""
    return listener._accept()[0]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]


def join(inner: "_socket.socket", room: "list[None]") -> None:
    """Carry one connection to its end."""
    outer = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    done = _thread.allocate_lock()
    done.acquire()

    def back() -> None:
        shovel(outer, inner)
        done.release()

    try:
        outer.connect(SOCKET)
        _thread.start_new_thread(back, ())
        shovel(inner, outer)
        done.acquire()
    except (OSError, RuntimeError):
        pass
    finally:
        inner.close()
        outer.close()
        room.append(None)
