"""A view of the host for bwrap when the service is root: private to the threads that start sandboxes.

bwrap then runs as an unprivileged user, who cannot walk into a 0700 home where our interpreter or data may
lie. So each launching thread leaves for a mount namespace of its own and binds there what sandboxes need to
one place that anyone can reach. The rest of the service sees none of it.
"""

import ctypes
import os
from collections.abc import Mapping
from pathlib import Path

_CLONE_NEWNS = 0x00020000
_MS_NOSUID, _MS_NODEV, _MS_BIND, _MS_REC, _MS_SLAVE = 0x2, 0x4, 0x1000, 0x4000, 0x80000
_PLACES = ("/mnt", "/srv", "/media", "/opt")

_libc = ctypes.CDLL(None, use_errno=True)


def stage_place() -> Path:
    """Return the folder that launching threads cover: one of the standard ones that programs do not live
    in.
    """
    return next((Path(place) for place in _PLACES if Path(place).is_dir()), Path("/tmp"))


def enter_stage(place: Path, sources: Mapping[str, Path]) -> None:
    """Give the calling thread its own mounts, with each source bound at `place`/name. Blocks. Raises OSError.

    Mounts of the host still arrive in it, and are let go when the host unmounts them.
    """
    held = {name: source.resolve(strict=True) for name, source in sources.items()}
    _check(_libc.unshare(_CLONE_NEWNS), "unshare")
    _mount(None, "/", None, _MS_REC | _MS_SLAVE)
    # Opened here: the kernel binds only what is mounted in the caller's own namespace, and `place` may hold
    # some.
    opened = {name: os.open(source, os.O_PATH | os.O_CLOEXEC) for name, source in held.items()}
    try:
        _mount("stage", str(place), "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=0711,size=64k")
        for name, descriptor in opened.items():
            target = place / name
            target.mkdir(mode=0o711)
            _mount(f"/proc/thread-self/fd/{descriptor}", str(target), None, _MS_BIND | _MS_REC)
    finally:
        for descriptor in opened.values():
            os.close(descriptor)


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    texts = [None if text is None else text.encode() for text in (source, target, kind)]
    _check(
        _libc.mount(*texts, ctypes.c_ulong(flags), None if data is None else data.encode()), f"mount {target}"
    )


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
