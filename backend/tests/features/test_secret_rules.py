"""What seals secrets, and which of them a run is lent."""

import pytest

from factotum.features.secret_box import SecretBox
from factotum.features.secrets import SecretChange, SecretService, lent
from factotum.protocol.network import Network, NetworkLayers
from factotum.store.database import Database
from factotum.store.records import Caller
from factotum.store.secrets import Secrets

KEY = "k" * 43
OPEN = NetworkLayers([Network(mode="open")])
VALUE = "a-value-of-some-length"


def test_a_value_opens_only_where_it_was_sealed() -> None:
    box = SecretBox(KEY)
    sealed = box.seal("account", "NAME", b"value")
    assert box.open("account", "NAME", sealed) == b"value"
    assert sealed != box.seal("account", "NAME", b"value")
    assert b"value" not in sealed
    for account, name in (("other", "NAME"), ("account", "OTHER"), ("accountNAME", "")):
        assert box.open(account, name, sealed) is None
    assert box.open("account", "NAME", bytes([sealed[0] ^ 1]) + sealed[1:]) is None
    assert SecretBox("x" * 43).open("account", "NAME", sealed) is None


def test_a_placeholder_lasts_and_tells_nothing() -> None:
    box = SecretBox(KEY)
    mark = box.placeholder("account", "NAME")
    assert mark == SecretBox(KEY).placeholder("account", "NAME")
    assert mark.startswith("factotum-secret-")
    assert (
        len({mark, box.placeholder("account", "N"), SecretBox("x" * 43).placeholder("account", "NAME")}) == 3
    )


async def test_a_run_is_lent_what_its_network_may_reach(
    database: Database, alice: Caller, alice_account: str, caplog: pytest.LogCaptureFixture
) -> None:
    box = SecretBox(KEY)
    service = SecretService(database, box)
    for name, hosts in {"API": ["api.example.com"], "WIDE": ["*.example.org", "x.org"]}.items():
        change = SecretChange.model_validate({"value": VALUE, "hosts": hosts})
        assert VALUE not in repr(change)
        await service.put(alice, name, change)
    only = NetworkLayers([Network(mode="open"), Network(mode="allow", hosts=("api.example.com",))])
    none = NetworkLayers([Network(mode="off"), Network(mode="open")])
    async with database.tenant(alice) as tx:
        api, wide = await lent(tx, box, alice_account, OPEN)
        assert (api.name, api.value, api.placeholder) == (
            "API",
            VALUE.encode(),
            box.placeholder(alice_account, "API"),
        )
        assert VALUE not in repr((api, wide))
        assert [each.name for each in await lent(tx, box, alice_account, only)] == ["API", "WIDE"]
        shut = NetworkLayers([Network(mode="allow", hosts=("pypi.org",))])
        assert [each.name for each in await lent(tx, box, alice_account, shut)] == ["WIDE"]
        assert await lent(tx, box, alice_account, none) == ()
        assert await lent(tx, None, alice_account, OPEN) == ()
        await Secrets(tx, alice_account).put("BROKEN", ["x.org"], b"s" * 40)
        assert len(await lent(tx, box, alice_account, OPEN)) == 2
    assert "the secret BROKEN cannot be opened" in caplog.text
    assert VALUE not in caplog.text
