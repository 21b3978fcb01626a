"""Snapshots of a provider that has none."""

from collections.abc import Sequence

from factotum.core.errors import Unavailable
from factotum.sandbox.port import SnapshotInfo


class NoSnapshots:
    """Refuses what is asked of it, but lists nothing. Implements the port's Snapshots."""

    async def take(self, note: str = "") -> SnapshotInfo:
        """Raise Unavailable (`not_supported`)."""
        del note
        raise _refusal()

    async def keep(self, note: str = "") -> SnapshotInfo | None:
        """Raise Unavailable (`not_supported`)."""
        del note
        raise _refusal()

    async def list(self) -> Sequence[SnapshotInfo]:
        """Return none."""
        return ()

    async def restore(self, snapshot_id: str, note: str = "") -> None:
        """Raise Unavailable (`not_supported`)."""
        del snapshot_id, note
        raise _refusal()

    async def delete(self, snapshot_id: str) -> None:
        """Do nothing: there is none."""


def _refusal() -> Unavailable:
    return Unavailable(
        "This sandbox keeps no snapshots.", hint="Copy what matters to another folder.", code="not_supported"
    )
