"""Fails when a room's tests cover too little: all of parsing, protocol and agent, nine tenths of the others.

Lines and branches count together, as `coverage` reports them. Argument: the file of `coverage json`.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WHOLE = frozenset({"parsing", "protocol", "agent"})
PART_PERCENT = 90.0


@dataclass
class Room:
    """Counts of one room: what was covered, what there is, and where something is missing."""

    covered: int = 0
    total: int = 0
    missing: list[str] = field(default_factory=list)

    @property
    def percent(self) -> float:
        """How much is covered; an empty room is covered."""
        return 100.0 * self.covered / self.total if self.total else 100.0


def main() -> int:
    """Print a table of the rooms; return 1 when one is below its bound."""
    files: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["files"]
    rooms: defaultdict[str, Room] = defaultdict(Room)
    for name, file in files.items():
        add(rooms[room_of(name)], name, file["summary"])
    failed = False
    print(f"{'room':<12} {'covered':>8} {'bound':>6}")
    for name, room in sorted(rooms.items()):
        needed = 100.0 if name in WHOLE else PART_PERCENT
        short = room.percent < needed
        failed |= short
        print(f"{name:<12} {room.percent:>7.1f}% {needed:>5.0f}%{'  too low' if short else ''}")
        for line in room.missing if short else []:
            print(f"    {line}")
    return 1 if failed else 0


def room_of(name: str) -> str:
    """Return the package below `factotum` that the file belongs to."""
    parts = Path(name).parts
    return parts[1] if len(parts) > 2 else "(top)"


def add(room: Room, name: str, summary: dict[str, Any]) -> None:
    """Count one file in."""
    covered = int(summary["covered_lines"]) + int(summary.get("covered_branches", 0))
    total = int(summary["num_statements"]) + int(summary.get("num_branches", 0))
    room.covered += covered
    room.total += total
    if covered < total:
        room.missing.append(f"{name}: {total - covered} of {total} lines and branches not covered")


if __name__ == "__main__":
    sys.exit(main())
