"""Secrets at the egress proxy, with real sandboxes and a real TLS server: used by programs, never read."""

import asyncio
import base64
import gzip
import json
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from factotum.core.addresses import Guard
from factotum.core.ids import new_id
from factotum.protocol.network import Network, NetworkLayers
from factotum.sandbox.egress.grants import Connection, Grant
from factotum.sandbox.egress.proxy import EgressProxy
from factotum.sandbox.egress.swapping import HeldSecret
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.sandbox.local.sandbox import LocalSandbox
from factotum.testing.provider.http import Answer, HttpRequest
from factotum.testing.web import LoopbackWeb, json_answer
from tests.needs import needs_sandbox
from tests.sandbox.tls_world import TestAuthority
from tests.waiting import until

OPEN = NetworkLayers([Network(mode="open")])
VALUE = "sk-live/4f+9c2=aa71 e0"
STANDS_FOR = "factotum-secret-0123456789abcdef0123456789abcdef"
OTHER = "other-value-31415926"
STANDS_FOR_OTHER = "factotum-secret-fedcba9876543210fedcba9876543210"
SECRETS = (
    HeldSecret("API_KEY", ("api.example.com", "*.files.example.com"), STANDS_FOR, VALUE.encode()),
    HeldSecret("OTHER_KEY", ("other.example.com",), STANDS_FOR_OTHER, OTHER.encode()),
)


@dataclass
class Vault:
    """A proxy that trusts the test's authority, a TLS server that it vouches for, and what was noted."""

    proxy: EgressProxy
    provider: LocalSandboxProvider
    web: LoopbackWeb
    plain: LoopbackWeb
    noted: list[Connection] = field(default_factory=list[Connection])

    async def open(
        self, rules: NetworkLayers = OPEN, secrets: tuple[HeldSecret, ...] = SECRETS
    ) -> tuple[LocalSandbox, Grant]:
        """Open a sandbox for a run with these secrets."""
        grant = self.proxy.grant(rules, self.noted.append, secrets)
        return await self.provider.open(new_id(), environment=grant.environment), grant

    async def last(self) -> tuple[str, str, str, tuple[str, ...]]:
        """Return host, verdict, reason and secrets of the newest connection, once it has ended."""
        await until(lambda: bool(self.noted))
        note = self.noted.pop()
        return note.host, note.verdict, note.reason, note.secrets

    def url(self, path: str, host: str = "api.example.com") -> str:
        """Return an address at the TLS server."""
        return f"https://{host}:{self.web.port}{path}"


async def hello(request: HttpRequest, answer: Answer) -> None:
    """Say that something came; what it was is kept by the server."""
    await json_answer(answer, {"length": len(request.body)})


async def echo(request: HttpRequest, answer: Answer) -> None:
    """Say all that came, in the header and in the body."""
    said = request.headers.get("authorization", "") or request.headers.get("x-key", "")
    body = {"query": request.query, "headers": dict(request.headers)}
    await json_answer(answer, body, headers={"x-echo": said, "location": f"/next?{request.query}"})


@pytest.fixture
async def vault(tmp_path: Path) -> AsyncIterator[Vault]:
    tmp_path.chmod(0o755)
    authority = TestAuthority()
    context = authority.server("api.example.com", "*.files.example.com", "other.example.com")
    pages = {"/hello": hello, "/echo": echo}
    async with LoopbackWeb(pages, tls=context) as web, LoopbackWeb(pages) as plain:

        async def resolve(_name: str, _port: int) -> Collection[str]:
            return ["127.0.0.1"]

        folder = tmp_path / "sandboxes"
        allowed = [("127.0.0.1", web.port), ("127.0.0.1", plain.port)]
        proxy = EgressProxy(
            folder / ".egress" / "test", Guard(resolve, allowed=allowed), trusted=authority.trusted
        )
        provider = LocalSandboxProvider(folder, egress=proxy.folder)
        await proxy.start()
        try:
            await needs_sandbox(provider)
            yield Vault(proxy, provider, web, plain)
        finally:
            await provider.aclose()
            await proxy.aclose()
    assert not proxy.folder.exists()


async def output(sandbox: LocalSandbox, command: str) -> str:
    """Run a command and return what it wrote."""
    return (await sandbox.exec(command, timeout=60)).output.decode()


async def test_curl_uses_a_secret_that_nothing_inside_can_read(vault: Vault) -> None:
    sandbox, _ = await vault.open()
    asked = f"curl -sS -H \"Authorization: Bearer $API_KEY\" '{vault.url('/echo')}'"
    said = await output(sandbox, asked)
    got = vault.web.requests[-1]
    assert got.headers["authorization"] == f"Bearer {VALUE}"
    assert got.headers["accept-encoding"] == "identity"
    assert got.headers["host"] == f"api.example.com:{vault.web.port}"
    assert json.loads(said)["headers"]["authorization"] == f"Bearer {STANDS_FOR}"
    assert await vault.last() == ("api.example.com", "allowed", "", ("API_KEY",))
    assert await output(sandbox, "echo $API_KEY $OTHER_KEY") == f"{STANDS_FOR} {STANDS_FOR_OTHER}\n"
    look = "env; cat /proc/*/environ /proc/*/cmdline; cat /run/egress/*; grep -ra . /workspace /home /tmp"
    seen = await output(sandbox, f"({look}) 2>/dev/null | tr '\\0' '\\n'")
    assert STANDS_FOR in seen
    for part in (VALUE, OTHER, base64.b64encode(VALUE.encode()).decode(), "PRIVATE KEY"):
        assert part not in seen
    assert (await output(sandbox, "touch /run/egress/x; echo $?")).endswith("1\n")


async def test_each_place_of_a_request_that_takes_a_secret(vault: Vault) -> None:
    sandbox, _ = await vault.open()
    basic = base64.b64encode(f"me:{VALUE}".encode()).decode()
    said = await output(sandbox, f"curl -sS -u me:$API_KEY '{vault.url('/echo')}'")
    assert vault.web.requests[-1].headers["authorization"] == f"Basic {basic}"
    assert VALUE not in said
    assert basic not in said
    await output(sandbox, f"curl -sS '{vault.url('/hello')}?key='$API_KEY'&x=1'")
    assert vault.web.requests[-1].query == "key=sk-live%2F4f%2B9c2%3Daa71%20e0&x=1"
    await output(sandbox, f"curl -sS '{vault.url('/bot')}'$API_KEY/send")
    assert vault.web.requests[-1].path == "/botsk-live/4f%2B9c2=aa71%20e0/send"
    await output(
        sandbox, f"curl -sS -H \"Cookie: a=$API_KEY\" '{vault.url('/hello', 'a.files.example.com')}'"
    )
    assert vault.web.requests[-1].headers["cookie"] == f"a={VALUE}"
    await output(sandbox, f"curl -sS -d $API_KEY '{vault.url('/hello')}'")
    assert vault.web.requests[-1].body == STANDS_FOR.encode()
    await output(sandbox, f"curl -sS -H 'Authorization: Basic %%%' '{vault.url('/hello')}'")
    assert vault.web.requests[-1].headers["authorization"] == "Basic %%%"


async def test_python_and_sessions_use_it_too(vault: Vault) -> None:
    sandbox, _ = await vault.open()
    urllib = (
        "import os, urllib.request as u;"
        f"r = u.Request('{vault.url('/hello')}', headers={{'X-Key': os.environ['API_KEY']}});"
        "print(u.urlopen(r).status)"
    )
    assert await output(sandbox, f'python3 -c "{urllib}"') == "200\n"
    assert vault.web.requests[-1].headers["x-key"] == VALUE
    await sandbox.sessions.start("s")
    asked = f"curl -sS -H \"X-Key: $OTHER_KEY\" '{vault.url('/hello', 'other.example.com')}'"
    cursor = await sandbox.sessions.run("s", asked)
    assert b"length" in (await sandbox.sessions.poll("s", cursor=cursor, wait=20)).data
    assert vault.web.requests[-1].headers["x-key"] == OTHER


async def test_one_connection_carries_many_requests_and_long_bodies(vault: Vault) -> None:
    sandbox, _ = await vault.open()
    program = f"""
import http.client, os, ssl, base64
auth = os.environ["https_proxy"].split("//")[1].split("@")[0]
c = http.client.HTTPSConnection("127.0.0.1", 3128)
auth = "Basic " + base64.b64encode(auth.encode()).decode()
c.set_tunnel("api.example.com", {vault.web.port}, {{"Proxy-Authorization": auth}})
key = {{"X-Key": os.environ["API_KEY"]}}
for n in range(3):
    c.request("POST", "/hello", body=iter([b"x" * 300000] * 4), headers=key, encode_chunked=True)
    r = c.getresponse(); print(r.status, r.read().decode())
c.request("HEAD", "/hello"); r = c.getresponse(); print(r.status, r.headers["content-length"], r.read())
"""
    said = await output(sandbox, f"python3 - <<'END'\n{program}\nEND")
    assert said == '200 {"length": 1200000}\n' * 3 + "200 13 b''\n"
    assert await vault.last() == ("api.example.com", "allowed", "", ("API_KEY",))
    assert vault.noted == []
    big = "head -c 3000000 /dev/zero | curl -sS -H 'Expect: 100-continue' --data-binary @- "
    assert await output(sandbox, f"{big} '{vault.url('/hello')}'") == '{"length": 3000000}'


async def test_other_hosts_get_no_value_and_are_not_read(vault: Vault) -> None:
    sandbox, _ = await vault.open()
    key = "Authorization: Bearer $API_KEY"
    await output(sandbox, f"curl -sS -H \"{key}\" '{vault.url('/hello', 'other.example.com')}'")
    assert vault.web.requests[-1].headers["authorization"] == f"Bearer {STANDS_FOR}"
    assert await vault.last() == ("other.example.com", "allowed", "", ())
    # A blind tunnel: the certificate is the server's own, which nothing inside trusts.
    said = await output(sandbox, f"curl -sS -H \"{key}\" '{vault.url('/hello', 'files.example.com')}' 2>&1")
    assert "SSL certificate problem" in said
    blind = f"curl -sSk -H \"{key}\" '{vault.url('/hello', 'files.example.com')}'"
    assert "length" in await output(sandbox, blind)
    assert vault.web.requests[-1].headers["authorization"] == f"Bearer {STANDS_FOR}"
    assert vault.web.requests[-1].headers.get("accept-encoding") != "identity"
    narrow = NetworkLayers([Network(mode="allow", hosts=("other.example.com",))])
    shut, _ = await vault.open(narrow)
    count = len(vault.web.requests)
    assert "403" in await output(shut, f"curl -sS -H \"{key}\" '{vault.url('/hello')}' 2>&1")
    assert len(vault.web.requests) == count


async def test_nothing_goes_there_in_clear(vault: Vault) -> None:
    sandbox, _ = await vault.open()
    url = f"http://api.example.com:{vault.plain.port}/hello"
    said = await output(sandbox, f"curl -sS -w '%{{http_code}}' -H \"X-Key: $API_KEY\" {url}")
    assert "nothing goes there in clear" in said
    assert said.endswith("403")
    assert await vault.last() == ("api.example.com", "refused", "secret_needs_tls", ())
    # Nor through a tunnel: what is inside must be TLS.
    url = f"http://api.example.com:{vault.web.port}/hello"
    await output(sandbox, f'curl -sS --proxytunnel -H "X-Key: $API_KEY" {url} 2>&1')
    assert (await vault.last())[2] == "tls_failed"
    assert vault.plain.requests == vault.web.requests == []


async def test_a_request_for_a_neighbour_on_the_same_server_is_refused(vault: Vault) -> None:
    sandbox, _ = await vault.open()
    for host in ("evil.example.com", "other.example.com", "api.example.com.evil.test", "[::1", ""):
        asked = (
            f"curl -sS -w '%{{http_code}}' -H 'Host: {host}' -H \"X-Key: $API_KEY\" '{vault.url('/hello')}'"
        )
        said = await output(sandbox, asked)
        assert said.endswith(("421", "400")), (host, said)
        assert (await vault.last())[2] in {"host_mismatch", "request_invalid"}
    assert vault.web.requests == []
    absolute = f"curl -sS -w '%{{http_code}}' --request-target http://evil.test/ '{vault.url('/hello')}'"
    assert (await output(sandbox, absolute)).endswith("400")
    many = 'X: $(printf "$API_KEY%.0s" $(seq 600))'
    long = f"curl -sS -w '%{{http_code}}' -H \"{many}\" '{vault.url('/hello')}'"
    large = HeldSecret("API_KEY", ("api.example.com",), STANDS_FOR, b"v" * 8000)
    other, _ = await vault.open(secrets=(large,))
    assert (await output(other, long)).endswith("431")
    assert vault.web.requests == []


async def test_a_body_with_two_lengths_is_read_one_way(vault: Vault) -> None:
    sandbox, _ = await vault.open()
    lengths = "-H 'Transfer-Encoding: chunked' -H 'Content-Length: 3'"
    await output(sandbox, f"curl -sS {lengths} -d 'the body' '{vault.url('/hello')}'")
    got = vault.web.requests[-1]
    assert got.body == b"the body"
    assert "content-length" not in got.headers


async def test_a_host_whose_certificate_is_wrong_gets_nothing(vault: Vault) -> None:
    stranger = HeldSecret("API_KEY", ("unknown.example.com",), STANDS_FOR, VALUE.encode())
    sandbox, _ = await vault.open(secrets=(stranger,))
    url = vault.url("/hello", "unknown.example.com")
    assert "502" in await output(sandbox, f"curl -sS -k -H \"X-Key: $API_KEY\" '{url}' 2>&1")
    assert await vault.last() == ("unknown.example.com", "failed", "tls_failed", ())
    assert vault.web.requests == []


async def test_what_a_host_says_back_is_redacted(vault: Vault) -> None:
    async def pieces(request: HttpRequest, answer: Answer) -> None:
        said = request.headers["x-key"].encode()
        await answer.start(200, {"content-type": "text/plain"})
        for place in range(len(said)):
            await answer.send(said[place : place + 1])
        await answer.send(b"|" + base64.b64encode(b"user:" + said) + b"|" + said[:-1])
        await answer.end()

    async def packed(request: HttpRequest, answer: Answer) -> None:
        body = gzip.compress(b"packed all the same")
        await answer.whole(200, body, {"content-encoding": "gzip"})

    vault.web.pages |= {"/pieces": pieces, "/packed": packed}
    sandbox, _ = await vault.open()
    head = 'curl -sS -D /dev/stdout -H "X-Key: $API_KEY"'
    said = await output(sandbox, f"{head} '{vault.url('/echo')}?k='$API_KEY")
    assert f"x-echo: {STANDS_FOR}" in said
    assert f"location: /next?k={STANDS_FOR}" in said
    assert said.count(STANDS_FOR) == 4
    assert "sk-live" not in said
    said = await output(sandbox, f"curl -sS -H \"X-Key: $API_KEY\" '{vault.url('/pieces')}'")
    first, encoded, rest = said.split("|")
    assert first == STANDS_FOR
    assert STANDS_FOR in encoded
    assert rest == VALUE[:-1]
    assert await output(sandbox, f"curl -sS --compressed '{vault.url('/packed')}'") == "packed all the same"


async def test_a_body_streams_as_it_comes(vault: Vault) -> None:
    go_on = asyncio.Event()

    async def slow(_request: HttpRequest, answer: Answer) -> None:
        await answer.start(200, {"content-type": "text/event-stream"})
        await answer.send(b"first\n")
        await asyncio.wait_for(go_on.wait(), 20)
        await answer.send(b"second\n")
        await answer.end()

    vault.web.pages["/slow"] = slow
    sandbox, _ = await vault.open()
    await sandbox.sessions.start("s")
    await sandbox.sessions.run("s", f"curl -sSN '{vault.url('/slow')}'")
    await heard(sandbox, b"first")
    go_on.set()
    await heard(sandbox, b"second")


async def heard(sandbox: LocalSandbox, said: bytes) -> None:
    """Wait until the session has written something."""

    async def written() -> bool:
        return said in (await sandbox.sessions.poll("s", cursor=0)).data

    await until(written, 20)


async def test_bounds_hold_inside_too(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    async def large(_request: HttpRequest, answer: Answer) -> None:
        await answer.whole(200, bytes(3_000_000), {})

    async def silent(_request: HttpRequest, answer: Answer) -> None:
        await answer.wait(30)

    async def broken(_request: HttpRequest, answer: Answer) -> None:
        answer.drop(reset=False)

    vault.web.pages |= {"/large": large, "/silent": silent, "/broken": broken}
    sandbox, grant = await vault.open()
    code = "curl -sS -o /dev/null"
    monkeypatch.setattr("factotum.sandbox.egress.interception.IDLE_SECONDS", 0.5)
    assert not (await output(sandbox, f"{code} '{vault.url('/silent')}'; echo $?")).endswith("\n0\n")
    assert (await vault.last())[2] == "idle"
    monkeypatch.setattr("factotum.sandbox.egress.interception.IDLE_SECONDS", 60)
    monkeypatch.setattr("factotum.sandbox.egress.proxy._LONGEST_SECONDS", 0.5)
    assert not (await output(sandbox, f"{code} '{vault.url('/silent')}'; echo $?")).endswith("\n0\n")
    assert (await vault.last())[2] in {"too_long", "idle"}
    monkeypatch.setattr("factotum.sandbox.egress.proxy._LONGEST_SECONDS", 60)
    await output(sandbox, f"{code} '{vault.url('/broken')}'")
    assert (await vault.last())[2] == "broken"
    monkeypatch.setattr("factotum.sandbox.egress.grants._BYTES", grant.used_bytes + 1_000_000)
    await output(sandbox, f"{code} '{vault.url('/large')}'")
    assert (await vault.last())[2] == "bytes_spent"
    assert "403" in await output(sandbox, f"{code} '{vault.url('/hello')}' 2>&1")


async def test_the_end_of_a_run_ends_what_is_open(vault: Vault) -> None:
    began = asyncio.Event()

    async def silent(_request: HttpRequest, answer: Answer) -> None:
        began.set()
        await answer.wait(30)

    vault.web.pages["/silent"] = silent
    sandbox, grant = await vault.open()
    asking = asyncio.create_task(output(sandbox, f"curl -sS '{vault.url('/silent')}'; echo $?"))
    async with asyncio.timeout(20):
        await began.wait()
    await vault.proxy.revoke(grant)
    assert vault.noted[-1].verdict == "allowed"
    assert not (await asking).endswith("\n0\n")
    asked = f"curl -sS -H \"X-Key: $API_KEY\" '{vault.url('/hello')}' 2>&1"
    assert "407" in await output(sandbox, asked)


def environment_of(secrets: tuple[HeldSecret, ...]) -> dict[str, Any]:
    """Return what a grant with these secrets gives to commands."""
    return dict(Grant(OPEN, lambda _: None, secrets, {"SSL_CERT_FILE": "/x"}).environment)


def test_only_a_run_with_secrets_trusts_the_proxy() -> None:
    assert "SSL_CERT_FILE" not in environment_of(())
    assert environment_of(SECRETS)["SSL_CERT_FILE"] == "/x"
    assert VALUE not in str(environment_of(SECRETS))
    assert VALUE not in repr(SECRETS)
