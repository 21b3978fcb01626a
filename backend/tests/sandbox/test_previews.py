"""Previews of a local sandbox's ports: what they show, and what they never reach (attacks 49 and 50)."""

import asyncio
import socket
from collections.abc import AsyncIterator

import httpx
import pytest

from factotum.core.ids import new_id
from factotum.sandbox.local.previews.heads import BadHead, mend_answer, read_request
from factotum.sandbox.local.previews.passes import Passes
from factotum.sandbox.local.previews.server import PreviewServer
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.sandbox.local.sandbox import LocalSandbox
from factotum.testing.memory_context import MemoryToolContext
from factotum.testing.memory_sandbox import MemorySandbox
from factotum.testing.sandbox_conformance import chunks, failure
from factotum.testing.sandbox_conformance.ports import opened
from factotum.tools.builtin.expose_port import expose_port

SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()
    def do_GET(self):
        body = repr((sys.argv[1], self.command, self.path, sorted(self.headers.items()))).encode()
        self.send_response(200)
        self.send_header("Set-Cookie", "a=b; Domain=localhost; Path=/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
"""
ECHO = """
import base64, hashlib, socket
server = socket.create_server(("127.0.0.1", 9001))
peer, _ = server.accept()
head = b""
while b"\\r\\n\\r\\n" not in head:
    head += peer.recv(4096)
lines = [line.split(b": ") for line in head.split(b"\\r\\n")]
key = [line[1] for line in lines if line[0].lower() == b"sec-websocket-key"][0]
accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
peer.sendall(b"HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
    b"Sec-WebSocket-Accept: " + accept + b"\\r\\n\\r\\n")
while data := peer.recv(4096):
    peer.sendall(data[::-1])
"""


@pytest.fixture
async def previews(provider: LocalSandboxProvider) -> AsyncIterator[PreviewServer]:
    server = PreviewServer(provider)
    async with server.serving("127.0.0.1", 0):
        yield server


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as made:
        yield made


async def show(sandbox: LocalSandbox, word: str, port: int = 8000) -> str:
    """Start a server that answers with `word`, and return the address of its preview."""
    await sandbox.write("server.py", chunks(SERVER.encode()), limit=9999)
    await sandbox.sessions.start(f"web{port}")
    await sandbox.sessions.run(f"web{port}", f"python3 server.py {word} {port} 2>/dev/null")
    await opened(sandbox, port)
    return await sandbox.preview(port, seconds=60)


async def fetch(
    client: httpx.AsyncClient, previews: PreviewServer, address: str, path: str = "/", **headers: str
) -> httpx.Response:
    """Ask for a preview as a browser does that has resolved its name to this machine."""
    host = address.split("/")[2]
    url = f"http://127.0.0.1:{previews.port}{path}"
    return await client.get(url, headers={"Host": host, **headers})


async def test_a_server_inside_is_shown(
    previews: PreviewServer, sandbox: LocalSandbox, client: httpx.AsyncClient
) -> None:
    address = await show(sandbox, "hello")
    assert f".localhost:{previews.port}/" in address
    got = await fetch(
        client,
        previews,
        address,
        "/a/b?c=d",
        Authorization="Bearer of-the-api",
        **{"X-Forwarded-For": "1.2.3.4"},
    )
    assert got.status_code == 200
    assert "('hello', 'GET', '/a/b?c=d'" in got.text
    assert "localhost:8000" in got.text
    assert "of-the-api" not in got.text
    assert "1.2.3.4" not in got.text
    assert got.headers["set-cookie"] == "a=b; Path=/"
    assert got.headers["content-security-policy"].startswith("sandbox ")
    assert "allow-top-navigation" not in got.headers["content-security-policy"]
    assert got.headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in got.headers
    posted = await client.post(
        f"http://127.0.0.1:{previews.port}/", content=b"x" * 300_000, headers={"Host": address.split("/")[2]}
    )
    assert "'POST'" in posted.text


async def test_websockets_pass(previews: PreviewServer, sandbox: LocalSandbox) -> None:
    await sandbox.write("echo.py", chunks(ECHO.encode()), limit=9999)
    await sandbox.sessions.start("echo")
    await sandbox.sessions.run("echo", "python3 echo.py")
    await opened(sandbox, 9001)
    host = (await sandbox.preview(9001, seconds=60)).split("/")[2]
    reader, writer = await asyncio.open_connection("127.0.0.1", previews.port)
    writer.write(
        f"GET / HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
    assert head.startswith(b"HTTP/1.1 101 ")
    assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head
    writer.write(b"hello")
    assert await asyncio.wait_for(reader.readexactly(5), 20) == b"olleh"
    writer.close()


@pytest.mark.attack(49, control="a port of the sandbox is shown")
async def test_attack_49_an_internal_port_is_not_exposed(
    previews: PreviewServer, sandbox: LocalSandbox, client: httpx.AsyncClient
) -> None:
    """A port of this machine (a database, the API, the previews themselves) is none of the sandbox's."""
    assert (await fetch(client, previews, await show(sandbox, "control"))).status_code == 200
    with socket.create_server(("127.0.0.1", 0)) as internal:
        port = internal.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            pass  # it can be reached from here
        for each in (port, previews.port, 5432, 6379):
            assert (await failure(sandbox.preview(each, seconds=60))).stable_code == "port_not_open"
            forged = previews.address(sandbox.project_id, each, 60)  # even with a signature of ours
            assert (await fetch(client, previews, forged)).status_code == 502
    context = MemoryToolContext(sandbox)
    refused = await context.call(expose_port, port=port)
    assert (refused.outcome, refused.code) == ("error", "port_not_open")


@pytest.mark.attack(50, control="each sees its own")
async def test_attack_50_another_projects_preview_is_not_reached(
    previews: PreviewServer, provider: LocalSandboxProvider, sandbox: LocalSandbox, client: httpx.AsyncClient
) -> None:
    """A pass is for one port of one project: no change to it leads anywhere else."""
    mine = await show(sandbox, "mine")
    other = await provider.open(new_id())
    theirs = await show(other, "theirs")
    assert "'mine'" in (await fetch(client, previews, mine)).text
    assert "'theirs'" in (await fetch(client, previews, theirs)).text
    label, other_label = mine.split("/")[2].split(".")[0], theirs.split("/")[2].split(".")[0]
    for cut in range(3, len(label), 5):
        changed = label[:cut] + other_label[cut:]
        if changed not in (label, other_label):
            assert (await fetch(client, previews, mine.replace(label, changed))).status_code == 403
    for host in ("localhost", "127.0.0.1", "", "p-", f"x{label}", other.project_id, "p-" + "a" * 58):
        got = await client.get(f"http://127.0.0.1:{previews.port}/", headers={"Host": host})
        assert got.status_code in (400, 403), host
    # What is inside one sandbox reaches neither the other's server nor its files.
    probe = (
        'curl -s -m 2 http://127.0.0.1:8000/ || python3 -c "import urllib.request as r; '
        "print(r.urlopen('http://127.0.0.1:8000/').read().decode())\""
    )
    assert b"'mine'" in (await sandbox.exec(probe)).output
    assert b"theirs" not in (await sandbox.exec(probe)).output
    await other.write("secret", chunks(b"of another"), limit=99)
    assert b"secret" in (await other.exec("find / -name secret 2>/dev/null")).output
    assert (await sandbox.exec("find / -name secret 2>/dev/null")).output == b""
    await provider.delete(other.project_id)
    assert (await fetch(client, previews, theirs)).status_code == 502
    assert await provider.running(other.project_id) is None


async def test_two_hosts_in_one_request_are_refused(previews: PreviewServer, sandbox: LocalSandbox) -> None:
    host = (await show(sandbox, "mine")).split("/")[2]
    for head in (
        f"GET / HTTP/1.1\r\nHost: {host}\r\nHost: other\r\n\r\n",
        f"GET http://127.0.0.1/ HTTP/1.1\r\nHost: {host}\r\n\r\n",
        f"GET / HTTP/2.0\r\nHost: {host}\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: {host}\r\nA: \0\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: {host}\r\nno field\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        f"GET /{'x' * 70000} HTTP/1.1\r\nHost: {host}\r\n\r\n",
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", previews.port)
        writer.write(head.encode())
        assert (await asyncio.wait_for(reader.read(), 20)).startswith(b"HTTP/1.1 400 "), head[:80]
        writer.close()


async def test_what_speaks_no_http_and_what_ended(
    previews: PreviewServer, sandbox: LocalSandbox, client: httpx.AsyncClient
) -> None:
    await sandbox.sessions.start("raw")
    script = "import socket; p = socket.create_server(('127.0.0.1', 7000)).accept()[0]; p.send(b'hm')"
    await sandbox.sessions.run("raw", f'python3 -c "{script}"')
    await opened(sandbox, 7000)
    address = await sandbox.preview(7000, seconds=60)
    assert (await fetch(client, previews, address)).status_code == 502
    assert (await fetch(client, previews, address)).status_code == 502


HOSTILE = """
import socket
server = socket.create_server(("127.0.0.1", 7100))
while True:
    peer, _ = server.accept()
    peer.recv(4096)
    peer.sendall(b"HTTP/1.1 100 Continue\\r\\n\\r\\nHTTP/1.1 103 Early Hints\\r\\nLink: </a>\\r\\n\\r\\n")
    peer.sendall(b"HTTP/1.1 200 OK\\r\\nSet-Cookie: a=b; Domain=localhost\\r\\n")
    peer.sendall(b"Content-Length: 2\\r\\n\\r\\nhi")
    peer.close()
"""


async def test_an_announced_answer_is_guarded_too(
    previews: PreviewServer, sandbox: LocalSandbox, client: httpx.AsyncClient
) -> None:
    await sandbox.write("hostile.py", chunks(HOSTILE.encode()), limit=9999)
    await sandbox.sessions.start("hostile")
    await sandbox.sessions.run("hostile", "python3 hostile.py")
    await opened(sandbox, 7100)
    got = await fetch(client, previews, await sandbox.preview(7100, seconds=60))
    assert (got.status_code, got.text) == (200, "hi")
    assert got.headers["content-security-policy"].startswith("sandbox ")
    assert got.headers["set-cookie"] == "a=b"


def test_a_pass_ends_and_belongs_to_its_key() -> None:
    now = [1000.0]
    passes = Passes(b"key", lambda: now[0])
    project = new_id()
    label = passes.make(project, 8000, 60)
    assert len(label) <= 63
    found = passes.read(label)
    assert found is not None
    assert (found.project_id, found.port) == (project, 8000)
    assert Passes(clock=lambda: now[0]).read(label) is None
    assert Passes(b"key", lambda: now[0]).read(label) == found
    now[0] = 1060.0
    assert passes.read(label) is None


@pytest.mark.parametrize(
    "head",
    [
        b"hello",
        b"HTTP/1.1 200 OK\r\nno field",
        b"HTTP/1.1 200 OK\r\nA: b\nC: d",
        b"HTTP/1.1 200 OK\n\n<script>",  # a browser would take the rest of the head for the page
        b"HTTP/1.1 2000 OK",
    ],
)
def test_answers_that_are_none(head: bytes) -> None:
    with pytest.raises(BadHead):
        mend_answer(head)


def test_a_server_begins_a_websocket_only_when_it_was_asked() -> None:
    head = b"HTTP/1.1 101 Hi\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSet-Cookie: a=b; Domain=x"
    assert mend_answer(head, is_websocket=True) == head.removesuffix(b"; Domain=x") + b"\r\n\r\n"
    with pytest.raises(BadHead):
        mend_answer(head)


def test_a_websocket_keeps_its_own_headers() -> None:
    request = read_request(
        b"GET /x HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\nTE: trailers\r\nCookie: a=b", 80
    )
    assert request.is_websocket
    assert request.passed_on == (
        b"GET /x HTTP/1.1\r\nHost: localhost:80\r\nCookie: a=b\r\n"
        b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    )


async def test_where_no_previews_are_served(sandbox: LocalSandbox) -> None:
    assert (await failure(sandbox.preview(8000, seconds=9))).stable_code == "not_supported"
    assert not sandbox.capabilities.previews
    result = await MemoryToolContext(MemorySandbox()).call(expose_port, port=8000)
    assert (result.outcome, result.code) == ("error", "not_supported")


async def test_the_tool_tells_the_address(
    previews: PreviewServer, sandbox: LocalSandbox, client: httpx.AsyncClient
) -> None:
    await show(sandbox, "tool")
    told = (await MemoryToolContext(sandbox).call(expose_port, port=8000, minutes=5)).text
    assert sandbox.capabilities.previews
    address = told.split()[8]
    assert "'tool'" in (await fetch(client, previews, address)).text
