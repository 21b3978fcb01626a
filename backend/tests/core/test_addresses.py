"""The guard of addresses: attacks 39, 40 and 42 to 46 of the suite, each with its positive control."""

import asyncio
import ipaddress
from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.core.addresses import AddressRefused, Guard, is_private, normal_host
from factotum.core.errors import FactotumError, InvalidInput, Unavailable

PUBLIC = "93.184.216.34"
PUBLIC_PINNED = "the same guard pins a public address"


class Names:
    """A resolver that knows a few names, and keeps what it was asked."""

    def __init__(self, **known: Collection[str]) -> None:
        self.known = {name.replace("_", "."): addresses for name, addresses in known.items()}
        self.asked: list[str] = []

    async def __call__(self, name: str, port: int) -> Collection[str]:
        """Answer as a name server would."""
        self.asked.append(name)
        if name not in self.known:
            raise OSError("unknown")
        return self.known[name]


async def test_a_public_name_is_resolved_once_and_pinned() -> None:
    names = Names(example_com=[PUBLIC, "2606:2800:220:1::1", PUBLIC])
    pinned = await Guard(names).pin("EXAMPLE.com.", 443)
    assert (pinned.host, pinned.port) == ("example.com", 443)
    assert pinned.addresses == (PUBLIC, "2606:2800:220:1::1")
    assert names.asked == ["example.com"]
    assert (await Guard(names).pin(PUBLIC, 80)).addresses == (PUBLIC,)
    assert (await Guard(names).pin("[2606:2800:220:1::1]", 80)).addresses == ("2606:2800:220:1::1",)


@pytest.mark.attack(39, control=PUBLIC_PINNED)
@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "169.254.170.2",
        "168.63.129.16",
        "100.100.100.200",
        "[fd00:ec2::254]",
        "metadata.google.internal",
    ],
)
async def test_attack_39_the_metadata_of_a_cloud(host: str) -> None:
    await _refused(host)


@pytest.mark.attack(40, control=PUBLIC_PINNED)
@pytest.mark.parametrize(
    "host",
    [
        "[fdaa::3]",
        "[fe80::1]",
        "localhost",
        "db.localhost",
        "app.internal",
        "_api.internal",
        "postgres",
        "printer.local",
        "router.lan",
        "10.1.2.3",
        "172.31.255.255",
        "192.168.0.1",
        "100.64.0.1",
        "0.0.0.0",
        "0.1.2.3",
        "127.9.9.9",
        "224.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[ff02::1]",
        "198.18.0.1",
        "192.0.0.170",
        "240.0.0.1",
    ],
)
async def test_attack_40_internal_names_and_networks(host: str) -> None:
    await _refused(host)


@pytest.mark.attack(43, control="the name is pinned while it is public")
async def test_attack_43_a_name_that_changes_its_mind() -> None:
    """It is resolved once; one that points to both kinds, or to an inner address, is refused."""
    names = Names(evil_test=[PUBLIC])
    pinned = await Guard(names).pin("evil.test", 80)
    names.known["evil.test"] = ["127.0.0.1"]
    assert pinned.addresses == (PUBLIC,)
    await _refused("evil.test", names)
    for inner in ("10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "fe80::1%eth0"):
        await _refused("both.test", Names(both_test=[PUBLIC, inner]))


@pytest.mark.attack(44, control="a public address in disguise is pinned")
@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0X7F.1", "127.0.0.1"),
        ("017700000001", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("127.0.1", "127.0.0.1"),
        ("169.254.43518", "169.254.169.254"),
        ("0xa9.0xfe.0xa9.0xfe", "169.254.169.254"),
        ("2852039166", "169.254.169.254"),
        ("0", "0.0.0.0"),
        ("127.0.0.1.", "127.0.0.1"),
        ("\uff11\uff12\uff17\u30020\uff0e0\uff0e1", "127.0.0.1"),
        ("[::ffff:127.0.0.1]", "::ffff:7f00:1"),
        ("[0:0:0:0:0:ffff:7f00:1]", "::ffff:7f00:1"),
        ("[::127.0.0.1]", "::7f00:1"),
        ("[64:ff9b::169.254.169.254]", "64:ff9b::a9fe:a9fe"),
        ("[2002:7f00:1::]", "2002:7f00:1::"),
    ],
)
async def test_attack_44_an_address_in_disguise(written: str, meant: str) -> None:
    assert ipaddress.ip_address(normal_host(written)) == ipaddress.ip_address(meant)
    await _refused(written)


async def test_a_public_address_in_disguise_is_read_the_same_way() -> None:
    for written in ("1572395042", "0x5db8d822", "93.12113954", "0135.184.216.34"):
        assert (await Guard(Names()).pin(written, 80)).addresses == (PUBLIC,)


@pytest.mark.attack(46, control=PUBLIC_PINNED)
@pytest.mark.parametrize(
    "host",
    [
        "example.com\0.evil.test",
        "a b",
        "a\r\nHost: b",
        "",
        ".",
        "..",
        "a..b",
        "-a.test",
        "a-.test",
        "x" * 64 + ".test",
        "a." * 130 + "test",
        "user@evil.test",
        "evil.test:80",
        "[::1",
        "::1]x",
        "fe80::1%eth0",
        "1.2.3.4.5",
        "1.2.3.256",
        "256.1.1.1",
        "0x1ffffffff",
        "99999999999999999999999999",
        "09.1.1.1",
        "evil.1x.9",
        "\ud800.test",
        "*.test",
    ],
)
async def test_attack_46_what_is_no_host_is_never_resolved(host: str) -> None:
    names = Names()
    with pytest.raises(InvalidInput) as raised:
        await Guard(names).pin(host, 80)
    assert raised.value.stable_code == "host_invalid"
    assert (await Guard(names).pin(PUBLIC, 80)).addresses == (PUBLIC,)
    assert names.asked == []


@pytest.mark.parametrize("port", [0, -1, 65536])
async def test_what_is_no_port(port: int) -> None:
    with pytest.raises(InvalidInput):
        await Guard(Names()).pin(PUBLIC, port)


async def test_a_name_that_is_not_there_or_not_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_name: str, _port: int) -> Collection[str]:
        await asyncio.sleep(60)
        return ()

    monkeypatch.setattr("factotum.core.addresses._RESOLVE_SECONDS", 0.05)
    for resolver in (Names(), Names(gone_test=[]), Names(gone_test=["nonsense", PUBLIC]), never):
        with pytest.raises(Unavailable) as raised:
            await Guard(resolver).pin("gone.test", 80)
        assert raised.value.stable_code == "host_unknown"


async def test_an_allowance_is_for_one_address_and_port() -> None:
    guard = Guard(Names(ours_test=["127.0.0.1"]), allowed=[("127.0.0.1", 8080)])
    assert (await guard.pin("ours.test", 8080)).addresses == ("127.0.0.1",)
    await _refused("ours.test", guard, 8081)


async def test_the_system_is_asked_by_default() -> None:
    with pytest.raises(FactotumError):
        await Guard().pin("no-such-host.invalid", 80)


@given(st.integers(0, 2**32 - 1))
def test_what_python_calls_private_is_private(number: int) -> None:
    address = ipaddress.IPv4Address(number)
    if not address.is_global or address.is_multicast:
        assert is_private(address)


@given(st.integers(0, 2**128 - 1))
def test_what_python_calls_private_is_private_in_ipv6(number: int) -> None:
    address = ipaddress.IPv6Address(number)
    if not address.is_global or address.is_multicast:
        assert is_private(address)


@given(st.text(max_size=30))
def test_no_host_is_read_two_ways(text: str) -> None:
    try:
        name = normal_host(text)
    except InvalidInput:
        return
    assert normal_host(name) == name


async def _refused(host: str, names: Names | Guard | None = None, port: int = 80) -> None:
    guard = names if isinstance(names, Guard) else Guard(names or Names(printer_local=[PUBLIC]))
    with pytest.raises(AddressRefused):
        await guard.pin(host, port)
    assert (await guard.pin(PUBLIC, 80)).addresses == (PUBLIC,)
