"""What a Daytona sandbox is made of, and when it rests. Minutes, whole CPUs, GiB."""

from dataclasses import dataclass, field

DEFAULT_API_URL = "https://app.daytona.io/api"
MOST_WARM = 20


@dataclass(frozen=True, slots=True)
class DaytonaOptions:
    """How to reach Daytona, and what to ask it for.

    `snapshot` (the name of one at Daytona) or `image` (of a registry) is what sandboxes are made from; with
    neither, Daytona's default snapshot. Resources count for images only: a snapshot has its own.
    """

    api_key: str = field(repr=False)
    api_url: str = DEFAULT_API_URL
    target: str | None = None
    environment: str = "local"
    """Sandboxes of one environment are not seen by another."""
    snapshot: str | None = None
    image: str | None = None
    cpu: int = 2
    memory_gib: int = 4
    disk_gib: int = 8
    auto_stop_minutes: int = 15
    auto_archive_minutes: int = 60 * 24
    auto_delete_minutes: int = 60 * 24 * 30
    """After the stop; -1 never."""
    network_allow: tuple[str, ...] = ()
    """Addresses (CIDR) that sandboxes may reach. None: no network."""
    domain_allow: tuple[str, ...] = ()
    """Domains that sandboxes may reach."""
    warm: int = 0
    """How many sandboxes Daytona keeps ready for the snapshot; at most MOST_WARM."""
    create_seconds: float = 120.0
    start_seconds: float = 120.0
