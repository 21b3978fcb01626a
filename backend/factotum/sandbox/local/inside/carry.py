"""Carries one connection between the service and a port in here, in a process of its own."""

import _socket
import _thread

from .light import signal
from .shared import WATCHED


def carry(outer: "_socket.socket", port: int) -> None:
    """Carry one connection between the service and a port in here."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, WATCHED)
    for family, address in ((_socket.AF_INET, "127.0.0.1"), (_socket.AF_INET6, "::1")):
        try:
            inner = _socket.socket(family, _socket.SOCK_STREAM)
            inner.connect((address, port))
            break
        except OSError:
            continue
    else:
        outer.send(b"\0")
        return
    outer.send(b"\1")
    done = _thread.allocate_lock()
    done.acquire()

    def back() -> None:
        shovel(inner, outer)
        done.release()

    _thread.start_new_thread(back, ())
    shovel(outer, inner)
    done.acquire()


def shovel(source: "_socket.socket", target: "_socket.socket") -> None:
    """Copy one direction of a connection, and pass its end on, also one by a reset."""
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    try:
        target.shutdown(_socket.SHUT_WR)
    except OSError:
        pass
