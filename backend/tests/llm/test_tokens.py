"""Tokens are counted with the provider's tokenizer, offline, and estimated on the safe side for others."""

import subprocess
import sys

import pytest

from factotum.llm import tokens
from factotum.llm.tokens import counter_for

_COUNT = """
import sys
from factotum.llm.tokens import counter_for
assert "tiktoken" not in sys.modules
assert counter_for("gpt-4o").count("tiktoken is great!") == 6
assert not {"litellm", "requests", "httpx"} & set(sys.modules), "counting needs none of them"
"""


@pytest.mark.parametrize(
    ("model", "text", "expected"),
    [
        ("gpt-4o", "tiktoken is great!", 6),
        ("openai/gpt-5.2", "お誕生日おめでとう", 8),
        ("openrouter/openai/o3-mini", "antidisestablishmentarianism", 6),
        ("gpt-4", "お誕生日おめでとう", 9),
        ("azure/gpt-35-turbo", "2 + 2 = 4", 7),
        ("openai/gpt-4-turbo", "antidisestablishmentarianism", 6),
        ("anthropic/claude-sonnet-4-5", "", 0),
    ],
)
def test_known_counts(model: str, text: str, expected: int) -> None:
    """The figures are those of OpenAI's cookbook and tokenizer page."""
    assert counter_for(model).count(text) == expected


def test_others_are_estimated_on_the_safe_side_and_share_a_counter() -> None:
    claude, llama = counter_for("anthropic/claude-sonnet-4-5"), counter_for("local/llama3")
    assert claude is llama
    assert claude.factor == 1.3
    assert counter_for("gpt-4.1").factor == 1.0
    assert counter_for("gpt-4.1") is counter_for("openai/o4-mini")


@pytest.mark.parametrize("text", ["x" * 1_000_000, " " * 300_000, "\ud800 lone", "日本" * 100_000])
def test_odd_texts_are_counted_in_bounded_time(text: str) -> None:
    count = counter_for("gpt-5").count(text)
    assert 0 < count <= len(text.encode(errors="surrogatepass"))


def _nothing(name: str) -> None:
    """Stand for a search that finds no package."""
    del name


def test_without_a_vocabulary_bytes_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens._encoding.cache_clear()  # pyright: ignore[reportPrivateUsage] - to load it anew
    monkeypatch.setitem(tokens._FILES, "o200k_base", "nowhere")  # pyright: ignore[reportPrivateUsage] - as above
    try:
        assert counter_for("gpt-5").count("ä" * 10) == 7
        monkeypatch.setattr(tokens, "find_spec", _nothing)
        tokens._encoding.cache_clear()  # pyright: ignore[reportPrivateUsage] - as above
        assert counter_for("gpt-5").count("a" * 10) == 4
    finally:
        tokens._encoding.cache_clear()  # pyright: ignore[reportPrivateUsage] - as above


def test_counting_needs_neither_litellm_nor_a_network() -> None:
    subprocess.run([sys.executable, "-c", _COUNT], check=True, timeout=60)
