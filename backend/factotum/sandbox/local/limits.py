"""What one project may use of the machine."""

from dataclasses import dataclass

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one project's sandbox, shared by all its commands at a time. Sizes are bytes."""

    memory_bytes: int = 2048 * _MIB
    processes: int = 512
    """Threads count too: a browser with six tabs has about 200."""
    cpus: float | None = None
    """How many CPUs' worth of time; None leaves it to the kernel's fair share."""
    disk_bytes: int = 5120 * _MIB
    """Workspace and home together, in blocks really used."""
    disk_entries: int = 200_000
    """Files, folders and links in workspace and home together."""
    file_bytes: int = 2048 * _MIB
    """The largest single file a command may write."""
    temporary_bytes: int = 512 * _MIB
    """/tmp, and again /dev/shm: both live in memory."""
    open_files: int = 4096
    free_bytes: int = 512 * _MIB
    """What commands must leave free on the disk that holds the workspaces."""
