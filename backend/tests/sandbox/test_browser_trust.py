"""The browser and a secret's host: Chromium trusts the proxy's authority, and no other."""

import asyncio
from collections.abc import AsyncIterator, Collection
from pathlib import Path

import pytest

from factotum.core.addresses import Guard
from factotum.core.ids import new_id
from factotum.protocol.network import Network, NetworkLayers
from factotum.sandbox.browser.client import Browser, BrowserFault
from factotum.sandbox.browser.inside import trusting
from factotum.sandbox.browser.wire import Frame
from factotum.sandbox.egress.authority import ALONE, Authority
from factotum.sandbox.egress.grants import Connection
from factotum.sandbox.egress.proxy import EgressProxy
from factotum.sandbox.egress.swapping import HeldSecret
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.settings import default_sandbox_python
from factotum.testing.provider.http import Answer, HttpRequest
from factotum.testing.web import LoopbackWeb
from tests.needs import needs_browser, needs_sandbox
from tests.sandbox.tls_world import TestAuthority

VALUE = "sk-live/4f+9c2"
STANDS_FOR = "factotum-secret-0123456789abcdef0123456789abcdef"
SECRETS = (HeldSecret("API_KEY", ("api.example.com",), STANDS_FOR, VALUE.encode()),)
SITE = default_sandbox_python()
OPEN = NetworkLayers([Network(mode="open")])


async def page(request: HttpRequest, answer: Answer) -> None:
    """Show what was asked for, in a page."""
    body = f"<title>Inside</title><p>asked {request.query}</p>".encode()
    await answer.start(200, {"content-type": "text/html", "content-length": str(len(body))})
    await answer.send(body)


async def unseen(_frame: Frame) -> None:
    """Show nothing."""


class Walk:
    """A browser in a sandbox whose proxy leads every name to this machine."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    async def to(self, url: str) -> str:
        """Open an address; return the page, or the code of why not."""
        try:
            done = await self.browser.do("go_to", {"url": url, "new_tab": False}, seconds=60, show=unseen)
        except BrowserFault as fault:
            return fault.stable_code
        return done.text

    async def failures(self) -> str:
        """Return what the tab noted of the network."""
        return (await self.browser.do("messages", {}, seconds=20, show=unseen)).text


@pytest.fixture
async def proxy_ports(tmp_path: Path) -> AsyncIterator[tuple[EgressProxy, dict[str, int]]]:
    """A proxy, and servers: the secret's host, a stranger, and a stranger who shows our authority too."""
    ours, stranger = TestAuthority(), TestAuthority()
    folder = tmp_path / "sandboxes" / ".egress" / "test"
    tmp_path.chmod(0o755)

    async def resolve(_name: str, _port: int) -> Collection[str]:
        return ["127.0.0.1"]

    pages = {"/page": page}
    pretending = stranger.server("other.example.com")
    async with (
        LoopbackWeb(pages, tls=ours.server("api.example.com")) as known,
        LoopbackWeb(pages, tls=stranger.server("other.example.com")) as unknown,
        LoopbackWeb(pages, tls=pretending) as pretender,
    ):
        ports = {"known": known.port, "stranger": unknown.port, "pretender": pretender.port}
        allowed = [("127.0.0.1", port) for port in ports.values()]
        proxy = EgressProxy(folder, Guard(resolve, allowed=allowed), trusted=ours.trusted)
        await proxy.start()
        authority = await asyncio.to_thread((folder / ALONE).read_bytes)
        shown = stranger.server("other.example.com", sent_along=authority)
        pretending.sni_callback = lambda held, _name, _context: setattr(held, "context", shown)
        try:
            yield proxy, ports
        finally:
            await proxy.aclose()
    assert not folder.exists()


async def test_chromium_opens_a_secrets_host_and_refuses_who_is_not_vouched_for(
    tmp_path: Path, proxy_ports: tuple[EgressProxy, dict[str, int]]
) -> None:
    proxy, ports = proxy_ports
    await needs_browser(SITE)
    provider = LocalSandboxProvider(tmp_path / "sandboxes", python_site=SITE, egress=proxy.folder)
    await needs_sandbox(provider)
    noted: list[Connection] = []
    # The browser is started by a run without secrets, and goes on into one that has some.
    before = proxy.grant(OPEN, noted.append)
    grant = proxy.grant(OPEN, noted.append, SECRETS)
    project = new_id()
    try:
        first = Walk(Browser(await provider.open(project, environment=before.environment)))
        known = f"https://api.example.com:{ports['known']}/page?key="
        assert await first.to(f"{known}x") == "address_failed"  # the tests' authority is not the system's
        walk = Walk(Browser(await provider.open(project, environment=grant.environment)))
        seen = await walk.to(known + STANDS_FOR)
        assert "Page: Inside" in seen
        assert f"asked key={STANDS_FOR}" in seen
        for who in ("stranger", "pretender"):
            assert await walk.to(f"https://other.example.com:{ports[who]}/page?") == "address_failed"
            assert "ERR_CERT_AUTHORITY_INVALID" in await walk.failures()
        wrong_host = await walk.to(f"https://api.example.com:{ports['stranger']}/page?")
        assert wrong_host in ("address_failed", "no_network")
    finally:
        await provider.aclose()
    assert ("api.example.com", ("API_KEY",)) in {(each.host, each.secrets) for each in noted}
    assert ("api.example.com", "tls_failed") in {(each.host, each.reason) for each in noted}


def test_without_a_proxy_or_with_nonsense_the_browser_starts_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/agent")
    for content in (None, "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        file = tmp_path / "authority.pem"
        if content is not None:
            file.write_text(content)
        monkeypatch.setattr(trusting, "AUTHORITY", str(file))
        assert trusting.environment()["HOME"] == "/home/agent"
    file.write_bytes(Authority().certificate)
    assert trusting.environment()["HOME"] != "/home/agent"
