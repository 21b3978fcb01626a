"""The providers whose keys we look for, and the models we would take of each: data, read by the catalogue."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Provider:
    """`name` is LiteLLM's and the prefix of its models. Any one of `keys` in the environment is enough.

    `preferred` are models fit for an agent, best first: the first that the price list knows is the default.
    """

    name: str
    keys: tuple[str, ...]
    preferred: tuple[str, ...] = ()


PROVIDERS: Final[tuple[Provider, ...]] = (
    Provider(
        "anthropic",
        ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
        ("claude-sonnet-5-5", "claude-sonnet-5", "claude-sonnet-4-6", "claude-sonnet-4-5"),
    ),
    Provider("openai", ("OPENAI_API_KEY",), ("gpt-6.1-sol", "gpt-6-sol", "gpt-5.6", "gpt-5.2", "gpt-4.1")),
    Provider(
        "gemini",
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        ("gemini-4-argon", "gemini-pro-latest", "gemini-2.5-pro", "gemini-flash-latest"),
    ),
    Provider("xai", ("XAI_API_KEY",), ("grok-4.7", "grok-4.5")),
    Provider("mistral", ("MISTRAL_API_KEY",), ("mistral-large-latest", "mistral-medium-latest")),
    Provider("deepseek", ("DEEPSEEK_API_KEY",), ("deepseek-v4-pro", "deepseek-chat")),
    Provider("groq", ("GROQ_API_KEY",), ("openai/gpt-oss-120b", "qwen/qwen3.8-27b")),
    Provider("cerebras", ("CEREBRAS_API_KEY",), ("gpt-oss-120b", "llama-3.3-70b")),
    Provider("openrouter", ("OPENROUTER_API_KEY",)),
    Provider("together_ai", ("TOGETHERAI_API_KEY", "TOGETHER_AI_TOKEN")),
    Provider("fireworks_ai", ("FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY")),
    Provider("perplexity", ("PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY")),
    Provider("cohere", ("COHERE_API_KEY", "CO_API_KEY")),
    Provider("moonshot", ("MOONSHOT_API_KEY",)),
    Provider("azure", ("AZURE_API_KEY",)),
)

KEYLESS: Final = frozenset(
    {
        "azure_ai",
        "bedrock",
        "vertex_ai",
        "ollama",
        "ollama_chat",
        "hosted_vllm",
        "lm_studio",
        "llamafile",
        "sagemaker",
    }
)
"""Providers that LiteLLM reaches by other means than one key: their models are taken at their word."""

BY_NAME: Final[dict[str, Provider]] = {provider.name: provider for provider in PROVIDERS}
