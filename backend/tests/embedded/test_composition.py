"""What the composition roots make of settings: addresses, further keys, rules; and what they refuse."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from factotum.core.errors import SetupFault
from factotum.llm.endpoints import Endpoint
from factotum.services import Addresses, addresses_of, further_endpoints
from factotum.settings import FurtherKey, Settings, default_data_folder


def test_addresses_must_be_set_where_nothing_is_embedded() -> None:
    settings = Settings().model_copy(
        update={"database_url": SecretStr("postgresql://a"), "redis_url": SecretStr("redis://b")}
    )
    assert addresses_of(settings) == Addresses("postgresql://a", "redis://b")
    with pytest.raises(SetupFault) as caught:
        addresses_of(settings.model_copy(update={"redis_url": None}))
    assert caught.value.stable_code == "address_missing"


def test_further_keys_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    ways = {"openai": (FurtherKey(key="SECOND_KEY"), FurtherKey(key="THIRD_KEY", base_url="http://b"))}
    settings = Settings().model_copy(update={"further_keys": ways})
    monkeypatch.setenv("SECOND_KEY", "two")
    monkeypatch.delenv("THIRD_KEY", raising=False)
    with pytest.raises(SetupFault, match="THIRD_KEY") as caught:
        further_endpoints(settings)
    assert caught.value.stable_code == "key_missing"
    monkeypatch.setenv("THIRD_KEY", " three ")
    assert further_endpoints(settings) == {"openai": [Endpoint(None, "two"), Endpoint("http://b", "three")]}


def test_rules_that_are_not_json_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTOTUM_POLICY", '{"deny": ["shell"]}')
    assert Settings().policy.deny == ("shell",)
    monkeypatch.setenv("FACTOTUM_POLICY", "shell")
    with pytest.raises(ValidationError, match="not JSON"):
        Settings()


def test_data_lives_in_a_folder_of_the_user_or_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_data_folder() == Path("/var/lib/factotum")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", "/srv/data")
    assert default_data_folder() == Path("/srv/data/factotum")
