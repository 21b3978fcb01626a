"""The commands on versions of a thread's files, which are those of its project."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from factotum.cli.client import Service
from factotum.cli.faults import Output, write_json
from factotum.cli.output import make_console
from factotum.cli.run import connect

_REASONS = {
    "before_run": "before a run",
    "after_run": "after a run",
    "before_restore": "before a version was put back",
    "asked": "asked for",
}


class Version(BaseModel):
    """A version as the service tells of it."""

    id: str
    made_at: datetime
    size_bytes: int
    reason: str
    run_id: str | None
    note: str

    @property
    def why(self) -> str:
        """Why it was kept, in words."""
        return self.note or _REASONS.get(self.reason, self.reason)


class Versions(BaseModel):
    """All of a project's, the newest first."""

    items: list[Version]
    supported: bool


def list_versions(thread_id: str, output: Output) -> None:
    """Print the versions of a thread's files."""
    with connect() as service:
        found = service.call(Versions, "GET", _path(service, thread_id))
    if output is not Output.TEXT:
        write_json(found.model_dump(mode="json"))
        return
    console = make_console()
    table = Table("Version", "When", "Size", "Kept", box=None, pad_edge=False, header_style="bold")
    for version in found.items:
        when = f"{version.made_at.astimezone():%Y-%m-%d %H:%M}"
        row = (version.id, when, decimal(version.size_bytes), version.why)
        if console.is_terminal:
            table.add_row(*row)
        else:
            console.file.write("\t".join(row) + "\n")
    if not found.supported:
        console.print(Text("Sandboxes of this service keep no versions.", "dim"))
    elif not found.items:
        console.print(Text("There are no versions yet.", "dim"))
    elif console.is_terminal:
        console.print(table)


def take_version(thread_id: str, note: str, output: Output) -> None:
    """Keep the files as they are."""
    with connect() as service:
        taken = service.call(Version, "POST", _path(service, thread_id), json={"note": note})
    _say(output, f"Kept as {taken.id}.", taken.model_dump(mode="json"))


def restore_version(thread_id: str, version_id: str, output: Output) -> None:
    """Put a version back."""
    with connect() as service:
        service.order("POST", f"{_path(service, thread_id)}/{quote(version_id, safe='')}/restore")
    said = "The files are as they were then; what was there is kept as a version of its own."
    _say(output, said, {"restored": version_id})


def delete_version(thread_id: str, version_id: str, output: Output) -> None:
    """Delete a version."""
    with connect() as service:
        service.remove(f"{_path(service, thread_id)}/{quote(version_id, safe='')}")
    _say(output, f"{version_id} is deleted.", {"deleted": version_id})


def _path(service: Service, thread_id: str) -> str:
    return f"/v1/projects/{service.thread(thread_id).project_id}/snapshots"


def _say(output: Output, text: str, told: dict[str, Any]) -> None:
    if output is not Output.TEXT:
        write_json(told)
        return
    make_console().print(Text(text), soft_wrap=True)
