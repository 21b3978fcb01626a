"""`factotum versions`: what can be typed. As in `main`, nothing is imported before it is used."""

from typing import Annotated

import typer

from factotum.cli.faults import Output, boundary
from factotum.cli.options import Listing, ListingOption

app = typer.Typer(
    help="Earlier states of a thread's files, kept before and after each run.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

ThreadArgument = Annotated[str, typer.Argument(metavar="THREAD_ID")]
VersionArgument = Annotated[str, typer.Argument(metavar="VERSION_ID", help="See `factotum versions list`.")]


@app.command("list")
def list_(thread_id: ThreadArgument, *, output: ListingOption = Listing.TEXT) -> None:
    """List the versions of a thread's files, newest first."""
    with boundary(Output(output.value)):
        from factotum.cli.versions import list_versions

        list_versions(thread_id, Output(output.value))


@app.command()
def take(
    thread_id: ThreadArgument,
    *,
    note: Annotated[str, typer.Option(help="What it shall be known by.")] = "",
    output: ListingOption = Listing.TEXT,
) -> None:
    """Keep the files as they are now."""
    with boundary(Output(output.value)):
        from factotum.cli.versions import take_version

        take_version(thread_id, note, Output(output.value))


@app.command()
def restore(
    thread_id: ThreadArgument, version_id: VersionArgument, *, output: ListingOption = Listing.TEXT
) -> None:
    """Put a version back. What is there now is kept as a version first; what runs in the sandbox ends."""
    with boundary(Output(output.value)):
        from factotum.cli.versions import restore_version

        restore_version(thread_id, version_id, Output(output.value))


@app.command()
def delete(
    thread_id: ThreadArgument, version_id: VersionArgument, *, output: ListingOption = Listing.TEXT
) -> None:
    """Delete a version."""
    with boundary(Output(output.value)):
        from factotum.cli.versions import delete_version

        delete_version(thread_id, version_id, Output(output.value))
