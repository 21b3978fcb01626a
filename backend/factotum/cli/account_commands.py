"""What can be typed about the account: `keys` and `usage`. Imports nothing heavy, as main.py."""

from enum import StrEnum
from typing import Annotated

import typer

from factotum.cli.faults import Output, boundary
from factotum.cli.options import Listing, ListingOption

keys = typer.Typer(help="API keys, which programs sign in with.", no_args_is_help=True)


class By(StrEnum):
    """What the sums of `usage` are of."""

    DAY = "day"
    MODEL = "model"
    AGENT = "agent"


def add_to(app: typer.Typer) -> None:
    """Make the commands known."""
    app.add_typer(keys, name="keys")
    app.command()(usage)


@keys.command("list")
def list_(*, output: ListingOption = Listing.TEXT) -> None:
    """List the keys that were not revoked, newest first."""
    with boundary(Output(output.value)):
        from factotum.cli.account import list_keys

        list_keys(Output(output.value))


@keys.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    *,
    read_only: Annotated[bool, typer.Option("--read-only", help="It may read, and change nothing.")] = False,
    expires_in: Annotated[
        str | None, typer.Option(metavar="SPAN", help="90d, 12h, 2w; without it until it is revoked.")
    ] = None,
    output: ListingOption = Listing.TEXT,
) -> None:
    """Make a key and print it, this once."""
    with boundary(Output(output.value)):
        from factotum.cli.account import create_key

        create_key(name, read_only=read_only, expires_in=expires_in, output=Output(output.value))


@keys.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="KEY_ID", help="As `keys list` has it.")],
    *,
    output: ListingOption = Listing.TEXT,
) -> None:
    """End a key, within seconds."""
    with boundary(Output(output.value)):
        from factotum.cli.account import revoke_key

        revoke_key(key_id, Output(output.value))


def usage(
    *,
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days back, today included.")] = 30,
    by: Annotated[By, typer.Option(help="What the sums are of.")] = By.DAY,
    output: ListingOption = Listing.TEXT,
) -> None:
    """Show what your runs used: tokens, steps, money."""
    with boundary(Output(output.value)):
        from factotum.cli.account import show_usage

        show_usage(days, by.value, Output(output.value))
