"""Files over HTTP, in a real workspace: any bytes, any name, nothing outside of it."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest

from tests.api.api_support import new_run, new_thread
from tests.api.conftest import UPLOAD_LIMIT, Api
from tests.needs import needs_sandbox

BINARY = bytes(range(256)) * 40


@pytest.fixture
async def files(api: Api) -> AsyncIterator[str]:
    """Yield the address of the files of a thread of Alice's."""
    await needs_sandbox(api.services.sandboxes)
    thread = (await api.alice.post("/v1/threads", json={})).json()
    yield f"/v1/threads/{thread['id']}/files"
    await api.services.sandboxes.delete(thread["project_id"])


async def _pieces(total: int, size: int = 10_000) -> AsyncIterator[bytes]:
    for start in range(0, total, size):
        yield b"x" * min(size, total - start)


@pytest.mark.parametrize(
    "name", ["a.bin", "deep/er/b.csv", "Größe — 素数 🎉.txt", "a b%20c?#&+.txt", "'\"\\;.md"]
)
async def test_any_bytes_under_any_name_come_back_as_they_went(api: Api, files: str, name: str) -> None:
    address = f"{files}/{quote(name)}"
    stored = await api.alice.put(address, content=BINARY)
    assert stored.status_code == 201, stored.text
    assert (stored.json()["path"], stored.json()["size_bytes"], stored.json()["kind"]) == (
        name,
        len(BINARY),
        "file",
    )
    listed = (await api.alice.get(files, params={"recursive": True})).json()
    assert [item["path"] for item in listed["items"] if item["kind"] == "file"] == [name]
    assert listed["truncated"] is False
    loaded = await api.alice.get(address)
    assert (loaded.status_code, loaded.content) == (200, BINARY)
    assert loaded.headers["content-length"] == str(len(BINARY))
    assert (await api.alice.delete(address)).status_code == 204
    gone = await api.alice.get(address)
    assert (gone.status_code, gone.json()["code"]) == (404, "file_not_found")


async def test_a_download_can_do_nothing_in_a_browser(api: Api, files: str) -> None:
    name = 'ev"il\r\nä.html'
    address = f"{files}/{quote(name)}"
    stored = await api.alice.put(address, content=b"<script>alert(1)</script>")
    assert stored.status_code == 201, stored.text
    answer = await api.alice.get(address)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''ev%22il%0D%0A%C3%A4.html"
    assert answer.headers["content-security-policy"] == "sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in answer.headers


async def test_an_empty_file_and_a_replaced_one(api: Api, files: str) -> None:
    await api.alice.put(f"{files}/a", content=b"first and longer")
    await api.alice.put(f"{files}/a", content=b"")
    answer = await api.alice.get(f"{files}/a")
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")


async def test_what_tools_keep_for_themselves_is_listed_only_when_it_is_asked_for(
    api: Api, files: str
) -> None:
    kept = ".factotum/outputs/call-1.txt"
    for path in (kept, "a/.factotum/b", ".factotum-notes"):
        await api.alice.put(f"{files}/{path}", content=b"1")

    async def listed(**query: str | bool) -> list[str]:
        return [item["path"] for item in (await api.alice.get(files, params=query)).json()["items"]]

    assert await listed() == [".factotum-notes", "a"]
    assert await listed(recursive=True) == [".factotum-notes", "a", "a/.factotum", "a/.factotum/b"]
    assert await listed(path="./.factotum/outputs/") == [kept]
    assert (await api.alice.get(f"{files}/{kept}")).content == b"1"


async def test_folders_are_listed_and_deleted_but_not_downloaded(api: Api, files: str) -> None:
    await api.alice.put(f"{files}/folder/a", content=b"1")
    await api.alice.put(f"{files}/b", content=b"2")
    top = (await api.alice.get(files)).json()["items"]
    assert [(item["path"], item["kind"]) for item in top] == [("b", "file"), ("folder", "folder")]
    inside = (await api.alice.get(files, params={"path": "folder"})).json()["items"]
    assert [item["path"] for item in inside] == ["folder/a"]
    refused = await api.alice.get(f"{files}/folder")
    assert (refused.status_code, refused.json()["code"]) == (422, "not_a_file")
    assert (await api.alice.delete(f"{files}/folder")).status_code == 204
    missing = await api.alice.get(files, params={"path": "folder"})
    assert (missing.status_code, missing.json()["code"]) == (404, "file_not_found")


@pytest.mark.parametrize(
    "path",
    [
        "../secret",
        "..%2fsecret",
        "%2e%2e/%2e%2e/etc/passwd",
        "a/../../secret",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "a%00b",
        "n" * 300,
        ".",
        "",
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_paths_that_lead_out_are_refused(api: Api, files: str, method: str, path: str) -> None:
    # Written by hand: a client would tidy the address up first.
    raw = await _raw(api, f"{method} {files}/{path} HTTP/1.1", b"x" if method == "PUT" else b"")
    status = int(raw.split(b" ", 2)[1])
    assert 400 <= status < 500, raw
    assert any(
        code in raw
        for code in (b'"path_outside"', b'"path_invalid"', b'"path_is_workspace"', b'"not_a_file"')
    ), raw


async def test_links_that_lead_out_are_not_followed(api: Api, files: str) -> None:
    thread = (await api.alice.get(files.removesuffix("/files"))).json()
    sandbox = await api.services.sandboxes.open(thread["project_id"])
    await sandbox.exec("ln -s /etc/passwd out && ln -s /etc dir && echo in > real && ln -s real inside")
    for address in (f"{files}/out", f"{files}/dir/passwd"):
        answer = await api.alice.get(address)
        assert (answer.status_code, answer.json()["code"]) == (422, "path_outside")
    inside = await api.alice.get(f"{files}/inside")
    assert (inside.status_code, inside.content) == (200, b"in\n")


@pytest.mark.parametrize("declared", [True, False])
async def test_an_upload_over_the_limit_changes_nothing(api: Api, files: str, declared: bool) -> None:
    await api.alice.put(f"{files}/a", content=b"before")
    size = UPLOAD_LIMIT + 1
    body = b"x" * size if declared else _pieces(size)
    refused = await api.alice.put(f"{files}/a", content=body)
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    assert (await api.alice.get(f"{files}/a")).content == b"before"
    assert (await api.alice.put(f"{files}/a", content=_pieces(UPLOAD_LIMIT))).status_code == 201
    assert [item["path"] for item in (await api.alice.get(files)).json()["items"]] == ["a"]


async def test_an_upload_that_breaks_off_changes_nothing(api: Api, files: str) -> None:
    reader, writer = await asyncio.open_unix_connection(str(api.socket))
    head = f"PUT {files}/a HTTP/1.1\r\nHost: api\r\nContent-Length: 1000\r\n"
    writer.write(f"{head}{_bearer(api)}\r\n\r\nonly some".encode())
    await writer.drain()
    await asyncio.sleep(0.3)
    writer.close()
    await writer.wait_closed()
    del reader
    await asyncio.sleep(0.2)
    assert (await api.alice.get(files)).json()["items"] == []


async def test_a_project_is_deleted_with_its_files(api: Api, files: str) -> None:
    await api.alice.put(f"{files}/a", content=b"1")
    thread = (await api.alice.get(files.removesuffix("/files"))).json()
    assert (await api.alice.delete(f"/v1/projects/{thread['project_id']}")).status_code == 204
    assert (await api.alice.get(files)).json()["code"] == "thread_not_found"
    left = await (await api.services.sandboxes.open(thread["project_id"])).list()
    assert left == []


async def test_threads_of_a_project_share_its_files(api: Api, files: str) -> None:
    thread = (await api.alice.get(files.removesuffix("/files"))).json()
    other = (await api.alice.post("/v1/threads", json={"project_id": thread["project_id"]})).json()
    await api.alice.put(f"{files}/a", content=b"shared")
    assert (await api.alice.get(f"/v1/threads/{other['id']}/files/a")).content == b"shared"
    apart = await new_thread(api.alice)
    assert (await api.alice.get(f"/v1/threads/{apart}/files")).json()["items"] == []
    assert (await new_run(api.alice, thread["id"]))["project_id"] == thread["project_id"]
    await api.alice.post(f"/v1/runs/{(await api.alice.get('/v1/runs')).json()['items'][0]['id']}/stop")


def _bearer(api: Api) -> str:
    return f"Authorization: {api.alice.headers['authorization']}"


async def _raw(api: Api, request_line: str, body: bytes) -> bytes:
    reader, writer = await asyncio.open_unix_connection(str(api.socket))
    head = f"{request_line}\r\nHost: api\r\n{_bearer(api)}\r\nConnection: close\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    await writer.drain()
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer
