"""What the catalogue tells of fallbacks, effort, and models that cannot be used now."""

import pytest

from factotum.core.errors import InvalidInput
from factotum.llm.breaker import Breakers
from factotum.llm.catalogue import Catalogue
from factotum.llm.faults import ModelFault
from factotum.llm.health import ModelHealth
from factotum.llm.prices import price_list

_KEYS = {"OPENAI_API_KEY": "k"}


@pytest.fixture(autouse=True, scope="module")
def _prices() -> None:  # pyright: ignore[reportUnusedFunction] - read before a test's event loop runs
    price_list()


def test_the_installations_fallbacks_are_those_that_can_be_used() -> None:
    """A fallback without a key, the demo, and the model itself are left out, and no run fails over them."""
    named = ("openai/gpt-4.1", "anthropic/claude-sonnet-4-5", "demo", "no-such", "openai/gpt-5.2")
    catalogue = Catalogue(_KEYS, fallbacks=named)
    assert catalogue.fallbacks("openai/gpt-5.2") == ("openai/gpt-4.1",)
    assert catalogue.fallbacks("demo") == ("openai/gpt-4.1", "openai/gpt-5.2")


def test_effort_is_refused_where_it_is_known_to_do_nothing() -> None:
    catalogue = Catalogue(_KEYS, served=("openai/scripted",))
    for model in ("openai/gpt-5.2", "openai/scripted", "local/any", "openai/brand-new"):
        catalogue.check_effort(model)
    for model in ("openai/gpt-4.1", "demo"):
        with pytest.raises(InvalidInput) as raised:
            catalogue.check_effort(model)
        assert raised.value.stable_code == "effort_unsupported"


def test_models_tell_what_they_are() -> None:
    """Window, prices with the cached one, tools, reasoning; the demo and small print included."""
    models = {model.id: model for model in Catalogue(_KEYS).list()}
    reasoning, plain = models["openai/gpt-5.2"], models["openai/gpt-4.1"]
    assert reasoning.supports_reasoning is True
    assert plain.supports_reasoning is False
    assert plain.cached_input_usd_per_million is not None
    assert plain.input_usd_per_million is not None
    assert plain.cached_input_usd_per_million < plain.input_usd_per_million
    assert plain.usable
    assert models["demo"].supports_reasoning is False


def test_models_without_a_key_are_told_when_all_are_asked_for() -> None:
    catalogue = Catalogue(_KEYS)
    assert {model.provider for model in catalogue.list()} == {"openai", "factotum"}
    (claude, *_) = [model for model in catalogue.list(everything=True) if model.provider == "anthropic"]
    assert not claude.usable
    assert "ANTHROPIC_API_KEY" in claude.note


def test_a_model_that_rests_is_not_usable_now() -> None:
    """After a failure with another model to take, or when the breaker of its provider is open."""
    health = ModelHealth(Breakers(threshold=1))
    catalogue = Catalogue(_KEYS, resting=health.resting)
    fault = ModelFault("rate_limited", "The provider limits the rate of calls.", hint="Wait.")
    health.cooldowns.rest("openai/gpt-4.1", fault)
    usable = {model.id: model for model in catalogue.list()}
    assert usable["openai/gpt-5.2"].usable
    assert not usable["openai/gpt-4.1"].usable
    assert "limits the rate" in usable["openai/gpt-4.1"].note
    health.breakers.of("openai").admit().failed(ModelFault("unreachable", "It is away."))
    assert "rests for now" in {model.id: model for model in catalogue.list()}["openai/gpt-5.2"].note
