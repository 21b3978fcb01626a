"""Where deployed folders go: Cloudflare Pages with the operator's token, else this machine's own shelf."""

import asyncio
import hashlib
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol

from factotum.clients.cloudflare import CloudflarePages, PagesFile
from factotum.core.errors import Unavailable
from factotum.sandbox.sites.gathering import Gathered
from factotum.sandbox.sites.shelf import Shelf
from factotum.sandbox.sites.types import content_type, extension

Target = Literal["cloudflare", "local"]
LOCAL_SECONDS: Final = 24 * 3600
"""How long an address of a local deployment is good for; the list of deployments gives a new one."""
_NAMESPACE: Final = uuid.UUID("6f1d3a52-7c1e-5b8e-9d40-3c7f1a0e5d21")


@dataclass(frozen=True, slots=True)
class Site:
    """A deployment: one for each project, name and target, whatever it shows."""

    project_id: str
    name: str
    target: Target

    @property
    def id(self) -> str:
        """Its id, the same for the same site."""
        return str(uuid.uuid5(_NAMESPACE, f"{self.target}/{self.project_id}/{self.name}"))

    @property
    def pages_project(self) -> str:
        """What it is called at Cloudflare, where all of the operator's sites are neighbours.

        It ends with what only its project has, so that no site takes another one's place.
        """
        return f"{self.name}-{hashlib.sha256(self.project_id.encode()).hexdigest()[:10]}"


@dataclass(frozen=True, slots=True)
class Published:
    """What was done: the address to give to people, and more to say about it."""

    address: str
    note: str


class Publisher(Protocol):
    """Shows sites, and takes them away."""

    @property
    def target(self) -> Target:
        """Where it shows them."""
        ...

    async def publish(self, site: Site, gathered: Gathered, folder: Path, *, key: str) -> Published:
        """Show what was gathered in `folder`, in place of what the site was; `key` as the call's id.

        Raises Unavailable (`not_supported`), ServiceFault.
        """
        ...

    async def withdraw(self, site: Site) -> None:
        """Show it no more; does nothing when it is not there. Raises ServiceFault, OSError."""
        ...


class LocalPublisher:
    """Shows sites as previews of this machine."""

    target: Target = "local"

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def publish(self, site: Site, gathered: Gathered, folder: Path, *, key: str) -> Published:
        """Put the copies on the shelf, and sign an address."""
        del key  # The same files in the same place are the same.
        sign = self._shelf.sign
        if sign is None:
            raise Unavailable(
                "Nothing shows what is deployed here.",
                hint="The operator must set FACTOTUM_PREVIEW_PORT, or Cloudflare's keys (docs/tools.md).",
                code="not_supported",
            )
        await asyncio.to_thread(self._shelf.put, site.id, folder, gathered.files)
        return Published(
            sign(site.id, LOCAL_SECONDS),
            f"The address is good for {LOCAL_SECONDS // 3600} hours, for whoever has it, and as long as this "
            "service runs; the project's list of deployments gives a new one.",
        )

    async def withdraw(self, site: Site) -> None:
        """Take it off the shelf."""
        await asyncio.to_thread(self._shelf.remove, site.id)


class CloudflarePublisher:
    """Shows sites at Cloudflare Pages."""

    target: Target = "cloudflare"

    def __init__(self, pages: CloudflarePages) -> None:
        self._pages = pages

    async def publish(self, site: Site, gathered: Gathered, folder: Path, *, key: str) -> Published:
        """Upload what is missing there, and deploy."""
        del folder
        files = [
            PagesFile(file.path, file.copy, file.size, content_type(file.path), extension(file.path))
            for file in gathered.files
        ]
        live = await self._pages.publish(site.pages_project, files, key=key)
        return Published(
            live.address,
            f"Anybody can see it, until it is withdrawn. {live.uploaded} of the files were new there; this "
            f"version stays at {live.deployment_address}.",
        )

    async def withdraw(self, site: Site) -> None:
        """Delete it there."""
        await self._pages.withdraw(site.pages_project)
