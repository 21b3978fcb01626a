"""Keeps what explains a failure: the histories that were complained of, every write, and the logs."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from chaos.history import Note


def keep(
    folder: Path,
    cluster: Path | None,
    report: Mapping[str, Any],
    notes: Sequence[Note],
    *,
    histories: Mapping[str, Any] | None = None,
) -> Path:
    """Write evidence into `folder`, which is made, and return it.

    With `histories` it is that of one thread, named by the report's `person`; else that of the whole run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if histories is not None:
        (folder / f"thread-{report['person']}.json").write_text(as_json({**report, **histories}))
        return folder
    (folder / "report.json").write_text(as_json(report))
    (folder / "writes.json").write_text(as_json([note._asdict() for note in notes]))
    logs = folder / "logs"
    logs.mkdir(exist_ok=True)
    for log in cluster.rglob("*.log") if cluster is not None else ():
        shutil.copyfile(log, logs / log.name)
    return folder


def as_json(value: object) -> str:
    """Return JSON to keep beside the table."""
    return json.dumps(value, indent=1, default=_plain)


def _plain(value: object) -> object:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)
