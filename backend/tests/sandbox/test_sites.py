"""Published sites as a browser gets them: out of their snapshot, an origin each, and nothing else."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from factotum.core.ids import new_id
from factotum.sandbox.local.previews.passes import Passes
from factotum.sandbox.local.previews.server import PreviewServer
from factotum.sandbox.sites.answers import answer
from factotum.sandbox.sites.gathering import gather
from factotum.sandbox.sites.shelf import Shelf, Site, SiteEntry
from factotum.testing.memory_sandbox import MemorySandbox
from factotum.testing.sandbox_conformance import chunks
from tests.sandbox.test_previews import fetch


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "deployments")


@pytest.fixture
async def previews(shelf: Shelf) -> AsyncIterator[PreviewServer]:
    server = PreviewServer(None, shelf=shelf)
    async with server.serving("127.0.0.1", 0):
        yield server


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as made:
        yield made


async def publish(shelf: Shelf, files: dict[str, bytes], site_id: str = "") -> str:
    """Publish a folder with these files; return the site's id."""
    sandbox, site_id = MemorySandbox(), site_id or new_id()
    for path, content in files.items():
        await sandbox.write(f"web/{path}", chunks(content), limit=10**7)
    async with shelf.room() as room:
        gathered = await gather(sandbox, "web", room)
        await asyncio.to_thread(shelf.put, site_id, room, gathered.files)
    return site_id


async def test_a_site_is_shown_with_its_types_and_guarded(
    previews: PreviewServer, shelf: Shelf, client: httpx.AsyncClient
) -> None:
    files = {
        "index.html": b"<h1>Hi</h1>",
        "a/b.css": b"a{}",
        "a/index.html": b"folder",
        "big.bin": b"x" * 700_000,
    }
    assert shelf.sign is not None
    address = shelf.sign(await publish(shelf, {**files, "ab\u00fc c.svg": b"<svg/>"}), 60)
    assert address.startswith("http://s-")
    assert address.endswith(f".localhost:{previews.port}/")
    for path, content, kind in (
        ("/", b"<h1>Hi</h1>", "text/html; charset=utf-8"),
        ("/index.html?x=/../../etc", b"<h1>Hi</h1>", "text/html; charset=utf-8"),
        ("/a/", b"folder", "text/html; charset=utf-8"),
        ("/a/b.css", b"a{}", "text/css; charset=utf-8"),
        ("/big.bin", b"x" * 700_000, "application/octet-stream"),
        ("/ab%C3%BC%20c.svg", b"<svg/>", "image/svg+xml"),
    ):
        got = await fetch(client, previews, address, path, Cookie="a=b", Authorization="Bearer of-the-api")
        assert (got.status_code, got.content, got.headers["content-type"]) == (200, content, kind), path
        assert got.headers["x-content-type-options"] == "nosniff"
        assert got.headers["content-security-policy"].startswith("sandbox ")
        assert "set-cookie" not in got.headers
    first = await fetch(client, previews, address)
    same = await fetch(client, previews, address, **{"If-None-Match": first.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    url, host = f"http://127.0.0.1:{previews.port}", {"Host": address.split("/")[2]}
    head = await client.head(f"{url}/big.bin", headers=host)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "700000", b"")
    assert (await client.head(f"{url}/no.png", headers=host)).content == b""
    posted = await client.post(f"{url}/", headers=host, content=b"x")
    assert (posted.status_code, posted.headers["allow"]) == (405, "GET, HEAD")
    moved = await fetch(client, previews, address, "/a")
    assert (moved.status_code, moved.headers["location"]) == (308, "/a/")


async def test_nothing_but_the_site_is_reached(
    previews: PreviewServer, shelf: Shelf, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    site_id = await publish(shelf, {"index.html": b"mine", "404.html": b"not here"})
    other = await publish(shelf, {"index.html": b"theirs", "404.html": b"nor here"})
    address = previews.site_address(site_id, 60)
    for path in (
        "/../secret.txt",
        "/..%2f..%2fsecret.txt",
        "/%2e%2e/%2e%2e/secret.txt",
        f"/../../{other}/site.json",
        "/site.json",
        "/lock",
        "/0",
        "//etc/passwd",
        "/etc/passwd%00.html",
        "/" + "a/" * 2000,
    ):
        got = await fetch(client, previews, address, path)
        assert (got.status_code, got.content) == (404, b"not here"), path
        assert got.headers["content-type"] == "text/html; charset=utf-8"
    label, host = address.split("/")[2].split(".")[0], address.split("/")[2]
    theirs = previews.site_address(other, 60).split("/")[2].split(".")[0]
    for cut in range(3, len(label), 5):
        changed = label[:cut] + theirs[cut:]
        if changed not in (label, theirs):
            got = await fetch(client, previews, address.replace(label, changed))
            assert got.status_code == 403
    assert host != theirs
    never = previews.site_address(new_id(), 60)
    assert (await fetch(client, previews, never)).status_code == 404
    # A pass for a port is none for a site, and where no provider is nothing listens.
    assert (await fetch(client, previews, previews.address(site_id, 8000, 60))).status_code == 502


async def test_a_new_version_takes_the_place_of_the_old_one(
    previews: PreviewServer, shelf: Shelf, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    site_id = await publish(shelf, {"index.html": b"one", "old.txt": b"old"})
    address = previews.site_address(site_id, 60)
    before = await asyncio.to_thread(shelf.site, site_id)
    assert before is not None
    assert (await fetch(client, previews, address)).text == "one"
    await publish(shelf, {"index.html": b"two", "404.html": b"no"}, site_id)
    assert (await fetch(client, previews, address)).text == "two"
    assert (await fetch(client, previews, address, "/old.txt")).status_code == 404
    assert await asyncio.to_thread(shelf.open, site_id, before, before.files["index.html"]) is None
    place = tmp_path / "deployments" / site_id
    assert len([entry for entry in place.iterdir() if entry.is_dir()]) == 1
    # A process that has its own memory of the shelf sees it too, and its removal.
    assert await asyncio.to_thread(Shelf(tmp_path / "deployments").site, site_id)
    await asyncio.to_thread(shelf.remove, site_id)
    assert (await fetch(client, previews, address)).status_code == 404
    await asyncio.to_thread(shelf.remove, "../..")
    assert tmp_path.exists()


async def test_a_file_that_is_gone_is_told(
    previews: PreviewServer, shelf: Shelf, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    site_id = await publish(shelf, {"index.html": b"one"})
    (file,) = (tmp_path / "deployments" / site_id).glob("*/0")
    file.unlink()
    got = await fetch(client, previews, previews.site_address(site_id, 60))
    assert (got.status_code, "load the page again" in got.text) == (404, True)


async def test_many_sites_are_remembered_up_to_a_bound_and_rests_are_swept(
    shelf: Shelf, tmp_path: Path
) -> None:
    rest = tmp_path / "deployments" / ".incoming" / "1000-abc"
    rest.mkdir(parents=True)
    ids = [await publish(shelf, {"index.html": str(number).encode()}) for number in range(20)]
    assert not rest.exists()
    for site_id in ids:
        assert await asyncio.to_thread(shelf.site, site_id)
    assert len(shelf._known) == 16  # pyright: ignore[reportPrivateUsage]
    broken = tmp_path / "deployments" / ids[0] / "site.json"
    broken.write_text("{}")
    os.utime(broken)
    assert await asyncio.to_thread(shelf.site, ids[0]) is None


def site_of(*paths: str) -> Site:
    return Site(
        version="v",
        files={path: SiteEntry(number=at, size=1, digest=f"{at}" * 64) for at, path in enumerate(paths)},
    )


@pytest.mark.parametrize(
    ("path", "status", "shown"),
    [
        ("/about", "200 OK", "about.html"),
        ("/about/", "200 OK", "index.html"),  # an application's path: there is no 404.html
        ("/deep/path?x=1", "200 OK", "index.html"),
        ("/missing.png", "404 Not Found", None),
        ("/docs", "308 Permanent Redirect", None),
        ("/docs/", "200 OK", "docs/index.html"),
    ],
)
def test_what_paths_show(path: str, status: str, shown: str | None) -> None:
    site = site_of("index.html", "about.html", "docs/index.html")
    found = answer(site, "GET", path)
    assert found.status == status
    assert found.entry == (None if shown is None else site.files[shown])


def test_tags_are_compared_as_rfc_9110_says() -> None:
    site = site_of("index.html")
    tag = dict(answer(site, "GET", "/").fields)["ETag"]
    assert answer(site, "GET", "/", f'"other", W/{tag}').status == "304 Not Modified"
    assert answer(site, "GET", "/", '"other"').status == "200 OK"


def test_a_pass_to_a_site_ends() -> None:
    now = [1000.0]
    passes = Passes(b"key", lambda: now[0])
    site_id = new_id()
    label = passes.make_site(site_id, 60)
    assert len(label) <= 63
    assert passes.read_site(label) == site_id
    assert passes.read(label) is None
    assert passes.read_site(passes.make(site_id, 80, 60)) is None
    assert passes.read_site("s-" + "1" * 55) is None
    assert Passes(b"other", lambda: now[0]).read_site(label) is None
    now[0] = 1060.0
    assert passes.read_site(label) is None
