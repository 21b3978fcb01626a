"""The commands on secrets. Values come by a prompt or a pipe, and are printed nowhere."""

import sys
from datetime import datetime
from getpass import getpass
from urllib.parse import quote

from pydantic import BaseModel
from rich.table import Table
from rich.text import Text

from factotum.cli.faults import Output, write_json
from factotum.cli.output import make_console
from factotum.cli.run import connect

_MOST_READ = 10_000


class Secret(BaseModel):
    """A secret as the service tells of it."""

    name: str
    hosts: list[str]
    created_at: datetime
    updated_at: datetime
    last_used_at: datetime | None


class Secrets(BaseModel):
    """All of an account's, by name."""

    items: list[Secret]


def list_secrets(output: Output) -> None:
    """Print the account's secrets."""
    with connect() as service:
        secrets = service.call(Secrets, "GET", "/v1/secrets").items
    if output is not Output.TEXT:
        write_json({"items": [secret.model_dump(mode="json") for secret in secrets]})
        return
    console = make_console()
    table = Table("Secret", "Hosts", "Last used", box=None, pad_edge=False, header_style="bold")
    for secret in secrets:
        used = f"{secret.last_used_at.astimezone():%Y-%m-%d %H:%M}" if secret.last_used_at else "never"
        row = (secret.name, ", ".join(secret.hosts), used)
        if console.is_terminal:
            table.add_row(*row)
        else:
            console.file.write("\t".join(row) + "\n")
    if not secrets:
        console.print(Text("There are no secrets yet.", "dim"))
    elif console.is_terminal:
        console.print(table)


def set_secret(name: str, hosts: list[str], output: Output, *, keep_value: bool) -> None:
    """Set a secret to what is typed or piped in, or change its hosts alone."""
    value = None if keep_value else _read(name)
    with connect() as service:
        body = {"value": value, "hosts": hosts}
        secret = service.call(Secret, "PUT", _path(name), json=body)
    if output is not Output.TEXT:
        write_json(secret.model_dump(mode="json"))
        return
    said = f"{name} may go to {', '.join(secret.hosts)}. Runs that begin now can use it as ${name}."
    make_console().print(Text(said), soft_wrap=True)


def delete_secret(name: str, output: Output) -> None:
    """Forget a secret."""
    with connect() as service:
        service.remove(_path(name))
    if output is not Output.TEXT:
        write_json({"deleted": name})
        return
    make_console().print(Text(f"{name} is deleted."))


def _path(name: str) -> str:
    return f"/v1/secrets/{quote(name, safe='')}"


def _read(name: str) -> str:
    if sys.stdin.isatty():
        return getpass(f"Value of {name} (it is not shown): ").strip()
    return sys.stdin.read(_MOST_READ).strip()
