"""The system-call filter: Flatpak's list and what has been used to break out since, as compiled BPF.

Flatpak's list: https://github.com/flatpak/flatpak/blob/main/common/flatpak-run.c (setup_seccomp). Everything
not named is allowed; calls of a foreign ABI (32-bit, x32) kill the caller, since they would go round the
list.
"""

import errno
import os
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType as _Library

    from pyseccomp import SyscallFilter

_FORBIDDEN = (
    # The kernel's log, accounting, keys, quota, time, modules and power
    *(
        "syslog",
        "uselib",
        "acct",
        "quotactl",
        "add_key",
        "keyctl",
        "request_key",
        "settimeofday",
        "clock_settime",
    ),
    *("init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot"),
    *("swapon", "swapoff", "iopl", "ioperm", "modify_ldt", "vhangup", "lookup_dcookie", "nfsservctl"),
    # NUMA placement
    *("move_pages", "mbind", "get_mempolicy", "set_mempolicy", "migrate_pages"),
    # Namespaces and mounts
    *("unshare", "setns", "mount", "umount", "umount2", "pivot_root", "chroot"),
    # Other processes, and doors into the kernel
    *("ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "perf_event_open", "bpf", "userfaultfd"),
    *("open_by_handle_at", "name_to_handle_at", "fanotify_init"),
)
# By number, the same on every architecture since 424, so that an old libseccomp knows them too.
_FORBIDDEN_NUMBERS = (
    438,  # pidfd_getfd
    440,  # process_madvise
    443,  # quotactl_fd
    450,  # set_mempolicy_home_node
)
# Libraries probe for these and fall back when the kernel seems too old; EPERM would stop them.
_ABSENT_NUMBERS = (
    *(425, 426, 427),  # io_uring_setup, io_uring_enter, io_uring_register
    *(
        428,
        429,
        430,
        431,
        432,
        433,
        442,
    ),  # open_tree, move_mount, fsopen, fsconfig, fsmount, fspick, mount_setattr
    435,  # clone3: its flags are behind a pointer that a filter cannot read; libc falls back to clone
    467,  # open_tree_attr
)
_CLONE_NEWUSER = 0x10000000
_TTY_INJECTION = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
_LOW_WORD = 0xFFFFFFFF
_WORD_BITS = 32
_NETLINK = 16
_FAMILIES = (1, 2, 10, _NETLINK)  # Unix, IPv4, IPv6, netlink; AF_VSOCK would reach the hypervisor


class SeccompMissing(Exception):
    """libseccomp is not on this machine, or cannot build the filter."""


@cache
def filter_program() -> bytes:
    """Return the BPF program for bwrap's `--seccomp`. Blocks for about 20 ms the first time.

    Raises SeccompMissing.
    """
    try:
        import pyseccomp  # noqa: PLC0415 - looks for libseccomp when imported, and fails without it
    except (ImportError, RuntimeError) as error:
        raise SeccompMissing(str(error)) from error
    descriptor = os.memfd_create("seccomp")
    with os.fdopen(descriptor, "w+b") as file:
        try:
            _build(pyseccomp).export_bpf(file)
        except OSError as error:
            raise SeccompMissing(str(error)) from error
        file.seek(0)
        return file.read()


def _build(lib: "_Library") -> "SyscallFilter":
    rules = lib.SyscallFilter(lib.ALLOW)
    refuse, absent = lib.ERRNO(errno.EPERM), lib.ERRNO(errno.ENOSYS)
    for call in (*_FORBIDDEN, *_FORBIDDEN_NUMBERS):
        rules.add_rule(refuse, call)
    for call in _ABSENT_NUMBERS:
        rules.add_rule(absent, call)
    rules.add_rule(refuse, "clone", lib.Arg(0, lib.MASKED_EQ, _CLONE_NEWUSER, _CLONE_NEWUSER))
    for request in _TTY_INJECTION:
        # The kernel looks at the low word only (CVE-2017-5226 and CVE-2019-10063 went round a full compare).
        rules.add_rule(refuse, "ioctl", lib.Arg(1, lib.MASKED_EQ, _LOW_WORD, request))
    _limit_sockets(lib, rules, refuse)
    _limit_personality(lib, rules, refuse)
    return rules


def _limit_sockets(lib: "_Library", rules: "SyscallFilter", refuse: int) -> None:
    highest = max(_FAMILIES)
    for family in set(range(highest)) - set(_FAMILIES):
        rules.add_rule(refuse, "socket", lib.Arg(0, lib.EQ, family))
    rules.add_rule(refuse, "socket", lib.Arg(0, lib.GT, highest))
    # Of netlink only protocol 0, routes and addresses: the others reach far corners of the kernel.
    rules.add_rule(refuse, "socket", lib.Arg(0, lib.EQ, _NETLINK), lib.Arg(2, lib.NE, 0))


def _limit_personality(lib: "_Library", rules: "SyscallFilter", refuse: int) -> None:
    # Plain Linux (0) and the question which one it is (all ones) may pass. libseccomp takes one comparison an
    # argument, so the others are met by what they all have: a bit that is set below one that is clear.
    for bit in range(_WORD_BITS):
        here, above = 1 << bit, 1 << (bit + 1) % _WORD_BITS
        rules.add_rule(refuse, "personality", lib.Arg(0, lib.MASKED_EQ, here | above, here))
