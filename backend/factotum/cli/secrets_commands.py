"""`factotum secrets`: what can be typed. As in `main`, nothing is imported before it is used."""

from enum import StrEnum
from typing import Annotated

import typer

from factotum.cli.faults import Output, boundary

app = typer.Typer(
    help="Keys that programs in sandboxes can use and never read.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class Listing(StrEnum):
    """For a person or for a program."""

    TEXT = "text"
    JSON = "json"


ListingOption = Annotated[Listing, typer.Option("--output", "-o", help="For a person or a program.")]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Like a variable: GITHUB_TOKEN.")]


@app.command("list")
def list_(*, output: ListingOption = Listing.TEXT) -> None:
    """List your secrets and where each may go; never a value."""
    with boundary(Output(output.value)):
        from factotum.cli.secrets import list_secrets

        list_secrets(Output(output.value))


@app.command("set")
def set_(
    name: NameArgument,
    *,
    host: Annotated[
        list[str],
        typer.Option("--host", metavar="HOST", help="api.example.com or *.example.com; repeatable."),
    ],
    keep_value: Annotated[bool, typer.Option("--keep-value", help="Change the hosts alone.")] = False,
    output: ListingOption = Listing.TEXT,
) -> None:
    """Set a secret. Its value is asked for, or read from a piped stdin; it never stands in the command."""
    with boundary(Output(output.value)):
        from factotum.cli.secrets import set_secret

        set_secret(name, host, Output(output.value), keep_value=keep_value)


@app.command()
def delete(name: NameArgument, *, output: ListingOption = Listing.TEXT) -> None:
    """Forget a secret."""
    with boundary(Output(output.value)):
        from factotum.cli.secrets import delete_secret

        delete_secret(name, Output(output.value))
