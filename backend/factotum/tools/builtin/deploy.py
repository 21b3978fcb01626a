"""deploy: publishes a static folder of the workspace, so that people can open it."""

from contextlib import AsyncExitStack
from typing import Annotated, Protocol

from pydantic import Field

from factotum.core.tasks import whole
from factotum.core.wording import count
from factotum.sandbox.sites.gathering import Gathered, gather
from factotum.sandbox.sites.shelf import Shelf
from factotum.tools.builtin.publishing import Publisher, Site
from factotum.tools.declare import tool
from factotum.tools.tool import Tool, ToolContext, ToolOutput, XmlForm

_NAMED = 20
_NAME = r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$"


class DeploymentBook(Protocol):
    """Keeps what is deployed, for the lists of people and for taking it away with its project."""

    async def begin(self, site: Site) -> None:
        """Note that a site is about to be shown: nothing is that is not in the book.

        Raises NotFound where no run of the project is at work, Conflict (`deployments_full`).
        """
        ...

    async def done(self, site: Site, *, address: str, files: int, size: int) -> None:
        """Note what it shows now."""
        ...


def make_deploy(publisher: Publisher, book: DeploymentBook, shelf: Shelf) -> Tool:
    """Return the tool. `shelf` gives room to gather in."""

    @tool(
        effect="idempotent",
        family="deploy",
        subject="folder",
        xml=XmlForm("deploy", attributes=("folder", "name")),
        deadline_seconds=900,
        output_limit=6_000,
        example={"folder": "dist", "name": "site"},
    )
    async def deploy(
        context: ToolContext,
        folder: Annotated[str, Field(min_length=1, max_length=1000)],
        name: Annotated[str, Field(pattern=_NAME)] = "site",
    ) -> ToolOutput:
        """Publish a folder of static files (HTML, CSS, scripts, images) and return its address.

        The folder needs an index.html, and is shown as it is now: deploy again, under the same name, after a
        change. Nothing runs on the server; to show a program that runs in the sandbox use expose_port. Hidden
        files and keys are left out. Who has the address can see it, so ask the person first when something
        in it may be private.

        Args:
            folder: The folder of the workspace to publish, often dist, build or public.
            name: What the site is called: lower-case letters, digits and dashes. The same name replaces it.
        """
        sandbox = await context.sandbox()
        site = Site(sandbox.project_id, name, publisher.target)
        async with AsyncExitStack() as stack:
            room = await stack.enter_async_context(shelf.room())
            gathered = await gather(sandbox, folder, room)
            size = f"{gathered.size / 1_000_000:.1f} MB"
            await context.output("stdout", f"{count(len(gathered.files), 'file')}, {size}\n")
            await book.begin(site)
            published = await publisher.publish(site, gathered, room, key=f"factotum {context.call_id}")
            await whole(
                book.done(site, address=published.address, files=len(gathered.files), size=gathered.size)
            )
        return ToolOutput(
            f"Deployed {folder} as {name}: {published.address}\n"
            f"{count(len(gathered.files), 'file')}, {size}. {published.note}{_left_out(gathered)}"
        )

    return deploy


def _left_out(gathered: Gathered) -> str:
    paths = gathered.left_out
    if not paths:
        return ""
    named = ", ".join(paths[:_NAMED]) + (f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else "")
    return f"\nLeft out: {named}."
