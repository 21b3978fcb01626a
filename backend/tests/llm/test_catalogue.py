"""Which models can be used, which is the best, and that asking does not import LiteLLM."""

import subprocess
import sys

import pytest

from factotum.core.errors import InvalidInput
from factotum.llm.catalogue import Catalogue, open_catalogue
from factotum.llm.local_server import LocalModel, LocalServer
from factotum.llm.prices import price_list
from factotum.llm.providers import BY_NAME, PROVIDERS

_LOCAL = LocalServer(
    "Ollama", "http://127.0.0.1:11434/v1", (LocalModel("qwen3:8b"), LocalModel("big", 65_536))
)


@pytest.fixture(autouse=True, scope="module")
def _prices() -> None:  # pyright: ignore[reportUnusedFunction] - read before a test's event loop runs
    price_list()


def _code(catalogue: Catalogue, model: str) -> tuple[str, str]:
    with pytest.raises(InvalidInput) as raised:
        catalogue.check(model)
    return raised.value.stable_code, raised.value.hint


def test_who_can_see_is_known() -> None:
    catalogue = Catalogue({"OPENAI_API_KEY": "k"}, served=("openai/scripted",))
    assert all(map(catalogue.supports_vision, ("openai/gpt-4o-mini", "anthropic/claude-sonnet-4-5")))
    assert not any(
        map(catalogue.supports_vision, ("demo", "local/llava", "openai/unheard-of", "gpt-3.5-turbo"))
    )


def test_asking_does_not_import_litellm() -> None:
    """The catalogue serves `GET /v1/models`, which must not pay seconds for an import."""
    program = (
        "import sys; from factotum.llm.catalogue import Catalogue; import factotum.llm.router\n"
        "c = Catalogue({'OPENAI_API_KEY': 'x'}); c.list(); c.check(c.default())\n"
        "assert not {'litellm', 'openai'} & set(sys.modules), 'imported'"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@pytest.mark.parametrize("provider", [provider for provider in PROVIDERS if provider.preferred])
def test_a_key_makes_its_provider_the_default(provider: object) -> None:
    """Every preference table leads to a model that the price list knows, with tools and a window."""
    known = next(entry for entry in PROVIDERS if entry is provider)
    catalogue = Catalogue({known.keys[0]: "k"}, _LOCAL)
    model = catalogue.default()
    assert model.startswith(f"{known.name}/")
    catalogue.check(model)
    info = catalogue.list()[0]
    assert (info.id, info.provider, info.supports_tools) == (model, known.name, True)
    assert info.context_window
    assert info.context_window >= 100_000
    assert info.input_usd_per_million


def test_preferences_are_all_known() -> None:
    """A name with a slip of the pen would silently never be chosen."""
    prices = price_list()
    for provider in PROVIDERS:
        for name in provider.preferred:
            price = prices.get(f"{provider.name}/{name}") or prices[name]
            assert price.provider == provider.name


def test_default_falls_back() -> None:
    """Served first, then keys, then the local server, then the demo, then nothing."""
    assert Catalogue({"OPENAI_API_KEY": "k"}, served=("openai/scripted",)).default() == "openai/scripted"
    assert Catalogue({"OPENAI_API_KEY": " "}, _LOCAL).default() == "local/qwen3:8b"
    assert Catalogue({}).default() == "demo"
    with pytest.raises(InvalidInput) as raised:
        Catalogue({}, demo=False).default()
    assert "ANTHROPIC_API_KEY" in raised.value.hint


def test_missing_key_names_the_variable() -> None:
    """A model that exists and cannot be used says what to set."""
    catalogue = Catalogue({"OPENAI_API_KEY": "k"})
    code, hint = _code(catalogue, "anthropic/claude-sonnet-4-5")
    assert code == "model_key_missing"
    assert "ANTHROPIC_API_KEY" in hint
    assert _code(catalogue, "claude-sonnet-4-5")[0] == "model_key_missing"


@pytest.mark.parametrize(
    "model", ["", "nonsense", "nosuch/model", "openai/", "demo2", "x" * 5000, "sample_spec"]
)
def test_unknown_models(model: str) -> None:
    """Names that lead nowhere are refused before a run starts."""
    assert _code(Catalogue({"OPENAI_API_KEY": "k"}), model)[0] == "model_unknown"


def test_a_slip_of_the_pen_is_helped() -> None:
    """What is close is suggested."""
    code, hint = _code(Catalogue({}, _LOCAL), "local/qwen3:8")
    assert code == "model_unknown"
    assert "local/qwen3:8b" in hint


@pytest.mark.parametrize(
    "model", ["openai/gpt-99-not-yet-listed", "gpt-4.1", "demo", "bedrock/some.model", "local/big"]
)
def test_usable_models(model: str) -> None:
    """New models of a known provider are taken at their word."""
    Catalogue({"OPENAI_API_KEY": "k"}, _LOCAL).check(model)


def test_local_models() -> None:
    """Local models are listed, have careful windows, and are talked to in text."""
    catalogue = Catalogue({}, _LOCAL)
    assert [info.id for info in catalogue.list()] == ["local/qwen3:8b", "local/big", "demo"]
    assert catalogue.context_window("local/qwen3:8b") == 8_192
    assert catalogue.context_window("local/big") == 65_536
    assert not catalogue.supports_native_tools("local/big")
    assert _code(Catalogue({}), "local/big")[0] == "model_unknown"
    Catalogue({}, LocalServer("local server", "http://10.0.0.9/v1")).check("local/anything")


def test_facts_of_models() -> None:
    """Windows come from the list; the demo and the scripted models take native tools."""
    catalogue = Catalogue({}, served=("anthropic/scripted",))
    assert catalogue.context_window("anthropic/claude-sonnet-4-5") == 200_000
    assert catalogue.context_window("gpt-4o-mini") == 128_000
    assert all(map(catalogue.supports_native_tools, ("demo", "anthropic/scripted", "openai/gpt-4.1")))
    catalogue.check("anthropic/scripted")


def test_the_installations_word_on_windows_of_which_nobody_says() -> None:
    catalogue = Catalogue({}, _LOCAL, served=("openai/scripted",), context_window=20_000)
    assert catalogue.context_window("openai/scripted") == 20_000
    assert catalogue.context_window("local/qwen3:8b") == 20_000
    assert catalogue.context_window("local/big") == 65_536
    assert catalogue.context_window("gpt-4o-mini") == 128_000


def test_only_what_is_usable_is_listed() -> None:
    """No key, no models; the note of the demo says what to set."""
    (demo,) = Catalogue({}).list()
    assert demo.id == "demo"
    assert "not a model" in demo.note
    assert "ANTHROPIC_API_KEY" in demo.note
    listed = Catalogue({"DEEPSEEK_API_KEY": "k"}).list()
    assert all(info.id.startswith("deepseek/") for info in listed[:-1])
    assert len({info.id for info in listed}) == len(listed)
    assert "deepseek/deepseek-chat" not in {info.id for info in listed}, "withdrawn in July 2026"


async def test_open_catalogue_works_off_the_loop() -> None:
    """Opening looks for a server and reads the list without blocking the loop."""
    price_list.cache_clear()
    catalogue = await open_catalogue({}, model_base_url="http://127.0.0.1:1/v1")
    assert catalogue.local is not None
    assert catalogue.default() == "demo"
    assert BY_NAME["openai"].keys == ("OPENAI_API_KEY",)


def test_the_installations_own_choice_is_the_default() -> None:
    catalogue = Catalogue({"OPENAI_API_KEY": "k"}, preferred="anthropic/claude-of-choice")
    assert catalogue.default() == "anthropic/claude-of-choice"
