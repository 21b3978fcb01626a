"""Runs by itself, inside a sandbox and outside: tries system calls, prints {name: errno, 0 if it worked}."""

import ctypes
import json
import os
import platform
import sys

libc = ctypes.CDLL(None, use_errno=True)
X86 = platform.machine() == "x86_64"
CLONE_NEWUSER = 0x10000000


def call(number: int, *args: int) -> int:
    ctypes.set_errno(0)
    padded = [ctypes.c_long(arg) for arg in (*args, *[0] * (6 - len(args)))]
    result = libc.syscall(ctypes.c_long(number), *padded)
    return 0 if result >= 0 else ctypes.get_errno()


def in_child(number: int, *args: int) -> int:
    """Try what would change this process in one of its own."""
    child = os.fork()
    if child == 0:
        os._exit(call(number, *args))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def terminal(request: int) -> int:
    _, worker = os.openpty()
    letter = ctypes.create_string_buffer(b"\x03")
    return call(16 if X86 else 29, worker, request, ctypes.addressof(letter))


def numbers() -> dict[str, int]:
    names = (
        "unshare setns mount ptrace process_vm_readv keyctl bpf perf_event_open userfaultfd clone personality"
    )
    x86 = (272, 308, 165, 101, 310, 250, 321, 298, 323, 56, 135)
    arm = (97, 268, 40, 117, 270, 219, 280, 241, 282, 220, 92)
    return dict(zip(names.split(), x86 if X86 else arm, strict=True))


def attempts() -> dict[str, int]:
    n = numbers()
    buffer = ctypes.create_string_buffer(4096)
    vector = (ctypes.c_ulong * 2)(ctypes.addressof(buffer), 16)
    address = ctypes.addressof(vector)
    return {
        "getpid": call(39 if X86 else 172),
        "socket unix": call(41 if X86 else 198, 1, 1, 0),
        "tty size": terminal(0x5413),
        "personality query": call(n["personality"], 0xFFFFFFFF),
        "20 unshare user": in_child(n["unshare"], CLONE_NEWUSER),
        "20 clone user": in_child(n["clone"], CLONE_NEWUSER | 17),
        "20 clone3": call(435, 0, 0),
        "20 setns": call(n["setns"], 0, 0),
        "21 mount": call(n["mount"], 0, 0, 0, 0, 0),
        "21 fsopen": call(430, 0, 0),
        "21 open_tree": call(428, -100, 0, 0),
        "21 mount_setattr": call(442, 0, 0, 0, 0, 0),
        "22 ptrace": in_child(n["ptrace"], 0),
        "23 process_vm_readv": call(n["process_vm_readv"], os.getpid(), address, 1, address, 1, 0),
        "23 pidfd_getfd": call(438, 0, 0, 0),
        "24 keyctl": call(n["keyctl"], 0, -3, 0),
        "25 io_uring_setup": call(425, 1, ctypes.addressof(buffer)),
        "26 bpf": call(n["bpf"], 0, 0, 0),
        "26 perf_event_open": call(n["perf_event_open"], 0, 0, 0, 0, 0),
        "27 userfaultfd": call(n["userfaultfd"], 1),
        "28 TIOCSTI": terminal(0x5412),
        "28 TIOCSTI with high bits": terminal(0x1_0000_5412),
        "28 TIOCLINUX": terminal(0x541C),
        "personality": in_child(n["personality"], 0x0040000),
        "socket vsock": call(41 if X86 else 198, 40, 1, 0),
        "socket netlink netfilter": call(41 if X86 else 198, 16, 3, 12),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(attempts()))
