"""openat2(2): open a path that the agent may be changing under us, and never leave the first folder.

And renameat2(2): move without ever replacing.
"""

import ctypes
import errno
import os

_SYS_OPENAT2 = 437  # the same number on every architecture
_RESOLVE_NO_XDEV = 0x01
_RESOLVE_NO_MAGICLINKS = 0x02
_RESOLVE_BENEATH = 0x08
_RESOLVE = _RESOLVE_NO_XDEV | _RESOLVE_NO_MAGICLINKS | _RESOLVE_BENEATH
_TRIES = 64
_RENAME_NOREPLACE = 1

_libc = ctypes.CDLL(None, use_errno=True)


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def open_beneath(folder: int, path: str, flags: int) -> int:
    """Open `path` under the folder descriptor and return a new descriptor, closed on exec.

    Links are followed as long as they stay beneath the folder. Raises OSError: EXDEV when the path leads out,
    ELOOP for a magic link, ENOSYS on a kernel before 5.6, and what open(2) raises. The kernel answers EAGAIN
    when something was renamed while it looked; that is tried again.
    """
    how = _OpenHow(flags | os.O_CLOEXEC, 0, _RESOLVE)
    encoded = os.fsencode(path)
    for _ in range(_TRIES):
        descriptor: int = _libc.syscall(_SYS_OPENAT2, folder, encoded, ctypes.byref(how), ctypes.sizeof(how))
        if descriptor >= 0:
            return descriptor
        if (number := ctypes.get_errno()) not in (errno.EAGAIN, errno.EINTR):
            raise OSError(number, os.strerror(number), path)
    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), path)


def rename_new(folder: int, name: str, target_folder: int, target: str) -> None:
    """Rename an entry of one folder descriptor into another. Raises OSError, as FileExistsError."""
    done: int = _libc.renameat2(
        folder, os.fsencode(name), target_folder, os.fsencode(target), _RENAME_NOREPLACE
    )
    if done != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)
