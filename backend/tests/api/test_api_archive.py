"""A workspace as one zip: whole, streamed, bounded, and without what links point to."""

import io
import stat
import zipfile
from collections.abc import AsyncIterator

import pytest

from factotum.core.errors import NotFound, TooLarge
from factotum.features import archive
from factotum.features.archive import archive_of
from tests.api.conftest import Api
from tests.needs import needs_sandbox

BIG = b"0123456789abcdef" * 6_000


@pytest.fixture
async def thread(api: Api) -> AsyncIterator[dict[str, str]]:
    """Yield a thread of Alice's with a workspace."""
    await needs_sandbox(api.services.sandboxes)
    made = (await api.alice.post("/v1/threads", json={})).json()
    kept = (".factotum/outputs/1.txt", b"long")
    for name, content in (("a.txt", b"one"), ("deep/er/Größe.bin", BIG), ("deep/empty", b""), kept):
        stored = await api.alice.put(f"/v1/threads/{made['id']}/files/{name}", content=content)
        assert stored.status_code == 201, stored.text
    sandbox = await api.services.sandboxes.open(made["project_id"])
    links = "mkdir void; ln -s a.txt link; ln -s / root; mkfifo pipe"
    script = f"{links}; chmod 755 a.txt; touch -d 1970-01-02 deep/empty"
    assert (await sandbox.exec(script)).exit_code == 0
    yield made
    await api.services.sandboxes.delete(made["project_id"])


def _read(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert packed.testzip() is None
        return {name: packed.read(name) for name in packed.namelist()}


async def test_all_of_it_or_a_folder_comes_as_one_zip(api: Api, thread: dict[str, str]) -> None:
    address = f"/v1/threads/{thread['id']}/archive"
    answer = await api.alice.get(address)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''workspace.zip"
    assert _read(answer.content) == {
        "a.txt": b"one",
        "deep/": b"",
        "deep/empty": b"",
        "deep/er/": b"",
        "deep/er/Größe.bin": BIG,
        "void/": b"",
    }
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert stat.S_IMODE(packed.getinfo("a.txt").external_attr >> 16) == 0o755
        assert packed.getinfo("deep/empty").date_time[0] == 1980
    inside = await api.alice.get(address, params={"path": "deep/"})
    assert set(_read(inside.content)) == {"empty", "er/", "er/Größe.bin"}
    assert "deep.zip" in inside.headers["content-disposition"]
    own = await api.alice.get(address, params={"path": ".factotum"})
    assert set(_read(own.content)) == {"outputs/", "outputs/1.txt"}


async def test_what_is_not_there_or_outside_is_refused(api: Api, thread: dict[str, str]) -> None:
    address = f"/v1/threads/{thread['id']}/archive"
    for path, status in (("nothing", 404), ("../x", 422), ("a.txt", 422), ("root", 422), ("root/etc", 422)):
        answer = await api.alice.get(address, params={"path": path})
        assert answer.status_code == status, (path, answer.text)
    assert (await api.bob.get(address)).json()["code"] == "thread_not_found"


async def test_too_much_is_refused_and_what_goes_meanwhile_left_out(
    api: Api, thread: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = await api.services.sandboxes.open(thread["project_id"])
    download = await archive_of(sandbox, ".")
    await sandbox.delete("a.txt")
    assert "a.txt" not in _read(b"".join([chunk async for chunk in download.chunks]))
    with pytest.raises(NotFound):
        await sandbox.stat("a.txt")
    for bound, most in (("MOST_ENTRIES", 2), ("MOST_BYTES", 1_000)):
        with monkeypatch.context() as patched:
            patched.setattr(archive, bound, most)
            with pytest.raises(TooLarge) as refused:
                await archive_of(sandbox, ".")
            assert refused.value.stable_code == "archive_too_large"
