"""The commands of the account: its API keys, and what it used."""

import re
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import quote

from pydantic import BaseModel
from rich.text import Text

from factotum.cli import text as write
from factotum.cli.faults import Output, write_json
from factotum.cli.output import make_console
from factotum.cli.run import connect
from factotum.cli.table import print_table
from factotum.core.clock import now
from factotum.core.errors import InvalidInput

_SPAN = re.compile(r"(\d{1,5})\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_HEADS = {"day": "Day (UTC)", "model": "Model", "agent": "Agent"}

By = Literal["day", "model", "agent"]


class Key(BaseModel):
    """An API key without the key itself."""

    id: str
    name: str
    prefix: str
    scope: str
    expires_at: datetime | None = None
    last_used_at: datetime | None = None


class MadeKey(Key):
    """A new key, told this once."""

    key: str


class Keys(BaseModel):
    """The keys of the account."""

    items: list[Key]


class Sum(BaseModel):
    """What runs used. `cost_usd` None: no price is known."""

    runs: int
    steps: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: float | None = None


class Item(Sum):
    """Of one day, model or agent."""

    key: str
    name: str


class Used(BaseModel):
    """The sums of a period."""

    items: list[Item]
    total: Sum


def list_keys(output: Output) -> None:
    """Print the keys that were not revoked."""
    with connect() as service:
        keys = service.call(Keys, "GET", "/v1/keys")
    if output is not Output.TEXT:
        write_json(keys.model_dump(mode="json"))
        return
    rows = [
        (key.id, key.name, f"{key.prefix}…", key.scope, _expiry(key), _moment(key.last_used_at, "never"))
        for key in keys.items
    ]
    heads = ("Key", "Name", "Begins", "May", "Expires", "Last used")
    print_table(heads, rows, "There are no keys yet: factotum keys create NAME")


def create_key(name: str, *, read_only: bool, expires_in: str | None, output: Output) -> None:
    """Make a key and print it, on stdout alone for a program that reads it there.

    Raises InvalidInput (`span_invalid`).
    """
    body: dict[str, object] = {"name": name, "scope": "read" if read_only else "write"}
    if expires_in is not None:
        body["expires_at"] = (now() + span(expires_in)).isoformat()
    with connect() as service:
        made = service.call(MadeKey, "POST", "/v1/keys", json=body)
    if output is not Output.TEXT:
        write_json(made.model_dump(mode="json"))
        return
    console = make_console()
    console.file.write(made.key + "\n")
    if console.is_terminal:
        until = "is revoked" if made.expires_at is None else f"expires, {_expiry(made)}"
        console.print(Text(f"It is not shown again, and good until it {until}.", "dim"), soft_wrap=True)


def revoke_key(key_id: str, output: Output) -> None:
    """End a key."""
    with connect() as service:
        service.remove(f"/v1/keys/{quote(key_id, safe='')}")
    if output is not Output.TEXT:
        write_json({"revoked": key_id})
        return
    make_console().print(Text("Revoked: within seconds it opens nothing any more."))


def show_usage(days: int, by: By, output: Output) -> None:
    """Print what was used in the last `days`, today included."""
    today = now().date()
    first = today - timedelta(days=days - 1)
    query = {"from": str(first), "to": str(today), "by": by}
    with connect() as service:
        used = service.call(Used, "GET", "/v1/usage", params=query)
    if output is not Output.TEXT:
        write_json({"from": str(first), "to": str(today), "by": by, **used.model_dump(mode="json")})
        return
    rows = [(item.name or "(no agent)", *_figures(item)) for item in used.items]
    if rows:
        rows.append(("Total", *_figures(used.total)))
    heads = (_HEADS[by], "Runs", "Steps", "Input", "Cached", "Output", "Cost")
    print_table(heads, rows, f"Nothing was used in the last {days} days.", numbers=True)


def span(text: str) -> timedelta:
    """Read `90d`, `12h`, `30m`, `2w` or `45s`. Raises InvalidInput (`span_invalid`)."""
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None or int(found[1]) == 0:
        raise InvalidInput(f"{text!r} is no span of time.", hint="Write 90d, 12h or 2w.", code="span_invalid")
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])


def _figures(used: Sum) -> tuple[str, ...]:
    counts = (used.runs, used.steps, used.input_tokens, used.cached_tokens, used.output_tokens)
    return (*(f"{count:,}" for count in counts), write.money(used.cost_usd))


def _expiry(key: Key) -> str:
    return _moment(key.expires_at, "never")


def _moment(at: datetime | None, otherwise: str) -> str:
    return otherwise if at is None else f"{at.astimezone():%Y-%m-%d %H:%M}"
