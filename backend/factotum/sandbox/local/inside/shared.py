"""What the processes of the supervisor share: packets with descriptors beside them, and ending processes."""

import _socket
import _struct as struct
import os
import resource

from .light import signal

CONTROL = 3
WATCHED = {signal.SIGCHLD, signal.SIGTERM}
PACKET = 131072
MOST_DESCRIPTORS = 8


def keep_only(descriptor: int) -> "_socket.socket":
    """Close all but one, which becomes CONTROL, and the standard ones."""
    if descriptor != CONTROL:
        os.dup2(descriptor, CONTROL)
    os.set_inheritable(CONTROL, False)
    os.closerange(CONTROL + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    return _socket.socket(fileno=CONTROL)


def limit(which: int, value: int) -> None:
    """Set a resource limit, hard and soft, unless it is tighter already."""
    _, most = resource.getrlimit(which)
    value = value if most == resource.RLIM_INFINITY else min(value, most)
    resource.setrlimit(which, (value, value))


def receive(source: "_socket.socket") -> "tuple[bytes, list[int]]":
    """Return a packet and the descriptors beside it; an empty one is the end."""
    size = _socket.CMSG_SPACE(4 * MOST_DESCRIPTORS)
    packet, beside, _, _ = source.recvmsg(PACKET, size, _socket.MSG_CMSG_CLOEXEC)
    held = [part for _, _, data in beside for part in struct.unpack(f"{len(data) // 4}i", data)]
    return packet, held


def pass_on(target: "_socket.socket", packet: bytes, held: "list[int]") -> None:
    """Send a packet with descriptors beside it."""
    beside = struct.pack(f"{len(held)}i", *held)
    target.sendmsg([packet], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, beside)])


def parents() -> "dict[int, list[int]]":
    """Return the children of every process."""
    tree: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", "rb") as file:
                    parent = int(file.read().rpartition(b")")[2].split()[1])
            except (OSError, IndexError):
                continue
            tree.setdefault(parent, []).append(int(entry))
    return tree


def end_all(tree: "dict[int, list[int]]", processes: "list[int]") -> None:
    """Kill processes and all that came of them."""
    waiting = list(processes)
    while waiting:
        process = waiting.pop()
        waiting += tree.get(process, [])
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            pass
