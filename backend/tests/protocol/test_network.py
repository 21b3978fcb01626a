"""Network rules: what a pattern covers, that layers only get stricter, and how a setting is written."""

import pytest
from pydantic import ValidationError

from factotum.protocol.network import Network, NetworkLayers, NetworkMode, parse_network


@pytest.mark.parametrize(
    ("pattern", "host", "covered"),
    [
        ("example.com", "example.com", True),
        ("Example.COM.", "example.com", True),
        ("example.com", "www.example.com", False),
        ("*.example.com", "a.b.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "evilexample.com", False),
        ("10.0.0.1", "10.0.0.1", True),
    ],
)
def test_what_a_pattern_covers(pattern: str, host: str, covered: bool) -> None:
    assert Network(mode="allow", hosts=(pattern,)).allows(host) is covered


@pytest.mark.parametrize("pattern", ["", "*", "a.*.com", "http://a.com", "a.com/x", "a b", "-a.com"])
def test_what_is_no_pattern(pattern: str) -> None:
    with pytest.raises(ValidationError):
        Network(mode="allow", hosts=(pattern,))


@pytest.mark.parametrize(
    ("modes", "strictest"),
    [([], "open"), (["open"], "open"), (["open", "allow"], "allow"), (["allow", "off", "open"], "off")],
)
def test_the_strictest_layer_counts(modes: list[NetworkMode], strictest: NetworkMode) -> None:
    layers = NetworkLayers([None, *(Network(mode=mode, hosts=("a.com",)) for mode in modes)])
    assert layers.mode == strictest
    assert layers.allows("a.com") is (strictest != "off")
    assert layers.allows("b.com") is (strictest == "open")


def test_every_layer_must_allow() -> None:
    one, other = (Network(mode="allow", hosts=hosts) for hosts in (("a.com", "b.com"), ("b.com",)))
    layers = NetworkLayers([one, other])
    assert [host for host in ("a.com", "b.com", "c.com") if layers.allows(host)] == ["b.com"]


def test_a_setting_is_a_word_or_hosts() -> None:
    assert parse_network(" OFF ") == Network(mode="off")
    assert parse_network("open") == Network(mode="open")
    hosts = ("pypi.org", "*.github.com")
    assert parse_network("pypi.org, *.github.com,") == Network(mode="allow", hosts=hosts)
    with pytest.raises(ValidationError):
        parse_network("open sesame")
