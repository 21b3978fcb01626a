"""Deploying a folder: to a loopback copy of Cloudflare Pages, and to this machine's own shelf."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from factotum.clients import cloudflare
from factotum.clients.cloudflare import CloudflarePages, file_hash
from factotum.clients.service import Outbound
from factotum.core.errors import Conflict
from factotum.core.ids import new_id
from factotum.sandbox.port import FileInfo
from factotum.sandbox.sites import gathering
from factotum.sandbox.sites.shelf import Shelf
from factotum.testing.memory_context import MemoryToolContext
from factotum.testing.memory_sandbox import MemorySandbox
from factotum.testing.sandbox_conformance import chunks
from factotum.testing.web.cloudflare import CloudflareFake, Fault
from factotum.tools.builtin.deploy import make_deploy
from factotum.tools.builtin.publishing import CloudflarePublisher, LocalPublisher, Publisher, Site
from factotum.tools.execute import ToolResult

TOKEN = "cf-secret-0123456789"


@dataclass
class Book:
    """What was noted, in order."""

    noted: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    full: bool = False

    async def begin(self, site: Site) -> None:
        if self.full:
            raise Conflict("As many as it may have.", code="deployments_full")
        self.noted.append(("begin", site.name, ""))

    async def done(self, site: Site, *, address: str, files: int, size: int) -> None:
        self.noted.append((f"done {files} {size}", site.name, address))


@dataclass
class Stage:
    """A sandbox, a publisher and a book; `fake` is Cloudflare."""

    fake: CloudflareFake
    outbound: Outbound
    shelf: Shelf
    sandbox: MemorySandbox
    book: Book = field(default_factory=Book)
    token: str = TOKEN

    def publisher(self) -> CloudflarePublisher:
        pages = CloudflarePages(self.outbound, SecretStr(self.token), self.fake.account, self.fake.web.root)
        return CloudflarePublisher(pages)

    async def files(self, **content: bytes | str) -> None:
        for name, held in content.items():
            path = name.replace("__", "/").replace("_", ".")
            await self.sandbox.write(
                path, chunks(held.encode() if isinstance(held, str) else held), limit=10**8
            )

    async def deploy(
        self, publisher: Publisher | None = None, call_id: str = "call-1", **arguments: Any
    ) -> ToolResult:
        tool = make_deploy(publisher or self.publisher(), self.book, self.shelf)
        return await MemoryToolContext(self.sandbox, call_id).call(tool, **{"folder": "dist", **arguments})

    @property
    def project(self) -> str:
        return Site(self.sandbox.project_id, "site", "cloudflare").pages_project


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    monkeypatch.setattr(cloudflare, "_LOOK_SECONDS", 0.01)
    fake, outbound = CloudflareFake(TOKEN), Outbound()
    async with fake.web:
        yield Stage(fake, outbound, Shelf(tmp_path / "deployments"), MemorySandbox())
    await outbound.aclose()


def test_the_hash_is_cloudflares() -> None:
    """The vector of wrangler's own tests: `foobar` in logo.png."""
    assert file_hash(b"foobar", "png") == "2082190357cfd3617ccfe04f340c6247"


async def test_a_folder_is_published_at_cloudflare(stage: Stage) -> None:
    await stage.files(
        dist__index_html="<h1>Hello</h1>",
        dist__a__logo_png=b"\x89PNG",
        dist__a__same_png=b"\x89PNG",
        other_txt="x",
    )
    stage.fake.slow = 2
    result = await stage.deploy()
    address = f"https://{stage.project}.pages.dev"
    assert result.outcome == "ok", result.text
    assert result.text.splitlines()[0] == f"Deployed dist as site: {address}"
    assert stage.fake.site(stage.project) == {
        "/index.html": (b"<h1>Hello</h1>", "text/html; charset=utf-8"),
        "/a/logo.png": (b"\x89PNG", "image/png"),
        "/a/same.png": (b"\x89PNG", "image/png"),
    }
    assert stage.fake.projects[stage.project].deployments[0]["environment"] == "production"
    assert stage.book.noted == [("begin", "site", ""), ("done 3 22", "site", address)]
    # Again, changed: only what is new is uploaded, and the same name shows the new version.
    await stage.files(dist__index_html="<h1>Again</h1>")
    uploads = stage.fake.asked["POST upload"]
    again = await stage.deploy(call_id="call-2")
    assert "1 of the files were new" in again.text
    assert stage.fake.asked["POST upload"] == uploads + 1
    assert stage.fake.site(stage.project)["/index.html"][0] == b"<h1>Again</h1>"
    assert len(stage.fake.projects) == 1
    assert list((stage.shelf._folder / ".incoming").iterdir()) == []  # pyright: ignore[reportPrivateUsage]
    assert TOKEN not in result.text + again.text


async def test_a_call_that_is_made_again_deploys_once(stage: Stage) -> None:
    await stage.files(dist__index_html="one")
    assert (await stage.deploy(call_id="same")).outcome == "ok"
    assert (await stage.deploy(call_id="same")).outcome == "ok"
    assert len(stage.fake.projects[stage.project].deployments) == 1
    assert (await stage.deploy(call_id="other")).outcome == "ok"
    assert len(stage.fake.projects[stage.project].deployments) == 2


@pytest.mark.parametrize("kind", ["upload-token", "check-missing", "upload", "upsert-hashes", "projects"])
@pytest.mark.parametrize("status", [429, 500, 503])
async def test_what_passes_is_tried_again(stage: Stage, kind: str, status: int) -> None:
    await stage.files(dist__index_html="one")
    stage.fake.faults[kind] = [Fault(status, {"retry-after": "0"})]
    assert (await stage.deploy()).outcome == "ok"
    assert stage.fake.site(stage.project)["/index.html"][0] == b"one"


@pytest.mark.parametrize("after", [True, False])
async def test_a_deployment_that_may_have_been_made_is_looked_for(stage: Stage, after: bool) -> None:
    await stage.files(dist__index_html="one")
    stage.fake.faults["POST deployments"] = [Fault(500, after=after)]
    assert (await stage.deploy()).outcome == "ok"
    assert len(stage.fake.projects[stage.project].deployments) == 1
    assert stage.fake.asked["POST deployments"] == (1 if after else 2)


async def test_an_upload_token_that_is_over_is_renewed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloudflare, "_BATCH_FILES", 1)
    await stage.files(**{f"dist__{name}_html": name for name in ("index", "a", "b", "c")})
    stage.fake.uses = 2
    assert (await stage.deploy()).outcome == "ok"
    assert stage.fake.asked["GET upload-token"] == 3
    assert len(stage.fake.site(stage.project)) == 4


async def test_an_upload_that_breaks_off_is_taken_up_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloudflare, "_BATCH_FILES", 2)
    monkeypatch.setattr(cloudflare, "_UPLOAD", replace(cloudflare._UPLOAD, attempts=1))  # pyright: ignore[reportPrivateUsage]
    await stage.files(**{f"dist__{name}_html": name for name in ("index", "a", "b", "c")})
    stage.fake.faults["upload"] = [Fault(200, after=True), Fault(502)]
    broken = await stage.deploy()
    assert (broken.outcome, broken.code) == ("error", "service_overloaded")
    assert stage.fake.projects[stage.project].deployments == []
    assert len(stage.fake.content) == 2
    again = await stage.deploy()
    assert "2 of the files were new" in again.text
    assert [step for step, _, _ in stage.book.noted] == ["begin", "begin", "done 4 8"]


async def test_a_token_that_is_not_valid(stage: Stage) -> None:
    await stage.files(dist__index_html="one")
    stage.token = "cf-another-9876543210"
    result = await stage.deploy()
    assert (result.outcome, result.code) == ("error", "service_unauthorized")
    assert "operator should check" in result.text
    assert stage.token not in result.text


async def test_a_deployment_that_fails_there(stage: Stage) -> None:
    await stage.files(dist__index_html="one")
    stage.fake.ends = "failure"
    result = await stage.deploy()
    assert (result.outcome, result.code) == ("error", "service_refused")
    assert "failure" in result.text


async def test_one_that_is_not_shown_in_time(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloudflare, "_LIVE_SECONDS", 0.05)
    await stage.files(dist__index_html="one")
    stage.fake.slow = 10**6
    result = await stage.deploy()
    assert (result.outcome, result.code) == ("error", "service_timeout")
    assert "may be shown later at https://" in result.text


async def test_what_is_not_for_the_public_is_left_out_and_named(stage: Stage) -> None:
    await stage.files(dist__index_html="one")
    for path in (
        ".env",
        ".git/config",
        "a/.secret",
        "server.key",
        "node_modules/x/index.js",
        "_worker.js",
        ".well-known/ok",
    ):
        await stage.sandbox.write(f"dist/{path}", chunks(b"private"), limit=99)
    result = await stage.deploy()
    assert sorted(stage.fake.site(stage.project)) == ["/.well-known/ok", "/index.html"]
    assert result.text.splitlines()[-1] == (
        "Left out: .env, .git, _worker.js, a/.secret, node_modules, server.key."
    )
    assert b"private" not in [
        held for name, (held, _) in stage.fake.site(stage.project).items() if "ok" not in name
    ]


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"dist__page_html": "no index"}, "deploy_no_index"),
        ({"dist": "a file"}, "not_a_folder"),
        ({"elsewhere_html": "x"}, "file_not_found"),
        ({"dist__index_html": "x", "dist__big_bin": b"x" * 101}, "deploy_too_large"),
        (
            {"dist__index_html": "x" * 90, "dist__a_bin": b"x" * 90, "dist__b_bin": b"x" * 90},
            "deploy_too_large",
        ),
        ({"dist__index_html": "x", **{f"dist__{n}_txt": "x" for n in "abcdef"}}, "deploy_too_large"),
    ],
)
async def test_what_cannot_be_published(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes | str], code: str
) -> None:
    monkeypatch.setattr(gathering, "LARGEST_FILE", 100)
    monkeypatch.setattr(gathering, "MOST_BYTES", 200)
    monkeypatch.setattr(gathering, "MOST_FILES", 6)
    await stage.files(**files)
    result = await stage.deploy()
    assert (result.outcome, result.code) == ("error", code), result.text
    assert stage.fake.asked.total() == 0
    assert stage.book.noted == []
    assert list((stage.shelf._folder / ".incoming").iterdir()) == []  # pyright: ignore[reportPrivateUsage]


async def test_links_are_refused(stage: Stage) -> None:
    class Linked(MemorySandbox):
        async def list(
            self, path: str = ".", *, recursive: bool = False, limit: int = 1000
        ) -> list[FileInfo]:
            found = await super().list(path, recursive=recursive, limit=limit)
            return [replace(each, kind="link") if each.path.endswith("passwd") else each for each in found]

    stage.sandbox = Linked()
    await stage.files(dist__index_html="one", dist__passwd="x")
    result = await stage.deploy()
    assert (result.outcome, result.code) == ("error", "deploy_links")
    assert "passwd" in result.text


async def test_a_name_and_a_full_book(stage: Stage) -> None:
    await stage.files(dist__index_html="one")
    for name in ("Site", "a_b", "-a", "a-", "x" * 41, ""):
        with pytest.raises(Exception, match="name"):
            await stage.deploy(name=name)
    stage.book.full = True
    assert (await stage.deploy()).code == "deployments_full"
    assert stage.fake.asked.total() == 0


async def test_projects_never_take_each_others_sites(stage: Stage) -> None:
    one, two = Site(new_id(), "site", "cloudflare"), Site(new_id(), "site", "cloudflare")
    assert one.pages_project != two.pages_project
    assert one.id != two.id
    assert one.id == Site(one.project_id, "site", "cloudflare").id
    assert one.id != Site(one.project_id, "site", "local").id


async def test_withdrawing_at_cloudflare(stage: Stage) -> None:
    await stage.files(dist__index_html="one")
    await stage.deploy()
    site = Site(stage.sandbox.project_id, "site", "cloudflare")
    await stage.publisher().withdraw(site)
    assert stage.fake.projects == {}
    await stage.publisher().withdraw(site)


async def test_on_this_machine_a_snapshot_is_shown(stage: Stage) -> None:
    await stage.files(dist__index_html="one", dist__old_html="old")
    publisher, shelf = LocalPublisher(stage.shelf), stage.shelf
    assert (await stage.deploy(publisher)).code == "not_supported"
    shelf.sign = lambda site_id, seconds: f"http://{site_id}.test/{seconds}"
    site_id = Site(stage.sandbox.project_id, "site", "local").id
    result = await stage.deploy(publisher)
    assert result.text.startswith(f"Deployed dist as site: http://{site_id}.test/86400\n")
    await stage.files(dist__index_html="two")
    assert await asyncio.to_thread(_read, shelf, site_id, "index.html") == b"one"
    await stage.sandbox.delete("dist/old.html")
    await stage.deploy(publisher)
    assert await asyncio.to_thread(_read, shelf, site_id, "index.html") == b"two"
    assert await asyncio.to_thread(_read, shelf, site_id, "old.html") is None
    await publisher.withdraw(Site(stage.sandbox.project_id, "site", "local"))
    assert await asyncio.to_thread(shelf.site, site_id) is None
    await publisher.withdraw(Site(stage.sandbox.project_id, "site", "local"))


def _read(shelf: Shelf, site_id: str, path: str) -> bytes | None:
    site = shelf.site(site_id)
    if site is None or path not in site.files:
        return None
    file = shelf.open(site_id, site, site.files[path])
    assert file is not None
    with os.fdopen(file, "rb") as opened:
        return opened.read()
