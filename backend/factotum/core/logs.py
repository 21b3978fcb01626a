"""Logging: one record a line, JSON where machines read it, redacted, with the run it belongs to."""

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

from factotum.core.redaction import redact

run_in_log: ContextVar[str | None] = ContextVar("run_in_log", default=None)
"""The id of the run that the current task works for; it stands in each record."""

_QUIET = (
    "uvicorn",
    "httpx",
    "httpcore",
    "LiteLLM",
    "openai",
    "procrastinate",
    "psycopg.pool",
    "asyncio",
    "alembic",
)


class LineFormatter(logging.Formatter):
    """Formats a record, redacted: as one line of JSON, or for people."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """Return the record with its traceback. For people, all but its first line are indented.

        So no text that is logged can pass for a record of its own.
        """
        text = record.getMessage()
        if record.exc_info:
            text = f"{text}\n{self.formatException(record.exc_info)}"
        text = redact(text)
        at = datetime.fromtimestamp(record.created, UTC)
        run_id = run_in_log.get()
        if not self._as_json:
            run = f" run={run_id}" if run_id else ""
            return f"{at:%H:%M:%S} {record.levelname.lower():7} {record.name}{run}: {_indented(text)}"
        level = record.levelname.lower()
        fields = {"at": at.isoformat(), "level": level, "logger": record.name, "message": text}
        if run_id:
            fields["run_id"] = run_id
        return json.dumps(fields, ensure_ascii=False)


def _indented(text: str) -> str:
    return "\n    ".join(text.splitlines())


def configure_logs(*, as_json: bool, level: int = logging.INFO) -> None:
    """Send all logging of the process to stderr in one form. Libraries that chat are held at warnings."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(as_json=as_json))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
